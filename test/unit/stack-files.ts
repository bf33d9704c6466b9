import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { minimal } from "./mocks";

/** The stacks of this project, and those of them that are on a cloud. */
export const stacks = ["local", "kind", "dev", "staging", "production"];
export const clouds = ["dev", "staging", "production"];

/** A stack's file. */
export const stackFile = (stack: string): string =>
  readFileSync(join(__dirname, `../../stacks/Pulumi.${stack}.yaml`), "utf8");

const file = z.object({ config: z.record(z.string(), z.unknown()) });

/** What the command for local stacks adds; the cloud's name their own. */
const added = { cluster: minimal.cluster, images: minimal.images };

/** A stack's config, less the namespace of its keys. */
export function stackConfig(stack: string): Record<string, unknown> {
  const own = Object.entries(file.parse(parse(stackFile(stack))).config);
  return {
    ...added,
    ...Object.fromEntries(own.map(([key, value]) => [key.replace(/^vibecode:/, ""), value])),
  };
}
