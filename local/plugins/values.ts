import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** A resource's properties as plain JSON: secrets are unwrapped, a value not known yet is {@link unknown}. */
export type PropertyMap = Record<string, unknown>;

/** Where a value lies inside a property map: keys of objects and indexes of lists. */
export type Path = readonly (string | number)[];

/** What the engine puts in place of a value that only an `up` will tell. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** A value to be kept encrypted in the stack's state. Providers return it; they are never given one. */
export class Secret {
  constructor(readonly value: unknown) {}
}

/** Marks a value a provider returns as secret. */
export const secret = (value: unknown): Secret => new Secret(value);

export const isObject = (value: unknown): value is PropertyMap =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Secret);

/** An array of anything: `Array.isArray` alone would make it an array of `any`. */
export const isList = (value: unknown): value is unknown[] => Array.isArray(value);

/** Whether a value not known yet lies anywhere inside. */
export function hasUnknown(value: unknown): boolean {
  if (value === unknown) return true;
  if (value instanceof Secret) return hasUnknown(value.value);
  if (isList(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}

/** Properties from the engine, and the paths of those that came as secrets. */
export interface Decoded {
  properties: PropertyMap;
  secrets: Path[];
}

export function decode(struct: Struct | undefined): Decoded {
  const secrets: Path[] = [];
  const path: (string | number)[] = [];
  const inside = (key: string | number, value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    path.push(key);
    const opened = unwrap(value);
    path.pop();
    return opened;
  };
  // What comes out of the message is nobody else's: it is opened in place.
  const unwrap = (value: unknown): unknown => {
    if (isList(value)) {
      for (const [index, item] of value.entries()) value[index] = inside(index, item);
      return value;
    }
    if (!isObject(value)) return value;
    if (value[signatureKey] === secretSignature) {
      secrets.push([...path]);
      return unwrap(value["value"]);
    }
    for (const [key, item] of Object.entries(value)) value[key] = inside(key, item);
    return value;
  };
  const properties = unwrap(struct?.toJavaScript() ?? {});
  return { properties: isObject(properties) ? properties : {}, secrets };
}

function markSecrets(value: unknown, paths: Path[]): unknown {
  if (paths.length === 0 || value instanceof Secret) return value;
  if (paths.some((path) => path.length === 0)) return value === undefined ? value : secret(value);
  const below = (key: string | number) =>
    paths.filter(([head]) => head === key).map(([, ...rest]): Path => rest);
  if (isList(value)) return value.map((item, index) => markSecrets(item, below(index)));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, markSecrets(item, below(key))]));
}

/** Makes every value that lies at one of the paths secret, unless something around it is already. */
export function withSecrets(properties: PropertyMap, paths: Path[]): PropertyMap {
  const marked = markSecrets(properties, paths);
  return isObject(marked) ? marked : properties;
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

function wrapAll(properties: PropertyMap): { [key: string]: Json } {
  const known = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([key, value]) => [key, wrap(value)]));
}

function wrap(value: unknown): Json {
  if (value instanceof Secret) return { [signatureKey]: secretSignature, value: wrap(value.value) };
  if (isList(value)) return value.map(wrap);
  if (isObject(value)) return wrapAll(value);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

/** Properties for the engine; what lies at one of the paths of `secrets` is made secret. */
export function encode(properties: PropertyMap, secrets: Path[] = []): Struct {
  return Struct.fromJavaScript(wrapAll(withSecrets(properties, secrets)));
}
