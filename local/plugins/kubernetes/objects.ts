import { isList, isObject } from "../values";
import type { Path, PropertyMap } from "../values";

/** What lies at a path, `undefined` where nothing does. */
export function at(value: unknown, ...path: Path): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (typeof key === "number") return isList(inner) ? inner[key] : undefined;
    return isObject(inner) ? inner[key] : undefined;
  }, value);
}

export const objectAt = (value: unknown, ...path: Path): PropertyMap => {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
};

export const listAt = (value: unknown, ...path: Path): unknown[] => {
  const found = at(value, ...path);
  return isList(found) ? found : [];
};

export const textAt = (value: unknown, ...path: Path): string | undefined => {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
};

export const numberAt = (value: unknown, ...path: Path): number | undefined => {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
};

export const annotation = (object: unknown, key: string): string | undefined =>
  textAt(object, "metadata", "annotations", key);

export const without = (object: PropertyMap, key: string): PropertyMap =>
  Object.fromEntries(Object.entries(object).filter(([each]) => each !== key));

/** A copy with another value at the path; `undefined` takes the key away. */
export function withAt(value: unknown, [head, ...rest]: Path, item: unknown): unknown {
  if (head === undefined) return item;
  if (typeof head === "number") {
    const list = isList(value) ? value : [];
    return list.map((old, index) => (index === head ? withAt(old, rest, item) : old));
  }
  const object = isObject(value) ? value : {};
  const { [head]: old, ...others } = object;
  const changed = withAt(old, rest, item);
  return changed === undefined ? others : { ...others, [head]: changed };
}

/** Without what the API does not know: null stands for "not given". */
export function prune(value: unknown): unknown {
  if (isList(value)) return value.map(prune);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === null || item === undefined || key.startsWith("__") ? [] : [[key, prune(item)]],
    ),
  );
}

/** `apps/v1 Deployment ws-alice/code-server`, for messages. */
export function describe(object: PropertyMap): string {
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name") ?? "";
  const full = namespace === undefined ? name : `${namespace}/${name}`;
  return `${String(object["apiVersion"])} ${String(object["kind"])} ${full}`;
}
