import type * as k8s from "@pulumi/kubernetes";

import { ports } from "./traefik";

/** Addresses that Traefik may reach besides the editors and the cluster's DNS pods, as CIDRs. */
export interface IngressNetwork {
  /** Where the API server answers, after its Service's address was translated. Empty: wherever its ports answer. */
  apiServer: readonly string[];
  /** Resolvers besides the pods of kube-dns: a cache on each node, `169.254.20.10/32`. */
  dns: readonly string[];
}

/** Pods that Traefik must reach besides the editors. */
export interface Backend {
  namespace: string;
  /** Labels of the pods. */
  pods: Record<string, string>;
  port: number;
}

/** The API server's usual ports: 443 where a cloud runs it, 6443 elsewhere. */
const apiPorts = [443, 6443].map((port) => ({ protocol: "TCP", port }));
const dnsPorts = ["UDP", "TCP"].map((protocol) => ({ protocol, port: 53 }));
const editors = {
  namespaceSelector: {
    matchLabels: { "app.kubernetes.io/name": "workspace", "app.kubernetes.io/part-of": "vibecode" },
  },
};
const dnsPods = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
  podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
};

/**
 * All that may pass to and from Traefik. The health check's port is not in it: a node may always ask its own pods.
 * The editors' port is 8080.
 */
export function networkPolicy(
  network: IngressNetwork,
  backends: readonly Backend[],
): k8s.types.input.networking.v1.NetworkPolicySpec {
  return {
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ ports: [ports.web, ports.websecure].map((port) => ({ protocol: "TCP", port })) }],
    egress: [
      { to: [dnsPods, ...blocks(network.dns)], ports: dnsPorts },
      { to: [editors], ports: [{ protocol: "TCP", port: 8080 }] },
      ...backends.map(({ namespace, pods, port }) => ({
        to: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
            podSelector: { matchLabels: pods },
          },
        ],
        ports: [{ protocol: "TCP", port }],
      })),
      // Without the API server there are no routes, so where nobody said where it is, only its ports are known.
      // Traefik runs nobody's code; the workspaces, which do, never get this.
      network.apiServer.length === 0
        ? { ports: apiPorts }
        : { to: blocks(network.apiServer), ports: apiPorts },
    ],
  };
}

function blocks(cidrs: readonly string[]) {
  return cidrs.map((cidr) => ({ ipBlock: { cidr } }));
}
