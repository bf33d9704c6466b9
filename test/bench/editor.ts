import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Report } from "../../local/errors";
import { ensureImages } from "../../local/images";
import { checkout } from "../../local/paths";
import { findPlatform } from "../../local/platform";
import { openApi } from "./api";
import { run } from "./run";

/** What a user of the running platform waits for; all times in seconds. */
export interface Experience {
  /** From the Pod's creation to the editor's first 200, of several pods. */
  ready: number[];
  /** `make up` where nothing is to be done. */
  warmUp: number;
  /** Unpacked size of the workspace's image. */
  imageBytes: number;
}

const pod = z.looseObject({ metadata: z.looseObject({ name: z.string(), uid: z.string() }) });

/** Measures the local platform, which it brings up first. */
export async function measureExperience(user: string, times: number, report: Report): Promise<Experience> {
  report("make up");
  await run("make", ["up"], { cwd: checkout });
  report("make up, again");
  const began = performance.now();
  await run("make", ["up"], { cwd: checkout });
  const warmUp = (performance.now() - began) / 1000;

  const { cluster } = await findPlatform("local");
  const { workspace } = await ensureImages(["workspace"], report);
  const access = [
    ...(cluster.kubeconfig === undefined ? [] : ["--kubeconfig", cluster.kubeconfig]),
    ...(cluster.context === undefined ? [] : ["--context", cluster.context]),
  ];
  const api = await openApi(...access);
  try {
    const ready: number[] = [];
    for (let time = 1; time <= times; time++) {
      report(`a new pod for ${user}, ${time} of ${times}`);
      ready.push(await firstAnswer(api, `/api/v1/namespaces/ws-${user}/pods`));
    }
    return { ready, warmUp, imageBytes: workspace.bytes };
  } finally {
    api.close();
  }
}

/** Deletes the editor's pod, and says how long the next one took from its creation to its first 200. */
async function firstAnswer(api: Awaited<ReturnType<typeof openApi>>, pods: string): Promise<number> {
  const old = await api.list(pods, pod);
  for (const { metadata } of old) await api.call("DELETE", `${pods}/${metadata.name}`);
  const known = new Set(old.map(({ metadata }) => metadata.uid));
  const limit = performance.now() + 120_000;
  // The API tells whole seconds, so the clock starts when the new pod is first seen.
  let seen: { at: number; name: string } | undefined;
  while (performance.now() < limit) {
    if (seen === undefined) {
      const name = (await api.list(pods, pod)).find(({ metadata }) => !known.has(metadata.uid))?.metadata
        .name;
      if (name !== undefined) seen = { at: performance.now(), name };
    } else if ((await api.send("GET", `${pods}/${seen.name}:8080/proxy/healthz`)).status === 200) {
      return (performance.now() - seen.at) / 1000;
    }
    await sleep(20);
  }
  throw new Error(`no editor answered after two minutes (${pods})`);
}
