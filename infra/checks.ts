import { z } from "zod";

import { authMistakes } from "./auth-checks";
import { certificateMistakes } from "./certificates";
import { clusterMistakes } from "./clusters";
import { dataMistakes } from "./data";
import { dnsMistakes } from "./dns";
import { monitoringMistakes } from "./monitoring-checks";
import { compareQuantities } from "./quantity";
import { secretKeys, secretPlaces, shape } from "./schema";
import { cannotShrink, shrinkingShared } from "./shared-volumes";
import { builtInSizes, size } from "./sizes";
import { views } from "./views";

/** Sizes of a user's volumes, Kubernetes quantities. */
export interface Volumes {
  home: string;
  extensions: string;
  /** Where they are; undefined for the stack's first cluster. */
  cluster?: string | undefined;
}

/** What a config is held against, beside its own rules. */
export interface Surroundings {
  /** Whether something below a key is encrypted in the stack's file: `secretEnv`. */
  isSecret: (key: string) => boolean;
  /** Places below secret keys whose values lie open in the stack's file, beside encrypted ones. */
  openSecrets: readonly (readonly string[])[];
  /** The volumes that the stack's last `up` left, by user: none can shrink. */
  volumes: Readonly<Record<string, Volumes>>;
  /** The same of the volumes that all users share, as the output `sharedVolumes` has them. */
  sharedVolumes: Readonly<Record<string, string>>;
  /** The image's own extensions, `publisher.name@version`: all there are where no gallery is named. */
  imageExtensions: readonly string[];
}

/** One place of the config and what is wrong with it. */
export interface Mistake {
  path: (string | number)[];
  message: string;
  /** Whether something is there that is of no use: of several clusters, one that has a use for it is enough. */
  unused?: boolean;
}

/**
 * What holds between keys, and between the config and what is there: names are unique, sizes exist, extensions can be
 * had, volumes do not shrink, secrets are secret. Reads the raw values, part by part, so that it adds to other
 * mistakes.
 */
export function crossChecks(values: Record<string, unknown>, around: Surroundings): Mistake[] {
  return [
    ...plainSecrets(values, around),
    ...doubleNames(values),
    ...clusterMistakes(values, around.volumes),
    ...inEachCluster(values, (cluster, apart) => [
      ...unknownSizes(cluster),
      ...missingExtensions(cluster, around),
      ...shrinkingVolumes(cluster, around, apart),
      ...shrinkingShared(cluster, around.sharedVolumes, apart),
      ...closedApi(cluster),
      ...certificateMistakes(cluster),
      ...dnsMistakes(cluster),
      ...authMistakes(cluster),
    ]),
    ...dataMistakes(values),
    ...monitoringMistakes(values),
  ];
}

/** What is wrong with the config of each cluster, where it lies in the stack's, each mistake once. */
function inEachCluster(
  values: Record<string, unknown>,
  check: (values: Record<string, unknown>, apart: string | undefined) => Mistake[],
): Mistake[] {
  const all = views(values).map((view) =>
    check(view.values, view.apart).map((mistake) => ({ ...mistake, path: view.at(mistake.path) })),
  );
  const found = new Map<string, { mistake: Mistake; clusters: number }>();
  for (const mistake of all.flat()) {
    const key = JSON.stringify([mistake.path, mistake.message]);
    found.set(key, { mistake, clusters: (found.get(key)?.clusters ?? 0) + 1 });
  }
  return [...found.values()]
    .filter(({ mistake, clusters }) => mistake.unused !== true || clusters === all.length)
    .map(({ mistake }) => mistake);
}

function plainSecrets(values: Record<string, unknown>, around: Surroundings): Mistake[] {
  const { isSecret, openSecrets } = around;
  const beside = openSecrets.map((path) => ({
    path: [...path],
    message: `must be a secret: set it with \`pulumi config set --secret --path 'vibecode:${path.join(".")}'\``,
  }));
  const whole = secretKeys
    .filter((key) => values[key] !== undefined && !isSecret(key))
    .map((key) => ({
      path: [key],
      message: `must be a secret: set it with \`pulumi config set --secret --path 'vibecode:${[key, secretPlaces[key] ?? []].flat().join(".")}'\``,
    }));
  return [...whole, ...beside.filter(({ path: [key] }) => isSecret(String(key)))];
}

const entry = z.union([
  z.string().transform((name) => ({ name, plain: true })),
  z.looseObject({
    name: z.string().optional().catch(undefined),
    size: z.string().optional().catch(undefined),
    extensions: z.array(z.unknown()).default([]).catch([]),
  }),
]);

