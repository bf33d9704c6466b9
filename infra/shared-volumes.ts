import type { Mistake } from "./checks";
import type { Place } from "./config";
import { compareQuantities } from "./quantity";
import { shape } from "./schema";

/** What tells of such volumes; what is undefined asks for none. */
interface Settings {
  auth: Place["auth"] | undefined;
  data: Place["data"] | undefined;
  monitoring: Place["monitoring"] | undefined;
}

/** A volume of the platform's own, and where in the config its size is. */
interface SharedVolume {
  name: string;
  size: string;
  path: string[];
}

/** The volumes that a cluster has besides those of its users, of a size that the config says. */
export function sharedVolumes({ auth, data, monitoring }: Settings): SharedVolume[] {
  const found: SharedVolume[] = [];
  if (data?.postgres.kind === "own" && auth?.kind === "authelia") {
    const { size, backups } = data.postgres;
    const path = ["data", "postgres"];
    found.push({ name: "postgres", size, path: [...path, "size"] });
    found.push({ name: "backups", size: backups.size, path: [...path, "backups", "size"] });
  }
  if (data?.valkey.kind === "own" && auth !== undefined && auth.kind !== "basic")
    found.push({ name: "valkey", size: data.valkey.size, path: ["data", "valkey", "size"] });
  if (monitoring?.prometheus.kind === "own") {
    const path = ["monitoring", "prometheus", "storage"];
    found.push({ name: "prometheus", size: monitoring.prometheus.storage, path });
  }
  return found;
}

/**
 * The volumes of a cluster that would shrink. Reads raw values; parts that are wrong by themselves are passed over.
 *
 * @param had sizes that the last `up` left, as the output `sharedVolumes` has them
 * @param cluster what sets its names apart; undefined for the first cluster, and the only one
 */
export function shrinkingShared(
  values: Record<string, unknown>,
  had: Readonly<Record<string, string>>,
  cluster: string | undefined,
): Mistake[] {
  const { auth, data, monitoring } = shape.shape;
  const wanted = sharedVolumes({
    auth: auth.safeParse(values["auth"]).data,
    data: data.safeParse(values["data"]).data,
    monitoring: monitoring.safeParse(values["monitoring"]).data,
  });
  return wanted.flatMap(({ name, size, path }) => {
    const before = had[cluster === undefined ? name : `${cluster}-${name}`];
    return before === undefined || compareQuantities(size, before) >= 0
      ? []
      : [{ path, message: cannotShrink("volume", before, size) }];
  });
}

/** What is wrong with a smaller size, in the words of the config's one message. */
export const cannotShrink = (volume: string, had: string, wanted: string): string =>
  `must keep its ${volume} of ${had}: a volume can grow and cannot shrink to ${wanted}`;
