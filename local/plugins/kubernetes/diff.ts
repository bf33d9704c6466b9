import { formatPath, isList, isObject, unknown } from "../server";
import type { Diff, DiffKind, Path, PropertyMap } from "../server";
import { deletesFirst, needsReplacement } from "./replace";
import type { Mutable } from "./replace";

export interface Change {
  path: Path;
  kind: DiffKind;
}

/** Where two inputs differ, leaf by leaf; lists by index, as the API server would be sent them. */
export function changes(old: unknown, now: unknown, path: Path = []): Change[] {
  if (old === now) return [];
  if (old === undefined || old === null)
    return now === undefined || now === null ? [] : [{ path, kind: "add" }];
  if (now === undefined || now === null) return [{ path, kind: "delete" }];
  if (isList(old) && isList(now)) {
    const length = Math.max(old.length, now.length);
    return Array.from({ length }, (_, index) => changes(old[index], now[index], [...path, index])).flat();
  }
  if (isObject(old) && isObject(now)) {
    const keys = new Set([...Object.keys(old), ...Object.keys(now)].filter((key) => !key.startsWith("__")));
    return [...keys].flatMap((key) => changes(old[key], now[key], [...path, key]));
  }
  return [{ path, kind: "update" }];
}

/** What a change leads from, or to. */
const valueAt = (properties: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    properties,
  );

export interface DiffOptions extends Mutable {
  /**
   * Take what is not known, in the state or in the program, for what it was: the state came without its secrets, so that
   * nobody can tell.
   */
  passUnknown?: boolean;
}

/** What an `up` with new inputs would do to the object made from the old ones. */
export function diffInputs(old: PropertyMap, now: PropertyMap, mutable: DiffOptions): Diff {
  const isPassed = ({ path }: Change) =>
    mutable.passUnknown === true && [old, now].some((side) => valueAt(side, path) === unknown);
  const found = changes(old, now).filter((change) => !isPassed(change));
  const replaces = needsReplacement(old, mutable);
  const detailed = found.map(
    ({ path, kind }) => [formatPath(path), { kind, replace: replaces(path) }] as const,
  );
  const replaced = detailed.filter(([, { replace }]) => replace).map(([path]) => path);
  return {
    changes: found.length > 0,
    replaces: replaced,
    deleteBeforeReplace: replaced.length > 0 && deletesFirst(old, now),
    detailedDiff: Object.fromEntries(detailed),
  };
}
