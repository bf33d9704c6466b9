import { isObject } from "../server";
import type { Path, PropertyMap } from "../server";
import { at, listAt, withAt } from "./objects";

/** The engine's path syntax: `spec.containers[0].image`, `metadata.labels["a.b/c"]`. */
export function parsePath(text: string): Path {
  return [...text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) =>
      quoted?.replaceAll('\\"', '"') ?? (index === undefined ? (plain ?? "") : Number(index)),
  );
}

/** Whether somebody else, and not this manager, is written down as the owner of a field. */
function isOthers(live: PropertyMap, path: Path, manager: string): boolean {
  const keys = path.map((key) => `f:${key}`);
  const owners = listAt(live, "metadata", "managedFields")
    .filter(isObject)
    .filter((entry) => at(entry["fieldsV1"], ...keys) !== undefined)
    .map((entry) => entry["manager"]);
  return owners.length > 0 && !owners.includes(manager);
}

/**
 * The inputs with ignored properties as the cluster has them: sent as they were last applied, they would undo what
 * others have changed. A field that is others' alone is left out, so that it stays theirs.
 */
export function withIgnored(
  inputs: PropertyMap,
  live: PropertyMap,
  ignored: string[],
  manager: string,
): PropertyMap {
  return ignored.reduce<PropertyMap>((result, text) => {
    const path = parsePath(text);
    if (path.length === 0 || path.some((key) => Number.isNaN(key)) || at(result, ...path) === undefined)
      return result;
    const value = at(live, ...path);
    if (value === undefined) return result;
    const changed = withAt(result, path, isOthers(live, path, manager) ? undefined : value);
    return isObject(changed) ? changed : result;
  }, inputs);
}
