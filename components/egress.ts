import type * as k8s from "@pulumi/kubernetes";

type Rule = k8s.types.input.networking.v1.NetworkPolicyEgressRule;

const tcp = (port: number) => ({ protocol: "TCP", port });

export const blocks = (cidrs: readonly string[]) => cidrs.map((cidr) => ({ ipBlock: { cidr } }));

/**
 * The way to the cluster's names.
 *
 * @param resolvers besides the pods of kube-dns, as CIDRs: a cache on each node, `169.254.20.10/32`
 */
export function toDns(resolvers: readonly string[]): Rule {
  const dnsPods = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
    podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
  };
  return { to: [dnsPods, ...blocks(resolvers)], ports: [{ protocol: "UDP", port: 53 }, tcp(53)] };
}

/**
 * The way to the API server, on its usual ports: 443 where a cloud runs it, 6443 elsewhere.
 *
 * @param addresses where it answers, after its Service's address was translated, as CIDRs; empty: wherever its ports
 * answer
 */
export function toApiServer(addresses: readonly string[]): Rule {
  const ports = [tcp(443), tcp(6443)];
  return addresses.length === 0 ? { ports } : { to: blocks(addresses), ports };
}

/** The way to services on the internet. A policy knows no names, so it is open by port alone: for our own pods only. */
export const toHttps: Rule = { ports: [tcp(443)] };
