import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { hasUnknown, unknown } from "../server";
import type { CheckFailure, Diff, PropertyMap } from "../server";
import { loadCluster } from "./kubeconfig";

/** The SDK sends every option that is no text as JSON in a text. */
const flag = z
  .union([z.boolean(), z.enum(["true", "false", ""]).transform((text) => text === "true")])
  .default(false);

const text = z.string().min(1).optional().catch(undefined);

/** The provider's own options, those that mean something here. */
export const providerConfig = z.object({
  kubeconfig: text,
  context: text,
  cluster: text,
  clusterIdentifier: text,
  /** Where objects without a namespace go. Default: the context's, then `default`. */
  namespace: text,
  deleteUnreachable: flag,
  skipUpdateUnreachable: flag,
  enableConfigMapMutable: flag,
  enableSecretMutable: flag,
  enablePatchForce: flag,
  upsertExistingObjects: flag,
  suppressDeprecationWarnings: flag,
});

export type ProviderConfig = z.infer<typeof providerConfig>;

/** The options that would change what happens, and that are not there. */
export function refusedOptions(inputs: PropertyMap): CheckFailure[] {
  const refuse = (property: string, what: string) => ({
    property,
    reason: `the offline kubernetes plugin does not support ${what}`,
  });
  const isOff = ["false", false].some((off) => off === inputs["enableServerSideApply"]);
  const off = isOff ? [refuse("enableServerSideApply", "enableServerSideApply: false; leave it out")] : [];
  const rendered =
    inputs["renderYamlToDirectory"] === undefined ? [] : [refuse("renderYamlToDirectory", "it")];
  return [...off, ...rendered];
}

function identity(inputs: PropertyMap): unknown {
  const config = providerConfig.parse(inputs);
  try {
    const { server, ca } = loadCluster(config);
    return [server, ca?.toString("base64")];
  } catch {
    // A kubeconfig that cannot be read any more says nothing about where its cluster was.
    return undefined;
  }
}

/** Another cluster makes another provider, and with it every object anew; anything else is an update. */
export function diffConfig(olds: PropertyMap, news: PropertyMap): Diff {
  // A state without its secrets cannot tell whether they changed.
  const isSame = (key: string) => olds[key] === unknown || isDeepStrictEqual(olds[key], news[key]);
  const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter((key) => !isSame(key));
  const moved = (): string[] => {
    const ids = [olds["clusterIdentifier"], news["clusterIdentifier"]];
    if (ids.some(Boolean))
      return ids.every(Boolean) && !isSame("clusterIdentifier") ? ["clusterIdentifier"] : [];
    const keys = ["kubeconfig", "context", "cluster"].filter((key) => changed.includes(key));
    if (keys.length === 0 || hasUnknown(news)) return [];
    const [before, after] = [identity(olds), identity(news)];
    return before === undefined || after === undefined || isDeepStrictEqual(before, after) ? [] : keys;
  };
  return { changes: changed.length > 0, replaces: moved() };
}
