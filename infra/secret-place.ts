import { secretKeys, secretPlaces, shape } from "./schema";

/** Every place that a secret of a stack's config may have: `claudeToken`, `secretEnv.<user>.<NAME>`, ... */
export const secretPatterns: readonly string[] = secretKeys.map((key) =>
  [key, secretPlaces[key] ?? []].flat().join("."),
);

/** Wrong places, not wrong values. */
const ofPlace = ["unrecognized_keys", "invalid_key", "invalid_type"];

/**
 * Judges one secret by itself, before it is kept: the whole config would refuse it only at the next `up`.
 *
 * @param place its path below the config's namespace: `authSecrets.smtpPassword`
 * @param value absent: the place alone is judged
 * @returns what is wrong; nothing where it is right
 */
export function judgeSecret(place: string, value?: string): string[] {
  const [key = "", ...path] = place.split(".");
  const schema = Object.entries(shape.shape).find(([name]) => name === key && secretKeys.includes(name))?.[1];
  if (schema === undefined) return [`${place} is no place for a secret`];
  const nested = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value ?? "x");
  const { error } = schema.safeParse(nested);
  return (error?.issues ?? [])
    .filter(({ code }) => value !== undefined || ofPlace.includes(code))
    .map(({ code, message }) =>
      ofPlace.includes(code) ? `${place} is no place for a secret: ${message}` : `${place} ${message}`,
    );
}
