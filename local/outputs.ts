import { z } from "zod";

import { UserError, type Report } from "./errors";
import { habit } from "./habit";
import type { Platform } from "./platform";
import { openStack, preparePulumi, stackExists, type LocalStack } from "./pulumi";
import { remoteOutputs } from "./remote";

const quiet: Report = () => undefined;

/** What the program exports. */
export interface Outputs {
  /** Where each user's editor is, by the user's name. */
  urls: Record<string, string>;
  /** What each user types at sign-in, by the user's name. */
  passwords: Record<string, string>;
  /** Public halves of SSH keys, by the user's name. */
  sshKeys: Record<string, string>;
  /** The authority that browsers must trust, PEM; of several clusters each has its own, which are not here. */
  ca: string;
  /** Where each user's volumes are, by the user's name. */
  volumes: Record<string, { cluster?: string | undefined }>;
}

const outputs = z.object({
  urls: z.record(z.string(), z.string()).default({}),
  passwords: z.record(z.string(), z.string()).default({}),
  sshKeys: z.record(z.string(), z.string()).default({}),
  ca: z.string().catch(""),
  volumes: z.record(z.string(), z.object({ cluster: z.string().optional() })).default({}),
});

/**
 * What the stack's last `up` exported. Builds and starts nothing.
 *
 * @throws {UserError} when there was no `up`
 */
export async function readOutputs(platform: Platform): Promise<Outputs> {
  if (platform.cluster.kind === "existing") return outputs.parse(await remoteOutputs(platform));
  const { name } = platform.stack;
  if (!stackExists(name, name)) {
    throw new UserError(`${name} was never brought up`, `run \`${habit("up", name)}\``);
  }
  const pulumi = await preparePulumi(quiet);
  return localOutputs(await openStack({ cluster: name, stack: name, pulumi }, quiet));
}

/** Names of the users who are on this cluster since the stack's last `up`. */
export const usersOf = ({ place }: Platform, { urls, volumes }: Outputs): string[] =>
  Object.keys(urls).filter((user) => place === undefined || volumes[user]?.cluster === place.apart);

/** The outputs of an open stack. */
export async function localOutputs(stack: LocalStack): Promise<Outputs> {
  return outputs.parse(await stack.outputs({ showSecrets: true }));
}
