import * as fs from "node:fs";
import * as path from "node:path";

import { z } from "zod";

import { retainedLabel } from "../components/workspace/retention";
import { amount } from "../infra/quantity";
import { clusterOf } from "../infra/views";
import { inCluster } from "./kubectl";
import { dataFolder } from "./paths";
import { readOutputs, usersOf } from "./outputs";
import type { Platform } from "./platform";
import { readStackFile } from "./stack";

/** What the cluster keeps of one user who has no workspace in the stack. */
export interface Retained {
  user: string;
  namespace: Identity;
  /** The day on which the user left, in UTC; undefined where an interrupted run did not note it. */
  since: string | undefined;
  volumes: Volume[];
  /** Whether it is being removed already. */
  isLeaving: boolean;
  /** Whether the stack's file names the user again, so that the next `up` gives all of it back. */
  isExpected: boolean;
}

export interface Volume {
  /** `home` */
  claim: string;
  /** Name of the PersistentVolume; empty where the claim was never bound. */
  name: string;
  /** Its size, in bytes. */
  bytes: number;
  /** What it takes on this machine's disk; undefined where the cluster is not on it. */
  used: number | undefined;
}

/** One object as it was when it was looked at. */
export interface Identity {
  name: string;
  uid: string;
  resourceVersion: string;
}

const metadata = z.object({
  name: z.string(),
  namespace: z.string().default(""),
  uid: z.string(),
  resourceVersion: z.string(),
  labels: z.record(z.string(), z.string()),
  deletionTimestamp: z.string().optional(),
});

const answer = z.object({
  items: z.array(
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("Namespace"), metadata }),
      z.object({
        kind: z.literal("PersistentVolumeClaim"),
        metadata,
        spec: z.object({
          volumeName: z.string().default(""),
          resources: z.object({ requests: z.object({ storage: z.string() }) }),
        }),
        status: z.object({ capacity: z.object({ storage: z.string() }).optional() }).default({}),
      }),
    ]),
  ),
});

/** Who has a place on a cluster of the stack, by its file as it is now and by its last `up`. */
export interface Members {
  listed: ReadonlySet<string>;
  deployed: ReadonlySet<string>;
}

/** Names of the users in the stack's file, and of those whose workspaces the last `up` left. */
export async function membersOf(platform: Platform): Promise<Members> {
  const outputs = await readOutputs(platform);
  return { listed: listedUsers(platform), deployed: new Set(usersOf(platform, outputs)) };
}

/** Names of a cluster's users in the stack's file, at this moment. */
function listedUsers({ stack, place }: Pick<Platform, "stack" | "place">): ReadonlySet<string> {
  const { config } = readStackFile(stack.name);
  const clusters = z.record(z.string(), z.unknown()).catch({}).parse(config["vibecode:clusters"]);
  const here = z
    .array(z.unknown())
    .catch([])
    .parse(config["vibecode:users"])
    .filter((entry) => place === undefined || clusterOf(entry, clusters) === place.name);
  const user = z.union([z.string(), z.looseObject({ name: z.string() }).transform(({ name }) => name)]);
  return new Set(z.array(user).catch([]).parse(here));
}

/** What the cluster keeps of users who left, sorted by name. */
export async function findRetained(platform: Platform, members: Members): Promise<Retained[]> {
  const words = ["get", "namespaces,persistentvolumeclaims", "-A", "-l", "vibecode/user", "-o", "json"];
  const list: unknown = JSON.parse(await inCluster(platform.cluster, ...words));
  return retainedOf(list, members, usage(platform));
}

/** The same from what the API server answered: the users' namespaces and claims. */
export function retainedOf(
  list: unknown,
  { listed, deployed }: Members,
  used: (volume: string) => number | undefined = () => undefined,
): Retained[] {
  const { items } = answer.parse(list);
  const found = items.flatMap((item): Retained[] => {
    if (item.kind !== "Namespace") return [];
    const { name, uid, resourceVersion, labels, deletionTimestamp } = item.metadata;
    const user = labels["vibecode/user"] ?? "";
    const since = labels[retainedLabel];
    if (name !== `ws-${user}`) return [];
    // Without the mark: somebody's own, one that an `up` makes just now, or what an interrupted one left.
    if (since === undefined && (listed.has(user) || deployed.has(user))) return [];
    const volumes = items.flatMap((claim): Volume[] => {
      if (claim.kind !== "PersistentVolumeClaim" || claim.metadata.namespace !== name) return [];
      const { volumeName, resources } = claim.spec;
      const size = claim.status.capacity?.storage ?? resources.requests.storage;
      return [
        { claim: claim.metadata.name, name: volumeName, bytes: amount(size) ?? 0, used: used(volumeName) },
      ];
    });
    return [
      {
        user,
        namespace: { name, uid, resourceVersion },
        since,
        volumes: volumes.sort((a, b) => b.bytes - a.bytes),
        isLeaving: deletionTimestamp !== undefined,
        isExpected: listed.has(user),
      },
    ];
  });
  return found.sort((a, b) => a.user.localeCompare(b.user));
}

/** Where the cluster is on this machine, its volumes are files that take what is written to them. */
function usage({ cluster, stack }: Platform): (volume: string) => number | undefined {
  if (cluster.kind !== "embedded") return () => undefined;
  const folder = path.join(dataFolder, "clusters", stack.name, "volumes");
  return (volume) => {
    const blocks = fs.statSync(path.join(folder, `${volume}.xfs`), { throwIfNoEntry: false })?.blocks;
    return blocks === undefined ? undefined : blocks * 512;
  };
}

/** `10 GiB`, `71 MiB`: what a person compares. */
export function readable(bytes: number): string {
  const unit = bytes >= 2 ** 30 ? { size: 2 ** 30, name: "GiB" } : { size: 2 ** 20, name: "MiB" };
  const count = bytes / unit.size;
  return `${count < 10 ? Number(count.toFixed(1)) : count.toFixed(0)} ${unit.name}`;
}

/** `home 10 GiB, extensions 2 GiB` */
export const describeVolumes = (volumes: readonly Volume[]): string =>
  volumes.map(({ claim, bytes }) => `${claim} ${readable(bytes)}`).join(", ") || "none";

/** What the volumes take on this machine's disk; empty where that is not known. */
export function describeUse(volumes: readonly Volume[]): string {
  const used = volumes.map((volume) => volume.used).filter((bytes) => bytes !== undefined);
  return used.length === 0 ? "" : readable(used.reduce((sum, bytes) => sum + bytes, 0));
}
