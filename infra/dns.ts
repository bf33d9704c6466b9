import { z } from "zod";

import { dnsAnnotations, type DnsArgs } from "../components/dns";
import { ingressNamespace, type Exposure } from "../components/ingress";
import type { Mistake } from "./checks";
import type { Place } from "./config";
import { dnsProvider, dnsProviderSecrets, providerMistakes, providerOf } from "./dns-provider";
import { domain, keys } from "./values";

/** `vibecode:dns`: who keeps the record that leads to the load balancer. */
export const dns = z.discriminatedUnion("kind", [
  keys({ kind: z.literal("none") }),
  keys({
    kind: z.literal("external-dns"),
    provider: dnsProvider,
    zone: domain.optional().describe("The zone that the domain is in; the domain itself when absent"),
    policy: z
      .enum(["upsert-only", "sync"])
      .default("upsert-only")
      .describe("upsert-only never deletes a record; sync deletes it with the load balancer"),
  }),
]);

/** `vibecode:dnsSecrets`. Secret as a whole. */
export const dnsSecrets = keys(dnsProviderSecrets);

const around = z.looseObject({
  domain: z.string().optional().catch(undefined),
  dns: dns.optional().catch(undefined),
  dnsSecrets: dnsSecrets.default({}).catch({}),
  ingress: z
    .looseObject({ exposure: z.looseObject({ type: z.unknown() }).optional().catch(undefined) })
    .optional()
    .catch(undefined),
});

/** What holds between DNS and the rest of a stack's config. Values that are wrong by themselves are passed over. */
export function dnsMistakes(values: Record<string, unknown>): Mistake[] {
  const { domain, dns, dnsSecrets, ingress } = around.parse(values);
  if (dns?.kind !== "external-dns") return [];
  const { provider, zone } = dns;
  return [
    ...(domain === undefined || zone === undefined || domain === zone || domain.endsWith(`.${zone}`)
      ? []
      : [{ path: ["dns", "zone"], message: `must be ${domain}, or a domain above it` }]),
    ...(ingress?.exposure?.type === "NodePort"
      ? [
          {
            path: ["dns", "kind"],
            message: "must be none with ingress.exposure NodePort: there is no load balancer to lead to",
          },
        ]
      : []),
    ...providerMistakes(provider, dnsSecrets, { provider: "dns.provider", secrets: "dnsSecrets" }),
  ];
}

/** ExternalDNS as the component takes it, where a stack has it. */
export function dnsOf(config: Place): DnsArgs | undefined {
  const { dns, domain } = config;
  if (dns.kind === "none") return undefined;
  return {
    image: config.images.externalDns,
    domain,
    zone: dns.zone ?? domain,
    policy: dns.policy,
    provider: providerOf(dns.provider, config.dnsSecrets),
    ingressNamespace,
    nodeSelector: config.ingress.nodeSelector,
    network: config.cluster.network,
  };
}

/** How the world reaches the cluster, with what the load balancer says for a record to lead to it. */
export function exposureOf({ dns, domain, ingress: { exposure } }: Place): Exposure {
  return exposure.type === "NodePort" || dns.kind === "none"
    ? exposure
    : { ...exposure, annotations: { ...exposure.annotations, ...dnsAnnotations(domain) } };
}
