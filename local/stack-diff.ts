import { isMap, isScalar, parseDocument, type Document } from "yaml";
import { z } from "zod";

import { namespace } from "../infra/config";
import { secretKeys } from "../infra/schema";

/** One key that two stacks set differently, defaults included. */
export interface Difference {
  /** Less the namespace, people by name: `users.alice.size`. */
  key: string;
  /** As people read it; undefined where it is not set. */
  values: readonly [string | undefined, string | undefined];
  /** Why it may differ; undefined where nobody says. */
  reason: string | undefined;
}

/** A stack's file: its text, for the comments, and its config with defaults. */
export interface Side {
  name: string;
  text: string;
  config: Readonly<Record<string, unknown>>;
}

/** Keys that differ because two stacks are two, and what lies below them. The first that fits counts. */
const byNature: readonly (readonly [RegExp, string])[] = [
  [/^domain$/, "each stack has its own addresses"],
  [/^users\b/, "each stack has its own people"],
  [/^cluster\b/, "each stack has its own cluster and network"],
  [/^images\.workspace$/, "an image is tried in one stack before the next"],
  [/^images\b/, "each cluster pulls from where it can"],
  [/(?:^|\.)replicas$/, "as many as people would miss"],
  [/^storage\.(?:class|home|extensions|temporary)$/, "each cluster has its own disks"],
  [/^data\.\w+\.(?:size|backups)\b/, "as much as is remembered there"],
  [/^ingress\.(?:exposure|httpPort|httpsPort|nodeSelector)\b/, "each cluster has its own way in"],
  [/^workspace\.(?:nodeSelector|tolerations)\b/, "each cluster has its own nodes"],
  [/^(?:certificates|dns)\.(?:provider|zone|email)\b/, "each zone has its own account"],
  [/Secrets?\b|^secretEnv\b|^claudeToken$/, "secrets are each stack's own"],
];

/** Every key that differs, those without a reason first. */
export function differences(a: Side, b: Side): Difference[] {
  const [left, right] = [flat(a.config), flat(b.config)];
  const comments = [a, b].map(({ name, text }) => ({ name, document: parseDocument(text) }));
  const keys = [...new Set([...left.keys(), ...right.keys()])].sort();
  const found = keys.flatMap((key): Difference[] => {
    const values = [left.get(key), right.get(key)] as const;
    if (values[0] === values[1]) return [];
    return [{ key, values, reason: natural(key) ?? commented(key, comments) }];
  });
  return [
    ...found.filter(({ reason }) => reason === undefined),
    ...found.filter(({ reason }) => reason !== undefined),
  ];
}

/** Of several clusters, what is asked for on one is like what is asked for on all. */
const natural = (key: string): string | undefined =>
  byNature.find(([pattern]) => pattern.test(key.replace(/^clusters\.\w+\./, "")))?.[1];

/** The comment that stands at the key in one of the files, or at what it is part of; never at the file's head. */
function commented(key: string, files: readonly { name: string; document: Document }[]): string | undefined {
  const [top = "", ...below] = key.split(".");
  const path = [`${namespace}:${top}`, ...below];
  for (let length = path.length; length > 0; length--) {
    for (const { name, document } of files) {
      const said = commentAt(document, path.slice(0, length));
      if (said !== undefined) return `${name}: ${said}`;
    }
  }
  return undefined;
}

function commentAt(document: Document, path: readonly string[]): string | undefined {
  const parent = document.getIn(["config", ...path.slice(0, -1)], true);
  if (!isMap(parent)) return undefined;
  const at = parent.items.findIndex(({ key }) => isScalar(key) && key.value === path.at(-1));
  const pair = parent.items[at];
  if (pair === undefined) return undefined;
  // YAML hangs the comment above a map's first key on the map.
  const above = isScalar(pair.key) ? pair.key.commentBefore : undefined;
  const said = above ?? (at === 0 ? parent.commentBefore : undefined);
  const beside = isScalar(pair.value) ? pair.value.comment : undefined;
  const text = (beside ?? said ?? "").replaceAll(/\s+/g, " ").trim();
  return text === "" ? undefined : text;
}

const object = z.record(z.string(), z.unknown());
const named = z.looseObject({ name: z.string() });

/** Leaves of a config by their path. People and the like go by name, so that one more moves nobody. */
function flat(config: Readonly<Record<string, unknown>>): Map<string, string> {
  const leaves = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (value === undefined) return;
    if (path !== "" && secretKeys.includes(path)) {
      leaves.set(path, "(secret)");
      return;
    }
    const entries = Array.isArray(value) ? byName(value) : object.safeParse(value).data;
    if (entries === undefined || (Object.keys(entries).length === 0 && path !== ""))
      leaves.set(path, typeof value === "string" ? value : JSON.stringify(value));
    else
      for (const [key, inner] of Object.entries(entries)) walk(inner, path === "" ? key : `${path}.${key}`);
  };
  walk(config, "");
  return leaves;
}

/** A list whose entries have names, or of names alone, as an object; undefined for any other. */
function byName(list: readonly unknown[]): Record<string, unknown> | undefined {
  const entries = list.map((entry) => {
    const { data } = named.safeParse(entry);
    if (data === undefined) return undefined;
    const { name, ...rest } = data;
    return [name, Object.keys(rest).length === 0 ? "listed" : rest] as const;
  });
  const known = entries.filter((entry) => entry !== undefined);
  return known.length === list.length && list.length > 0 ? Object.fromEntries(known) : undefined;
}
