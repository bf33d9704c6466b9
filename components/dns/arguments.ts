import type { DnsProvider } from "../dns-provider";

export interface ArgumentsArgs {
  /** The stack's domain: no record elsewhere is seen or touched. */
  domain: string;
  /** The zone that the domain is in: itself, or a domain above it. */
  zone: string;
  /** `upsert-only` never deletes a record; `sync` deletes its own when the load balancer goes. */
  policy: "upsert-only" | "sync";
  provider: DnsProvider;
  /** Where the load balancer's Service is. */
  ingressNamespace: string;
}

/** Where the process answers whether it lives. */
export const port = 7979;

/** Spelled out: releases differ in what they take when nothing is said, and one that reads no annotation deletes. */
const prefix = "external-dns.kubernetes.io/";

/**
 * What the load balancer's Service says: one record for all hosts below the domain, sign-in's and forwarded ports'
 * among them, so that a user who comes waits for no name server. A record of its own would end it for that host.
 */
export const dnsAnnotations = (domain: string): Record<string, string> => ({
  [`${prefix}hostname`]: `*.${domain}`,
});

/** ExternalDNS's command line. */
export function dnsArguments(args: ArgumentsArgs): string[] {
  const { domain, zone, policy, provider } = args;
  return [
    "--source=service",
    `--namespace=${args.ingressNamespace}`,
    // The other kinds would need the right to read nodes and pods.
    "--service-type-filter=LoadBalancer",
    `--annotation-prefix=${prefix}`,
    // A list of suffixes would not find a zone above the domain, or would find all that is in it.
    `--regex-domain-filter=^(?:${escaped(zone)}|(?:.+\\.)?${escaped(domain)})$`,
    `--policy=${policy}`,
    "--registry=txt",
    // No two stacks have one domain, so none touches a record of another's.
    `--txt-owner-id=vibecode-${domain}`,
    // The names beside the record that say whose it is; no user's name has an underscore, so they hide no workspace.
    "--txt-prefix=_%{record_type}-",
    "--txt-wildcard-replacement=wildcard",
    "--events",
    "--interval=5m",
    "--log-format=json",
    `--metrics-address=:${port}`,
    ...providerArguments(provider),
  ];
}

function providerArguments(provider: DnsProvider): string[] {
  switch (provider.type) {
    case "cloudflare":
      return ["--provider=cloudflare"];
    case "route53":
      return ["--provider=aws", "--aws-zone-type=public"];
    case "google":
      return ["--provider=google", `--google-project=${provider.project}`, "--google-zone-visibility=public"];
  }
}

const escaped = (domain: string): string => domain.replaceAll(".", "\\.");
