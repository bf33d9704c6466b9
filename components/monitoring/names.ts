import type { Scraper } from "../scraper";

/** Where all of monitoring runs but what must see the node itself. */
export const monitoringNamespace = "vibecode-monitoring";
/** Of node-exporter alone: its pods mount the node's folders, which `restricted` refuses. */
export const nodeExporterNamespace = "vibecode-node-exporter";

/** The port of each server, by the name of its objects. */
export const ports = {
  prometheus: 9090,
  alertmanager: 9093,
  "kube-state-metrics": 8080,
  grafana: 3000,
  "node-exporter": 9100,
} as const;

export type Server = keyof typeof ports;

/** Labels by which a server's pods are found. */
export const podsOf = (server: Server): Record<string, string> => ({
  "app.kubernetes.io/name": server,
  "app.kubernetes.io/instance": "monitoring",
});

/** The full DNS name of a server. */
export const hostOf = (server: Server, clusterDomain: string): string =>
  `${server}.${server === "node-exporter" ? nodeExporterNamespace : monitoringNamespace}.svc.${clusterDomain}`;

/** The Prometheus of the stack's own. */
export const ownPrometheus: Scraper = { namespace: monitoringNamespace, pods: podsOf("prometheus") };
