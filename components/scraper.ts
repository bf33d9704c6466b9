import type * as k8s from "@pulumi/kubernetes";

/** Pods that may read metrics. Everybody else is refused, for metrics name users and what they do. */
export interface Scraper {
  namespace: string;
  /** Labels of the pods; all pods of the namespace when empty. */
  pods: Readonly<Record<string, string>>;
}

/** Rules that let these pods reach a port, for a NetworkPolicy: none where nobody may, since one without peers lets all in. */
export const fromScrapers = (
  scrapers: readonly Scraper[],
  port: number,
): k8s.types.input.networking.v1.NetworkPolicyIngressRule[] =>
  scrapers.length === 0
    ? []
    : [
        {
          from: scrapers.map(({ namespace, pods }) => ({
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
            podSelector: { matchLabels: { ...pods } },
          })),
          ports: [{ protocol: "TCP", port }],
        },
      ];
