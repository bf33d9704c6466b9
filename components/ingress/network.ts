import type * as k8s from "@pulumi/kubernetes";

import { toApiServer, toDns } from "../egress";
import { fromScrapers, type Scraper } from "../scraper";
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

const editors = {
  namespaceSelector: {
    matchLabels: { "app.kubernetes.io/name": "workspace", "app.kubernetes.io/part-of": "vibecode" },
  },
};

/**
 * All that may pass to and from Traefik. The health check's port is not in it: a node may always ask its own pods.
 * The editors' port is 8080.
 *
 * @param scrapers who may read the metrics
 */
export function networkPolicy(
  network: IngressNetwork,
  backends: readonly Backend[],
  scrapers: readonly Scraper[] = [],
): k8s.types.input.networking.v1.NetworkPolicySpec {
  return {
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      { ports: [ports.web, ports.websecure].map((port) => ({ protocol: "TCP", port })) },
      ...fromScrapers(scrapers, ports.metrics),
    ],
    egress: [
      toDns(network.dns),
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
      toApiServer(network.apiServer),
    ],
  };
}
