import type * as k8s from "@pulumi/kubernetes";

import type { SignInPlace } from "./sign-in";

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;

export interface NetworkArgs extends Pick<SignInPlace, "ingressNamespace" | "dns"> {
  /** Labels that find the pods this is about. */
  selector: Record<string, string>;
  port: number;
  /** Stores: pods of the same namespace by label, or any address where they are not the platform's own. */
  stores: readonly Store[];
  /** Ports of servers outside, such as a directory's; their addresses are not known. */
  outside: readonly number[];
}

/** A store as a network policy sees it. */
export interface Store {
  /** Labels of its pods in the namespace of sign-in; absent where it runs elsewhere. */
  pods?: Record<string, string> | undefined;
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
  const kubeDns = { ...namespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } };
  const open = [
    ...args.outside,
    ...args.stores.flatMap(({ pods, port }) => (pods === undefined ? [port] : [])),
  ];
  return {
    podSelector: { matchLabels: args.selector },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ from: [traefik], ports: [tcp(args.port)] }],
    egress: [
      {
        to: [kubeDns, ...args.dns.map((cidr) => ({ ipBlock: { cidr } }))],
        ports: [{ protocol: "UDP", port: 53 }, tcp(53)],
      },
      ...args.stores.flatMap(({ pods, port }) =>
        pods === undefined ? [] : [{ to: [{ podSelector: { matchLabels: pods } }], ports: [tcp(port)] }],
      ),
      // By port alone: a policy knows no names. Sign-in runs nobody's code, unlike a workspace.
      ...(open.length === 0 ? [] : [{ ports: [...new Set(open)].sort((a, b) => a - b).map(tcp) }]),
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
