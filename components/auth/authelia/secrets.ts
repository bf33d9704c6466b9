import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { Store } from "../network";
import { keepers } from "../passwords";
import { paths, type Settings, type Stores } from "./configuration";

/** Versions of what is generated: a higher number is another secret. */
export interface SecretVersions {
  /** Signs sessions: everybody signs in again. */
  session: number;
  /** Signs the links that set a new password. */
  resetPassword: number;
  /** Encrypts second factors in the database. One step at a time: the step before is what it is decrypted with. */
  encryption: number;
  /** Generated passwords, by the user's name. */
  passwords: Readonly<Record<string, number>>;
}

/** Secrets that somebody else made. */
export interface GivenSecrets {
  postgresPassword: pulumi.Input<string>;
  valkeyPassword: pulumi.Input<string>;
  /** Hashes of passwords, by the user's name; who has one gets no generated password. */
  passwordHashes: Readonly<Record<string, pulumi.Input<string>>>;
  ldapPassword?: pulumi.Input<string> | undefined;
  smtpPassword?: pulumi.Input<string> | undefined;
  duoIntegrationKey?: pulumi.Input<string> | undefined;
  duoSecretKey?: pulumi.Input<string> | undefined;
}

/** The key before the newest, for the step from one to the other. No variable names it. */
export const previousKey = "previous-encryption-key";
/** The first key, which outlives a move to another kind of sign-in where the newest does not. No variable names it. */
export const firstKey = "first-encryption-key";

/** Files of the Secret, by name: each but the earlier keys is the name of a configuration key, in Authelia's manner. */
export type SecretFiles = Record<string, pulumi.Output<string>>;

/**
 * What second factors in the database are encrypted with: a resource a version, so that the one before is still there
 * to decrypt with. Every kind of sign-in keeps the first, for the database outlives a move to another kind and back.
 */
export const encryptionKey = (name: string, version: number, opts: pulumi.CustomResourceOptions) =>
  generated(`${name}-encryption-key-${version}`, 1, opts);

const generated = (resource: string, version: number, opts: pulumi.CustomResourceOptions) =>
  new random.RandomPassword(resource, { length: 64, special: false, ...keepers(version) }, opts).result;

/** Generates what Authelia needs for itself, and puts it beside what it was given. */
export function secretFiles(
  name: string,
  versions: SecretVersions,
  given: GivenSecrets,
  settings: Settings,
  opts: pulumi.CustomResourceOptions,
): SecretFiles {
  const generate = (resource: string, version: number) => generated(resource, version, opts);
  const keyOf = (version: number) => encryptionKey(name, version, opts);
  const { backend, notifier, secondFactors } = settings;
  const entries: Record<string, pulumi.Input<string> | undefined> = {
    SESSION_SECRET: generate(`${name}-session-secret`, versions.session),
    IDENTITY_VALIDATION_RESET_PASSWORD_JWT_SECRET: generate(
      `${name}-reset-password-secret`,
      versions.resetPassword,
    ),
    STORAGE_ENCRYPTION_KEY: keyOf(versions.encryption),
    ...(versions.encryption > 1 ? earlierKeys(versions.encryption, keyOf) : {}),
    STORAGE_POSTGRES_PASSWORD: given.postgresPassword,
    SESSION_REDIS_PASSWORD: given.valkeyPassword,
    AUTHENTICATION_BACKEND_LDAP_PASSWORD: backend.type === "ldap" ? given.ldapPassword : undefined,
    NOTIFIER_SMTP_PASSWORD: notifier.type === "smtp" ? given.smtpPassword : undefined,
    DUO_API_INTEGRATION_KEY: secondFactors.duo === undefined ? undefined : given.duoIntegrationKey,
    DUO_API_SECRET_KEY: secondFactors.duo === undefined ? undefined : given.duoSecretKey,
  };
  return Object.fromEntries(
    Object.entries(entries).flatMap(([file, value]) =>
      value === undefined ? [] : [[file, pulumi.secret(value)] as const],
    ),
  );
}

function earlierKeys(version: number, keyOf: (version: number) => pulumi.Output<string>) {
  const previous = keyOf(version - 1);
  return { [previousKey]: previous, [firstKey]: version === 2 ? previous : keyOf(1) };
}

/** Variables that tell Authelia where its secrets are: `AUTHELIA_SESSION_SECRET_FILE`. */
export function secretVariables(files: readonly string[]): { name: string; value: string }[] {
  return files
    .filter((file) => file !== previousKey && file !== firstKey)
    .map((file) => ({ name: `AUTHELIA_${file}_FILE`, value: `${paths.secrets}/${file}` }));
}

/** Stores, as the platform hands them over: what is in the configuration, the passwords, which are not, and the way. */
export interface StoreArgs {
  postgres: Stores["postgres"] & Store & { password: pulumi.Input<string> };
  valkey: Stores["valkey"] & Store & { password: pulumi.Input<string> };
}
