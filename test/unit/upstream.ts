import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

/** Where others' own schemas lie; they are not ours to keep, so what needs them is skipped where they are not. */
export const upstreamFolder =
  process.env["UPSTREAM_SCHEMAS"] ?? join(__dirname, "../../../shared/data/schemas");

const isRequirement = (one: unknown): boolean =>
  typeof one === "object" &&
  one !== null &&
  Object.keys(one).every((key) => ["required", "title"].includes(key));

/** Authelia's own schemas of 4.39. */
export function autheliaSchema(name: "configuration" | "user-database") {
  const text = readFileSync(join(upstreamFolder, `authelia-4.39-${name}.json`), "utf8");
  // zod reads `oneOf` with nothing but required keys as any object, twice; a test of its own stands in for it.
  const read: unknown = JSON.parse(text, (key, value: unknown) =>
    key === "oneOf" && Array.isArray(value) && value.every((one) => isRequirement(one)) ? undefined : value,
  );
  return z.fromJSONSchema(z.record(z.string(), z.json()).parse(read));
}

export const hasAutheliaSchemas = existsSync(join(upstreamFolder, "authelia-4.39-configuration.json"));