/** The users, as far as they can be read; where one cannot, its own mistakes are said elsewhere. */
function users(values: Record<string, unknown>) {
  const all = z.array(z.unknown()).safeParse(values["users"]).data ?? [];
  return all.flatMap((raw, index) => {
    const { success, data } = entry.safeParse(raw);
    if (!success) return [];
    const read = { size: undefined, extensions: [], ...data };
    return [{ raw, index, ...read, at: "plain" in data ? ["users", index] : ["users", index, "name"] }];
  });
}

function doubleNames(values: Record<string, unknown>): Mistake[] {
  const first = new Map<string, number>();
  return users(values).flatMap(({ name, index, at }) => {
    if (name === undefined) return [];
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, index);
    return earlier === undefined
      ? []
      : [{ path: at, message: `must be unique: users[${earlier}] has it already` }];
  });
}

const workspaceKeys = z.looseObject({
  sizes: z.record(z.string(), z.unknown()).default({}).catch({}),
  defaultSize: z.string().optional().catch(undefined),
  extensions: z.array(z.unknown()).default([]).catch([]),
  gallery: z.unknown().optional(),
});

const workspaceOf = (values: Record<string, unknown>) =>
  workspaceKeys.safeParse(values["workspace"]).data ?? workspaceKeys.parse({});

function unknownSizes(values: Record<string, unknown>): Mistake[] {
  const { sizes, defaultSize } = workspaceOf(values);
  const known = [...new Set([...Object.keys(builtInSizes), ...Object.keys(sizes)])];
  const asked = [
    ...users(values).map((user) => ({ path: ["users", user.index, "size"], size: user.size })),
    { path: ["workspace", "defaultSize"], size: defaultSize },
  ];
  return asked
    .filter((use) => use.size !== undefined && !known.includes(use.size))
    .map(({ path }) => ({ path, message: `must be one of ${known.join(", ")}` }));
}

function missingExtensions(values: Record<string, unknown>, { imageExtensions }: Surroundings): Mistake[] {
  const { extensions, gallery } = workspaceOf(values);
  // A gallery is asked when a workspace starts; `make status` shows what it did not have.
  if (gallery !== undefined) return [];
  const there = new Set(imageExtensions.flatMap((id) => [id, id.replace(/@.*/, "")]).map(lower));
  const has = imageExtensions.length === 0 ? "none" : imageExtensions.join(", ");
  const missing = (list: unknown[], path: (string | number)[]): Mistake[] =>
    list.flatMap((id, index) =>
      typeof id !== "string" || there.has(lower(id))
        ? []
        : [
            {
              path: [...path, index],
              message: `must be in the image, which has ${has}: add it to workspace-image/extensions, or set workspace.gallery`,
            },
          ],
    );
  return [
    ...missing(extensions, ["workspace", "extensions"]),
    ...users(values).flatMap((user) => missing(user.extensions, ["users", user.index, "extensions"])),
  ];
}

/** A token is worth nothing where no policy opens the way to the API server. */
function closedApi(values: Record<string, unknown>): Mistake[] {
  const network = z.looseObject({ apiServer: z.array(z.unknown()).min(1) });
  if (z.looseObject({ network }).safeParse(values["cluster"]).success) return [];
  const access = z.looseObject({ kubernetesAccess: z.string() });
  return users(values)
    .filter(({ raw }) => access.safeParse(raw).success)
    .map(({ index }) => ({
      path: ["users", index, "kubernetesAccess"],
      message: "must have a way to the API server: say where it answers in cluster.network.apiServer",
    }));
}

const lower = (text: string): string => text.toLowerCase();

function shrinkingVolumes(
  values: Record<string, unknown>,
  { volumes }: Surroundings,
  cluster: string | undefined,
): Mistake[] {
  const storage = shape.shape.storage.safeParse(values["storage"]).data;
  if (storage === undefined) return [];
  const { sizes, defaultSize = "medium" } = workspaceOf(values);
  const list = shape.shape.users.element;
  return users(values).flatMap(({ raw, index }) => {
    const { data } = list.safeParse(raw);
    if (data === undefined) return [];
    const user = typeof data === "string" ? { name: data } : data;
    const had = volumes[user.name];
    // Who moves begins anew.
    if (had === undefined || had.cluster !== cluster) return [];
    const own = "size" in user ? (user.size ?? defaultSize) : defaultSize;
    const ofSize = size.safeParse(sizes[own]).data ?? builtInSizes[own];
    const wanted = {
      home: ("home" in user ? user.home : undefined) ?? ofSize?.home ?? storage.home,
      extensions: storage.extensions,
    };
    return (["home", "extensions"] as const)
      .filter((volume) => compareQuantities(wanted[volume], had[volume]) < 0)
      .map((volume) => ({
        path: ["users", index],
        message: cannotShrink(volume, had[volume], wanted[volume]),
      }));
  });
}
