import { readdirSync } from "node:fs";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import type { Surroundings, Volumes } from "./checks";

/** What the config of this run is held against. */
export async function surroundings(): Promise<Surroundings> {
  const secret = new Set(secretConfigKeys());
  return {
    isSecret: (key) => secret.has(`${pulumi.getProject()}:${key}`),
    volumes: await volumesOfLastUp(),
    imageExtensions: imageExtensions(),
  };
}

/** The config's encrypted keys, as the engine tells its program; the SDK has no public name for them. */
function secretConfigKeys(): string[] {
  return z.array(z.string()).parse(JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]"));
}

const volumes = z.record(z.string(), z.object({ home: z.string(), extensions: z.string() }));

/**
 * Sizes of the volumes that this stack's last `up` left, by user: the stack reads its own outputs. None before the
 * first `up`; the API server refuses to shrink a volume in any case, only later and one at a time.
 */
async function volumesOfLastUp(): Promise<Record<string, Volumes>> {
  const self = new pulumi.StackReference("last-up", {
    name: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  });
  const output: unknown = (await self.getOutputDetails("volumes")).value;
  return volumes.catch({}).parse(output);
}

const folder = join(__dirname, "../workspace-image/extensions");

/** Extensions that lie in the image, `publisher.name@version`: files named `<publisher>.<name>-<version>.vsix`. */
export function imageExtensions(): string[] {
  return readdirSync(folder)
    .map((file) => /^(.+)-(\d+\.\d+\.\d+.*)\.vsix$/.exec(file))
    .flatMap((match) => (match === null ? [] : [`${match[1] ?? ""}@${match[2] ?? ""}`]))
    .sort();
}
