import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Report } from "../../local/errors";
import type { Pulumi } from "../../local/pulumi";
import { startControlPlane } from "./control-plane";
import { everything, secretEnv, workspace } from "./everything";
import { kubectl } from "./kubectl";
import { standInNode } from "./node";
import { Platform, userNames } from "./platform";
import type { Manifest } from "./platform";

/** What one number of users costs; all times in seconds. */
export interface Size {
  users: number;
  resources: number;
  objects: number;
  /** `pulumi up` of an empty cluster. */
  up: number;
  /** The next `pulumi up`, which changes nothing. */
  again: number;
  /** `kubectl apply --server-side` of the same objects to an empty cluster. */
  kubectl: number;
}

/** How many resources one user costs, components of the program included. */
export interface Cost {
  defaults: number;
  everything: number;
}

/** What one user more costs; all times in seconds. */
export interface Added {
  to: number;
  /** `pulumi up` of a platform without users that changes nothing: the engine's fixed start. */
  fixed: number;
  up: number;
  /** `kubectl apply --server-side` of the new user's objects alone. */
  kubectlNew: number;
  /** `kubectl apply --server-side` of all objects, as one applies a folder. */
  kubectlAll: number;
}

const key = (manifest: Manifest) => JSON.stringify([manifest["kind"], manifest["metadata"]]);

/** Measures `up` against kubectl, on one API server, one after the other. */
export async function measureEngine(
  folder: string,
  pulumi: Pulumi,
  counts: readonly number[],
  report: Report,
): Promise<{ cost: Cost; sizes: Size[]; added: Added }> {
  for (const name of ["cluster", "project"]) await fs.mkdir(path.join(folder, name));
  report("starting an API server");
  const cluster = await startControlPlane(path.join(folder, "cluster"));
  const node = await standInNode(cluster.kubeconfig);
  const apply = kubectl(cluster.kubeconfig);
  try {
    const platform = await Platform.create(path.join(folder, "project"), pulumi, cluster);
    report("0 users: up");
    await platform.up([]);
    const fixed = await platform.up([]);
    report("what one user costs");
    const cost = await costOf(platform);
    await platform.destroy();

    const sizes: Size[] = [];
    const added: Added = { to: Math.max(...counts), fixed, up: 0, kubectlNew: 0, kubectlAll: 0 };
    for (const users of counts) {
      report(`${users} users: up`);
      const up = await platform.up(userNames(users));
      const again = await platform.up(userNames(users));
      const { resources, manifests } = await platform.objects();
      let more: Manifest[] = manifests;
      if (users === added.to) {
        report(`${users + 1} users: up`);
        added.up = await platform.up(userNames(users + 1));
        more = (await platform.objects()).manifests;
      }
      report(`${users} users: destroy`);
      await platform.destroy();

      report(`${users} users: kubectl`);
      sizes.push({
        users,
        resources,
        objects: manifests.length,
        up,
        again,
        kubectl: await apply.apply(manifests),
      });
      if (users === added.to) {
        // Objects of all users that change with one more, such as the list of passwords, belong to the new ones.
        const known = new Set(manifests.map((manifest) => JSON.stringify(manifest)));
        const fresh = more.filter((manifest) => !known.has(JSON.stringify(manifest)));
        added.kubectlNew = await apply.apply(fresh);
        const names = new Set(manifests.map(key));
        await apply.delete(fresh.filter((manifest) => !names.has(key(manifest))));
        added.kubectlAll = await apply.apply(more);
      }
      await apply.delete(more.toReversed());
    }
    return { cost, sizes, added };
  } finally {
    await node.stop();
    await cluster.stop();
  }
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
