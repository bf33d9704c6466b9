import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Report } from "../../local/errors";
import type { Pulumi } from "../../local/pulumi";
import { openApi } from "./api";
import { startControlPlane } from "./control-plane";
import { everything, secretEnv, workspace } from "./everything";
import { kubectl } from "./kubectl";
import { startNodes } from "./kwok";
import { Platform, userNames } from "./platform";
import type { Manifest, Run } from "./platform";

/** What one number of users costs; times in seconds. */
export interface Size {
  users: number;
  resources: number;
  objects: number;
  /** `pulumi preview` of an empty cluster. */
  planned: Run;
  /** `pulumi up` of an empty cluster; undefined where it would take hours. */
  up: Run | undefined;
  /** The same with the state written once, at the end, which no one should do. */
  atOnce: Run;
  /** `pulumi preview` where nothing is to be done. */
  looked: Run;
  /** `pulumi up` where nothing is to be done. */
  again: Run;
  /** `pulumi up` with one user more. */
  more: Run;
  /** `kubectl apply --server-side` of the same objects to an empty cluster. */
  kubectl: number;
  /** The objects of one user more. */
  kubectlNew: number;
  /** All of them once more, as one applies a folder. */
  kubectlAll: number;
}

/** How many resources one user costs, components of the program included. */
export interface Cost {
  defaults: number;
  everything: number;
}

/** Nodes that kwok plays, with room for 1100 pods. */
const nodes = Array.from({ length: 10 }, (_, index) => ({
  name: `node-${index}`,
  labels: {},
  cpu: "1000",
  memory: "4Ti",
}));

interface Empty {
  platform: Platform;
  apply: (manifests: Manifest[]) => Promise<number>;
}

/**
 * Measures the engine against kubectl, one after the other, each on an API server of its own that holds nothing yet.
 *
 * @param stepwise above so many users the first `up` is left out: it writes the whole state at each step
 */
export async function measureEngine(
  folder: string,
  pulumi: Pulumi,
  counts: readonly number[],
  stepwise: number,
  report: Report,
): Promise<{ cost: Cost; fixed: Run; sizes: Size[] }> {
  const onEmpty = async <T>(work: (empty: Empty) => Promise<T>): Promise<T> => {
    const own = await fs.mkdtemp(path.join(folder, "run-"));
    for (const name of ["cluster", "project"]) await fs.mkdir(path.join(own, name));
    const cluster = await startControlPlane(path.join(own, "cluster"), true);
    const api = await openApi("--kubeconfig", cluster.kubeconfig);
    try {
      await startNodes(cluster, api, nodes);
      const platform = await Platform.create(path.join(own, "project"), pulumi, cluster);
      return await work({ platform, apply: kubectl(cluster.kubeconfig) });
    } finally {
      api.close();
      await cluster.stop();
      await fs.rm(own, { recursive: true });
    }
  };
  report("what one user costs, and none");
  const { fixed, cost } = await onEmpty(async ({ platform }) => {
    await platform.up([]);
    return { fixed: await platform.up([]), cost: await costOf(platform) };
  });
  const sizes: Size[] = [];
  for (const users of counts) {
    const told: Report = (message) => {
      report(`${users} users: ${message}`);
    };
    sizes.push(await measureSize(onEmpty, users, users <= stepwise, told));
  }
  return { cost, fixed, sizes };
}

async function measureSize(
  onEmpty: <T>(work: (empty: Empty) => Promise<T>) => Promise<T>,
  users: number,
  isStepwise: boolean,
  report: Report,
): Promise<Size> {
  const names = userNames(users);
  const measure = async (what: string, work: Promise<Run>): Promise<Run> => {
    const run = await work;
    report(`${what}: ${run.seconds.toFixed(1)} s`);
    return run;
  };
  const engine = await onEmpty(async ({ platform }) => {
    const planned = await measure("preview", platform.preview(names));
    const first = isStepwise
      ? await measure("up", platform.up(names))
      : await measure("up, the state written once", platform.upAtOnce(names));
    const looked = await measure("preview, no change", platform.preview(names));
    const again = await measure("up, no change", platform.up(names));
    const { resources, manifests } = await platform.objects();
    const more = await measure("up, one user more", platform.up(userNames(users + 1)));
    const { manifests: all } = await platform.objects();
    return { planned, first, looked, again, resources, manifests, more, all };
  });
  const { first, manifests, all, ...measured } = engine;
  const atOnce = isStepwise
    ? await onEmpty(({ platform }) => measure("up, the state written once", platform.upAtOnce(names)))
    : first;

  // Objects of all users that change with one more, such as the list of passwords, belong to the new ones.
  const known = new Set(manifests.map((manifest) => JSON.stringify(manifest)));
  const fresh = all.filter((manifest) => !known.has(JSON.stringify(manifest)));
  const bare = await onEmpty(async ({ apply }) => ({
    kubectl: await apply(manifests),
    kubectlNew: await apply(fresh),
    // As one applies a folder: all is sent, and nothing changes any more.
    kubectlAll: await apply(all),
  }));
  report(`kubectl: ${bare.kubectl.toFixed(1)} s`);
  const up = isStepwise ? first : undefined;
  return { users, objects: manifests.length, ...measured, up, atOnce, ...bare };
}

/** Counts, on a stack without users. */
async function costOf(platform: Platform): Promise<Cost> {
  const { registered: none } = await platform.objects();
  await platform.up(["user1"]);
  const { registered: one } = await platform.objects();
  const secrets = Object.entries(secretEnv).map(
    ([name, value]) => [`secretEnv.user2.${name}`, value] as const,
  );
  const users = ["user1", everything("user2")];
  await platform.up(users, { "vibecode:workspace": workspace }, Object.fromEntries(secrets));
  const { registered: two } = await platform.objects();
  return { defaults: one - none, everything: two - one };
}
