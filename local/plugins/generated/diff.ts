import { isDeepStrictEqual } from "node:util";
import { unknown } from "../server";
import type { Diff, DiffKind, PropertyMap } from "../server";
import type { Kind } from "./kind";

/**
 * Compares what the state holds with what the program wants, defaults filled in on both sides: to spell out a
 * default is no change. Everything but the kind's `inPlace` arguments is a replacement, since a made value
 * cannot be changed. A value that is not known yet counts as changed.
 */
export function difference(
  kind: Kind,
  { olds, oldInputs, news }: { olds: PropertyMap; oldInputs: PropertyMap; news: PropertyMap },
): Diff {
  const wanted = kind.complete(news);
  const had = kind.complete(oldInputs);
  const names = new Set([...Object.keys(wanted), ...Object.keys(had)]);
  // A state without its secrets cannot tell whether they changed.
  const isSame = (name: string) =>
    olds[name] === unknown || isDeepStrictEqual(olds[name] ?? undefined, wanted[name]);
  const changed = [...names].filter((name) => !isSame(name));

  const aged = kind.aged({ ...olds, ...wanted });
  const renewed = Object.keys(aged).filter((name) => aged[name] !== false);

  const replaces = [...changed.filter((name) => !kind.inPlace.includes(name)), ...renewed];
  const detailedDiff = Object.fromEntries(
    changed.map((name) => [name, { kind: change(name, oldInputs, news), replace: replaces.includes(name) }]),
  );
  return { changes: changed.length + renewed.length > 0, replaces, detailedDiff };
}

function change(name: string, oldInputs: PropertyMap, news: PropertyMap): DiffKind {
  if (oldInputs[name] === undefined && news[name] !== undefined) return "add";
  if (oldInputs[name] !== undefined && news[name] === undefined) return "delete";
  return "update";
}
