import { unknown } from "./place";

/**
 * What the engine hands over, as a value of our own: reading a value that is not known throws there, so that a rule would
 * end at the first one. Here it has a mark.
 */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => read(value, index));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, read(value, key)]));
}

function read(object: object, key: string | number): unknown {
  let value: unknown;
  try {
    value = Reflect.get(object, key);
  } catch (error) {
    // Its class is not exported; the words are those which people see.
    if (error instanceof Error && error.message.endsWith("can't be known during preview")) return unknown;
    throw error;
  }
  return plain(value);
}
