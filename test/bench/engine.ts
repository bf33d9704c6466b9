import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Report } from "../../local/errors";
import type { Pulumi } from "../../local/pulumi";
import { startControlPlane } from "./control-plane";
import { everything, secretEnv, workspace } from "./everything";
import { kubectl } from "./kubectl";
import { standInNode } from "./node";
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
  /** The same once more, with the objects of one user more. */
  kubectlAll: number;
  /** The objects of that user alone. */
  kubectlNew: number;
}

/** How many resources one user costs, components of the program included. */
export interface Cost {
  defaults: number;
  everything: number;
}

/** Above so many users the first `up` is left out: it writes the whole state at each step. */
const stepwise = 100;

const key = (manifest: Manifest) => JSON.stringify([manifest["kind"], manifest["metadata"]]);

/** Measures the engine against kubectl, on one API server, one after the other. */
export async function measureEngine(
  folder: string,
  pulumi: Pulumi,
  counts: readonly number[],
  report: Report,
): Promise<{ cost: Cost; fixed: Run; sizes: Size[] }> {
  for (const name of ["cluster", "project"]) await fs.mkdir(path.join(folder, name));
  report("starting an API server");
  const cluster = await startControlPlane(path.join(folder, "cluster"));
  const node = await standInNode(cluster.kubeconfig);
  try {
    const platform = await Platform.create(path.join(folder, "project"), pulumi, cluster);
    report("0 users: up");
    await platform.up([]);
    const fixed = await platform.up([]);
    report("what one user costs");
    const cost = await costOf(platform);
    await platform.destroy();
    const sizes: Size[] = [];
    for (const users of counts) {
      const told: Report = (message) => {
        report(`${users} users: ${message}`);
      };
      sizes.push(await measureSize(platform, kubectl(cluster.kubeconfig), users, told));
    }
    return { cost, fixed, sizes };
  } finally {
    await node.stop();
    await cluster.stop();
  }
}

/** Begins and ends with an empty cluster. */
async function measureSize(
  platform: Platform,
  bare: ReturnType<typeof kubectl>,
  users: number,
  report: Report,
): Promise<Size> {
  const names = userNames(users);
  report("preview");
  const planned = await platform.preview(names);
  let up: Run | undefined;
  if (users <= stepwise) {
    report("up");
    up = await platform.up(names);
    report("destroy");
    await platform.destroy();
  }
  report("up, the state written once");
  const atOnce = await platform.upAtOnce(names);
  report("preview and up, no change");
  const looked = await platform.preview(names);
  const again = await platform.up(names);
  const { resources, manifests } = await platform.objects();
  report("up, one user more");
  const more = await platform.up(userNames(users + 1));
  const { manifests: all } = await platform.objects();
  report("destroy");
  await platform.destroy();

  report("kubectl");
  const applied = await bare.apply(manifests);
  // Objects of all users that change with one more, such as the list of passwords, belong to the new ones.
  const known = new Set(manifests.map((manifest) => JSON.stringify(manifest)));
  const fresh = all.filter((manifest) => !known.has(JSON.stringify(manifest)));
  const kubectlNew = await bare.apply(fresh);
  const kept = new Set(manifests.map(key));
  await bare.delete(fresh.filter((manifest) => !kept.has(key(manifest))));
  const kubectlAll = await bare.apply(all);
  await bare.delete(all.toReversed());
  const objects = manifests.length;
  return {
    users,
    resources,
    objects,
    planned,
    up,
    atOnce,
    looked,
    again,
    more,
    kubectl: applied,
    kubectlAll,
    kubectlNew,
  };
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
