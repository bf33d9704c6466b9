import { stringify } from "yaml";

import type { Person } from "../sign-in";

/** A person, and what a password of theirs must match. */
export interface Account extends Person {
  /** bcrypt, argon2id, scrypt, pbkdf2 or sha2crypt, as `authelia crypto hash generate` prints it. */
  hash: string;
}

/** Authelia's file of users. */
export function usersFile(accounts: readonly Account[]): string {
  const users = accounts.map(({ name, fullName, email, hash, groups }) => [
    name,
    { disabled: false, displayname: fullName, password: hash, email, groups: memberships(groups) },
  ]);
  // Sorted: the order of a stack's users changes nothing.
  return stringify({ users: Object.fromEntries(users) as unknown }, { sortMapEntries: true });
}

/** Everybody is one of the users but a guest, who reaches what a rule gives to guests. */
export function memberships(groups: readonly string[]): string[] {
  return [...new Set([...groups, ...(groups.includes("guests") ? [] : ["users"])])].sort();
}
