import { createHash } from "node:crypto";

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

import type { SecretFiles } from "./pod";

export interface SecretArgs {
  /** Secret environment variables, by name. */
  variables: Readonly<Record<string, string>>;
  /** Whether to generate an SSH key. */
  sshKey: boolean;
}

/** The workspace's Secret, for its pod; and the SSH key's public half. */
export interface WorkspaceSecret {
  resource: pulumi.Resource;
  files: SecretFiles;
  publicKey?: pulumi.Output<string> | undefined;
}

/** The Secret of a workspace that has secrets, all in one object; undefined for one that has none. */
export function workspaceSecret(
  name: string,
  metadata: { name: string; namespace: string; labels: Record<string, string> },
  { variables, sshKey }: SecretArgs,
  opts: pulumi.CustomResourceOptions,
): WorkspaceSecret | undefined {
  const names = Object.keys(variables).sort();
  if (names.length === 0 && !sshKey) return undefined;
  const key = sshKey
    ? new tls.PrivateKey(
        `${name}-ssh-key`,
        { algorithm: "ED25519" },
        { ...(opts.parent === undefined ? {} : { parent: opts.parent }) },
      )
    : undefined;
  const resource = new k8s.core.v1.Secret(
    `${name}-secret`,
    {
      metadata,
      stringData: {
        ...Object.fromEntries(names.map((variable) => [variable, pulumi.secret(variables[variable] ?? "")])),
        ...(key === undefined
          ? {}
          : { id_ed25519: pulumi.secret(key.privateKeyOpenssh), "id_ed25519.pub": key.publicKeyOpenssh }),
      },
    },
    opts,
  );
  const publicKey = key?.publicKeyOpenssh.apply((line) => `${line.trim()} ${metadata.namespace}`);
  const files = { name: metadata.name, variables: names, sshKey, hash: pulumi.secret(digest(variables)) };
  return { resource, files, publicKey };
}

const digest = (variables: Readonly<Record<string, string>>): string =>
  createHash("sha256")
    .update(JSON.stringify(Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest("hex");
