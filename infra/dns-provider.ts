import { z } from "zod";

import type { DnsProvider } from "../components/dns-provider";
import type { Mistake } from "./checks";
import { keys } from "./values";

const projectMessage = "must be the ID of a Google Cloud project";

/** Who serves the zone of the domain: `certificates.provider`, `dns.provider`. */
export const dnsProvider = z
  .discriminatedUnion("type", [
    keys({ type: z.literal("cloudflare") }),
    keys({
      type: z.literal("route53"),
      region: z
        .string()
        .regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, { error: "must be a region such as eu-central-1" })
        .default("us-east-1"),
      role: z
        .string()
        .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, {
          error: "must be the ARN of an IAM role: arn:aws:iam::<account>:role/<name>",
        })
        .optional()
        .describe("IAM role that trusts the pod's ServiceAccount (IRSA)"),
      accessKeyId: z
        .string()
        .regex(/^[A-Z0-9]{16,128}$/, { error: "must be the ID of an access key" })
        .optional()
        .describe("Instead of a role; its secret is awsSecretAccessKey"),
    }).refine(({ role, accessKeyId }) => role === undefined || accessKeyId === undefined, {
      path: ["accessKeyId"],
      error: "must be left out with role: the pod has one identity",
    }),
    keys({
      type: z.literal("google"),
      project: z
        .string({ error: projectMessage })
        .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, { error: projectMessage })
        .describe("The project that the zone is in"),
      serviceAccount: z
        .string()
        .regex(/^[a-z0-9-]+@[a-z0-9.-]+\.iam\.gserviceaccount\.com$/, {
          error: "must be a Google service account: <name>@<project>.iam.gserviceaccount.com",
        })
        .optional()
        .describe("Whom the pod's ServiceAccount may act as; itself when absent"),
    }),
  ])
  .describe("Who serves the domain's zone. Without a token or key, the cloud knows the pod's ServiceAccount");

type Settings = z.infer<typeof dnsProvider>;

const secret = z.string().min(1).optional();

/** Tokens and keys by which the provider knows a pod. */
export const dnsProviderSecrets = {
  cloudflareToken: secret.describe("With Zone.Zone:Read and Zone.DNS:Edit for the zone"),
  awsSecretAccessKey: secret.describe("Of provider.accessKeyId"),
  googleKey: secret.describe("A service account's key, JSON, in place of provider.serviceAccount"),
};

export type DnsProviderSecrets = {
  [Name in keyof typeof dnsProviderSecrets]: string | undefined;
};

/** Secrets that the provider has no use for, and those that it lacks. */
export function providerMistakes(
  provider: Settings,
  secrets: Partial<DnsProviderSecrets>,
  places: { provider: string; secrets: string },
): Mistake[] {
  const wanted: Record<keyof DnsProviderSecrets, "needed" | "possible" | "unused"> = {
    cloudflareToken: provider.type === "cloudflare" ? "needed" : "unused",
    awsSecretAccessKey:
      provider.type === "route53" && provider.accessKeyId !== undefined ? "needed" : "unused",
    googleKey: provider.type === "google" && provider.serviceAccount === undefined ? "possible" : "unused",
  };
  const names = ["cloudflareToken", "awsSecretAccessKey", "googleKey"] as const;
  return names.flatMap((name): Mistake[] => {
    const path = [places.secrets, name];
    if (wanted[name] === "needed" && secrets[name] === undefined)
      return [
        {
          path,
          message: `must be what ${provider.type} knows the platform by: set it with \`pulumi config set --secret --path 'vibecode:${path.join(".")}'\``,
        },
      ];
    return wanted[name] === "unused" && secrets[name] !== undefined
      ? [{ path, message: `must go: ${places.provider} has no use for it`, unused: true }]
      : [];
  });
}

/** The provider as components take it; the config was checked before. */
export function providerOf(provider: Settings, secrets: Partial<DnsProviderSecrets>): DnsProvider {
  switch (provider.type) {
    case "cloudflare":
      return { type: provider.type, token: known(secrets.cloudflareToken) };
    case "route53": {
      const { accessKeyId: id, ...rest } = provider;
      return id === undefined ? rest : { ...rest, key: { id, secret: known(secrets.awsSecretAccessKey) } };
    }
    case "google":
      return { ...provider, key: secrets.googleKey };
  }
}

function known(value: string | undefined): string {
  if (value === undefined) throw new Error("secrets were checked before");
  return value;
}
