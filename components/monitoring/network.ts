import type * as k8s from "@pulumi/kubernetes";

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
export type IngressRule = k8s.types.input.networking.v1.NetworkPolicyIngressRule;
export type EgressRule = k8s.types.input.networking.v1.NetworkPolicyEgressRule;

const tcp = (port: number) => ({ protocol: "TCP", port });

/** Pods elsewhere in the cluster. */
export interface Target {
  namespace: string;
  pods: Readonly<Record<string, string>>;
  port: number;
}

const peer = ({ namespace, pods }: Omit<Target, "port">) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  podSelector: { matchLabels: { ...pods } },
});

/** Nothing comes into a namespace and nothing leaves it, but what its other policies say. */
export const closed: Spec = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

/** What one server's pods may be asked by, and whom they may ask. */
export const border = (pods: Record<string, string>, ingress: IngressRule[], egress: EgressRule[]): Spec => ({
  podSelector: { matchLabels: pods },
  policyTypes: ["Ingress", "Egress"],
  ingress,
  egress,
});

/** Lets these pods in, at a port of one's own. */
export const from = (who: readonly Omit<Target, "port">[], port: number): IngressRule => ({
  from: who.map(peer),
  ports: [tcp(port)],
});

/** The way to pods of the cluster. */
export const to = (target: Target): EgressRule => ({ to: [peer(target)], ports: [tcp(target.port)] });

/** The way to ports of servers outside: a policy knows no names, so wherever these answer. */
export const toPorts = (ports: readonly number[]): EgressRule[] =>
  ports.length === 0 ? [] : [{ ports: [...new Set(ports)].sort((a, b) => a - b).map(tcp) }];

/**
 * The way to every kubelet.
 *
 * @param nodes the nodes' addresses, as CIDRs; empty: wherever the port answers
 */
export const toKubelets = (nodes: readonly string[]): EgressRule => ({
  ...(nodes.length === 0 ? {} : { to: nodes.map((cidr) => ({ ipBlock: { cidr } })) }),
  ports: [tcp(10250)],
});
