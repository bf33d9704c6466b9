import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { UserError, type Report } from "../../errors";
import { run } from "../../host/run";
import { withLock } from "../../toolchain/lock";
import type { EmbeddedOptions } from ".";
import { addons } from "./addons";
import { api, type Api } from "./api";
import { components } from "./components";
import { configFiles } from "./files";
import { shut } from "./firewall";
import { loadImages, socket } from "./images";
import type { Instance } from "./instance";
import { kubeconfig } from "./kubeconfig";
import {
  apiService,
  forwardedPorts,
  freeLink,
  podNetwork,
  resolvConf,
  serviceNetwork,
  server,
  type Link,
} from "./network";
import { pki } from "./pki";
import { preflight } from "./preflight";
import { end, firstProcess, holder, launch, runningLink } from "./supervisor";

/** Brings the instance up; one that is up, and as it should be, is left alone. */
export async function start(it: Instance, options: EmbeddedOptions, report: Report): Promise<void> {
  const images = await options.images(report);
  const config = (link: Link): string =>
    JSON.stringify(nodeConfig(it, link, options, images.pause.ref), null, 2);

  const running = await runningLink(it);
  const was = running ? await read(it, "node.json") : "";
  if (running && was === config(running) && (await healthy(it, running))) return;
  // Before anything ends: a cluster that runs is better than none, should the new one have no chance.
  const held = forwardedPorts(was);
  await preflight(
    it,
    Object.values(options.ports ?? {}).filter((port) => !held.includes(port)),
  );
  if (running) {
    report(`stopping cluster ${it.name}, which does not answer or is set up in another way`);
    await end(it);
  }
  report(`starting cluster ${it.name}`);
  const began = Date.now();
  try {
    // Clusters in other folders, of other checkouts or users, choose their links too: one at a time.
    const { asked, first } = await withLock("/run/vibecode.lock", "a cluster's network", report, async () => {
      const link = await freeLink(it.folder);
      const asked = await prepare(it, link, config(link), images.pause.ref);
      await launch(it, options.bin("supervise"));
      return { asked, first: await until(it, 30, "supervise", () => firstProcess(it)) };
    });
    await until(it, 30, "containerd", async () => {
      const version = await run("ctr", ["--address", socket(first), "version"]);
      return version.code === 0 ? true : undefined;
    });
    await loadImages(first, [images.pause, images.coredns], report);
    report(`starting cluster ${it.name}: waiting for the API server`);
    await until(it, 60, "kube-apiserver", () => asked.get("/readyz"));
    await applyAddons(it, options, images.coredns.ref);
    report(`starting cluster ${it.name}: waiting for the node`);
    await until(it, 60, "kubelet", () => nodeReady(it, asked, began));
  } catch (cause) {
    // Nothing half-started is left behind.
    await end(it, 3000);
    throw cause;
  }
}

const read = (it: Instance, file: string): Promise<string> =>
  readFile(path.join(it.folder, file), "utf8").catch(() => "");

function nodeConfig(it: Instance, link: Link, options: EmbeddedOptions, pauseImage: string): object {
  const forward = (port: number, to: number) => ({
    listen: [`127.0.0.1:${String(port)}`, `[::1]:${String(port)}`],
    to: `${link.node}:${String(to)}`,
  });
  const { ports } = options;
  return {
    name: it.name,
    folder: it.folder,
    link,
    podNetwork,
    serviceNetwork,
    forwards: ports ? [forward(ports.http, 30080), forward(ports.https, 30443)] : [],
    prepare: [...shut, [options.bin("storage"), "mount"]],
    components: components(it, link, options.bin),
    // Not read by the supervisor: other files mean another configuration, hence another start.
    files: configFiles(it, link, pauseImage, ""),
  };
}

