import type * as k8s from "@pulumi/kubernetes";

import { fromScrapers } from "../scraper";
import type { SignInPlace } from "./sign-in";

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;

export interface NetworkArgs extends Pick<SignInPlace, "ingressNamespace" | "dns" | "scrapers"> {
  /** Labels that find the pods this is about. */
  selector: Record<string, string>;
  port: number;
  metricsPort?: number;
  /** Stores: pods of the same namespace by label, or ranges of addresses where they are not the platform's own. */
  stores: readonly Store[];
  /** Ports of servers outside, such as a directory's; their addresses are not known. */
  outside: readonly number[];
}

/** A store as a network policy sees it. */
export interface Store {
  /** Labels of its pods in the namespace of sign-in; absent where it runs elsewhere. */
  pods?: Record<string, string> | undefined;
  /** Ranges in CIDR notation instead. */
  addresses?: readonly string[];
  port: number;
}

const tcp = (port: number) => ({ protocol: "TCP", port });

/** Only Traefik reaches sign-in, and sign-in reaches its stores, names, and the servers it was told of. */
export function networkPolicy(args: NetworkArgs): Spec {
  const namespace = (name: string) => ({
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
  });
  const traefik = {
    ...namespace(args.ingressNamespace),
    podSelector: { matchLabels: { "app.kubernetes.io/name": "traefik" } },
  };
  const block = (cidr: string) => ({ ipBlock: { cidr } });
  const outside = [...new Set(args.outside)].sort((a, b) => a - b);
  const kubeDns = { ...namespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } };
  return {
    podSelector: { matchLabels: args.selector },
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      { from: [traefik], ports: [tcp(args.port)] },
      ...(args.metricsPort === undefined ? [] : fromScrapers(args.scrapers ?? [], args.metricsPort)),
    ],
    egress: [
      {
        to: [kubeDns, ...args.dns.map(block)],
        ports: [{ protocol: "UDP", port: 53 }, tcp(53)],
      },
      ...args.stores.map(({ pods, addresses = [], port }) => {
        if (pods === undefined && addresses.length === 0) throw new Error("a store is nowhere");
        const peers = pods === undefined ? addresses.map(block) : [{ podSelector: { matchLabels: pods } }];
        return { to: peers, ports: [tcp(port)] };
      }),
      // By port alone: a policy knows no names. Sign-in runs nobody's code, unlike a workspace.
      ...(outside.length === 0 ? [] : [{ ports: outside.map(tcp) }]),
    ],
  };
}

/** The port of an address such as `ldaps://ldap.example.com` or `https://id.example.com:8443/realm`. */
export function portOf(address: string): number {
  const usual: Record<string, number> = {
    http: 80,
    https: 443,
    ldap: 389,
    ldaps: 636,
    smtp: 25,
    submission: 587,
    submissions: 465,
  };
  const [, scheme = "", port] = /^([a-z]+):\/\/[^/]*?(?::(\d+))?(?:\/|$)/.exec(address) ?? [];
  const found = port === undefined ? usual[scheme] : Number(port);
  if (found === undefined) throw new Error(`${address} has no known port`);
  return found;
}
