import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/**
 * A generated password a user. Its name does not tell the kind of sign-in, so that passwords outlive a move from one
 * kind to another.
 *
 * @param versions a number a user: a higher one is another password. Default: 1. A kind that has none leaves each
 * password as the kind before it made it.
 */
export function generatePasswords(
  name: string,
  users: readonly string[],
  versions: Readonly<Record<string, number>> | undefined,
  opts: pulumi.CustomResourceOptions,
): { user: string; password: random.RandomPassword }[] {
  return users.map((user) => ({
    user,
    password: new random.RandomPassword(
      `${name}-${user}`,
      // 24 letters and digits are 142 bits. No punctuation: a double click selects all of it.
      { length: 24, special: false, ...keepers(versions?.[user] ?? 1) },
      versions === undefined ? { ...opts, ignoreChanges: ["keepers"] } : opts,
    ),
  }));
}

/** The first version has none, as passwords that were made before there were versions. */
export function keepers(version: number): { keepers?: Record<string, string> } {
  return version === 1 ? {} : { keepers: { version: String(version) } };
}