/** Writes all that the node reads, and gives the API to ask. */
async function prepare(it: Instance, link: Link, config: string, pauseImage: string): Promise<Api> {
  for (const folder of ["logs", "cni", "addresses", "containerd", "etcd", "volumes", "kubelet"]) {
    await mkdir(path.join(it.folder, folder), { recursive: true, mode: 0o700 });
  }
  await write(it, "link.json", JSON.stringify({ index: link.index }));
  const keys = await pki(path.join(it.folder, "pki"), it.node, link.node, apiService);
  for (const name of ["controller-manager", "scheduler", "kubelet", "kube-proxy", "kube-router", "storage"]) {
    await write(
      it,
      `${name}.kubeconfig`,
      kubeconfig(name, "https://127.0.0.1:6443", keys.ca, keys.pair(name)),
    );
  }
  const admin = keys.pair("admin");
  await write(it, "kubeconfig", kubeconfig(`vibecode-${it.name}`, server(link), keys.ca, admin));
  await write(it, "resolv.conf", await resolvConf());
  for (const [file, text] of Object.entries(configFiles(it, link, pauseImage, keys.encryption))) {
    await write(it, file, text);
  }
  await write(it, "status.json", "{}");
  await write(it, "node.json", config);
  return api(link.node, keys.ca, admin);
}

const write = (it: Instance, file: string, text: string): Promise<void> =>
  writeFile(path.join(it.folder, file), text, { mode: 0o600 });

async function healthy(it: Instance, link: Link): Promise<boolean> {
  const folder = path.join(it.folder, "pki");
  try {
    const text = (file: string): Promise<string> => readFile(path.join(folder, file), "utf8");
    const admin = { cert: await text("admin.crt"), key: await text("admin.key") };
    const asked = api(link.node, await text("ca.crt"), admin);
    return (await asked.get("/readyz")) !== undefined && (await nodeReady(it, asked, 0)) === true;
  } catch {
    return false;
  }
}

async function applyAddons(it: Instance, options: EmbeddedOptions, dnsImage: string): Promise<void> {
  const forwards = (await read(it, "resolv.conf")) !== "";
  const applied = await run(
    options.bin("kubectl"),
    ["--kubeconfig", it.kubeconfig, "apply", "--server-side", "--force-conflicts", "-f", "-"],
    { input: JSON.stringify(addons(dnsImage, forwards)) },
  );
  if (applied.code !== 0) throw new Error(`the cluster's own objects: ${applied.stderr}`);
}

/** True once the kubelet of this start, not one before it, says that the node takes pods. */
async function nodeReady(it: Instance, asked: Api, since: number): Promise<true | undefined> {
  const text = await asked.get(`/api/v1/nodes/${it.node}`);
  const ready = text === undefined ? undefined : readiness(JSON.parse(text));
  // Heartbeats are whole seconds.
  return ready?.status === "True" && Date.parse(ready.lastHeartbeatTime) > since - 1000 ? true : undefined;
}

const nodeShape = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string(), lastHeartbeatTime: z.string() })),
  }),
});

function readiness(node: unknown): { status: string; lastHeartbeatTime: string } | undefined {
  const read = nodeShape.safeParse(node);
  return read.success ? read.data.status.conditions.find((c) => c.type === "Ready") : undefined;
}

/** Asks ten times a second until there is an answer; gives up when the supervisor ends or after `seconds`. */
async function until<T>(
  it: Instance,
  seconds: number,
  who: string,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const limit = Date.now() + seconds * 1000;
  for (let grace = 20; ; grace--) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    const gone = (await holder(it)) === undefined && grace < 0;
    if (gone || Date.now() > limit) {
      const said = gone ? "supervise" : who;
      const log = path.join("logs", `${said}.log`);
      const last = (await read(it, log)).trim().split("\n").at(-1) ?? "";
      throw new UserError(
        `cluster ${it.name} does not start: ${gone ? "it ended" : `no ${who} after ${String(seconds)} s`}${last && `: ${last}`}`,
        `read ${path.join(it.folder, log)}`,
      );
    }
    await sleep(100);
  }
}
