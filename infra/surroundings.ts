import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { z } from "zod";

import type { Surroundings } from "./checks";
import { secretKeys } from "./schema";

/** What the config of this run is held against. */
export async function surroundings(): Promise<Surroundings> {
  const secret = new Set(secretConfigKeys());
  return {
    isSecret: (key) => secret.has(`${pulumi.getProject()}:${key}`),
    openSecrets: openSecrets(join(__dirname, `../stacks/Pulumi.${pulumi.getStack()}.yaml`)),
    ...(await sizesOfLastUp()),
    imageExtensions: imageExtensions(),
  };
}

/** The config's encrypted keys, as the engine tells its program; the SDK has no public name for them. */
function secretConfigKeys(): string[] {
  return z.array(z.string()).parse(JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]"));
}

/**
 * Places below secret keys that are not encrypted in a stack's file. The engine calls a whole key secret as soon as one
 * value in it is.
 */
export function openSecrets(file: string): string[][] {
  if (!existsSync(file)) return [];
  const stack = z.looseObject({ config: z.record(z.string(), z.unknown()).default({}) });
  const { config } = stack.catch({ config: {} }).parse(parse(readFileSync(file, "utf8")));
  const below = (value: unknown, path: string[]): string[][] => {
    if (value === undefined) return [];
    const inner = z.record(z.string(), z.unknown()).safeParse(value).data;
    if (inner === undefined) return [path];
    return "secure" in inner
      ? []
      : Object.entries(inner).flatMap(([key, each]) => below(each, [...path, key]));
  };
  return secretKeys.flatMap((key) => below(config[`vibecode:${key}`], [key]));
}

const volumes = z.record(
  z.string(),
  z.object({ home: z.string(), extensions: z.string(), cluster: z.string().optional() }),
);

const sizes = z.record(z.string(), z.string());

/**
 * Sizes of the volumes that this stack's last `up` left: the stack reads its own outputs. None before the first `up`,
 * nor of one by a version that did not export them; the API server refuses to shrink a volume in any case, only later
 * and one at a time.
 */
async function sizesOfLastUp(): Promise<Pick<Surroundings, "volumes" | "sharedVolumes">> {
  const self = new pulumi.StackReference("last-up", {
    name: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  });
  const output = async (name: string): Promise<unknown> => (await self.getOutputDetails(name)).value;
  return {
    volumes: volumes.catch({}).parse(await output("volumes")),
    sharedVolumes: sizes.catch({}).parse(await output("sharedVolumes")),
  };
}

const folder = join(__dirname, "../workspace-image/extensions");

/** Extensions that lie in the image, `publisher.name@version`: files named `<publisher>.<name>-<version>.vsix`. */
export function imageExtensions(): string[] {
  return readdirSync(folder)
    .map((file) => /^(.+)-(\d+\.\d+\.\d+.*)\.vsix$/.exec(file))
    .flatMap((match) => (match === null ? [] : [`${match[1] ?? ""}@${match[2] ?? ""}`]))
    .sort();
}
