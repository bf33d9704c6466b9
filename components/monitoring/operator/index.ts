import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { labels } from "../../labels";
import { dashboardFiles } from "../grafana";
import { monitoringNamespace } from "../names";
import { kept } from "../prometheus/kept";
import type { Watched } from "../prometheus/jobs";
import { renamed, type JobNames } from "../rules";

export interface OperatorArgs {
  /** What the cluster's Prometheus selects its monitors and rules by. */
  labels: Readonly<Record<string, string>>;
  /** What the cluster's Grafana finds dashboards by. */
  dashboardLabels: Readonly<Record<string, string>>;
  watched: Watched;
  rules: readonly object[];
  dashboards: Readonly<Record<string, object>>;
  /** Names of the jobs of the cluster's Prometheus, by ours. */
  jobs: JobNames;
}

const apiVersion = "monitoring.coreos.com/v1";

/** What a Prometheus operator that the cluster has already needs to watch the platform: where to scrape, and rules. */
export function operatorObjects(
  resourceName: string,
  args: OperatorArgs,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): void {
  const metadata = (name: string, more: Readonly<Record<string, string>>) => ({
    name,
    namespace: monitoringNamespace,
    labels: { ...labels(name, "monitoring"), ...more },
  });
  for (const monitor of monitors(args.watched)) {
    new k8s.apiextensions.CustomResource(
      `${resourceName}-${monitor.job}`,
      {
        apiVersion,
        kind: "PodMonitor",
        metadata: metadata(`vibecode-${monitor.job}`, args.labels),
        spec: podMonitor(monitor),
      },
      opts,
    );
  }
  new k8s.apiextensions.CustomResource(
    `${resourceName}-rules`,
    {
      apiVersion,
      kind: "PrometheusRule",
      metadata: metadata("vibecode", args.labels),
      spec: { groups: args.rules },
    },
    opts,
  );
  // One each: the whole of them in one may be more than what a ConfigMap holds beside its annotations.
  for (const [file, text] of Object.entries(dashboardFiles(args.dashboards))) {
    const name = file.replace(/\.json$/, "");
    new k8s.core.v1.ConfigMap(
      `${resourceName}-dashboard-${name}`,
      {
        metadata: metadata(`vibecode-dashboard-${name}`, args.dashboardLabels),
        data: { [`vibecode-${file}`]: renamed(text, args.jobs) },
      },
      opts,
    );
  }
}

interface Monitor {
  job: "traefik" | "authelia" | "postgres" | "valkey";
  namespace: string;
  pods: string;
  port: string;
}

/** The platform's own parts; what there is of Kubernetes the cluster's Prometheus knows already. */
function monitors({ ingressNamespace, signInNamespace, ...is }: Watched): Monitor[] {
  const inSignIn = (job: Monitor["job"], pods: string, port: string): Monitor => ({
    job,
    namespace: signInNamespace,
    pods,
    port,
  });
  return [
    { job: "traefik", namespace: ingressNamespace, pods: "traefik", port: "metrics" },
    ...(is.authelia ? [inSignIn("authelia", "authelia", "metrics")] : []),
    ...(is.postgres ? [inSignIn("postgres", "postgres-exporter", "http")] : []),
    ...(is.valkey ? [inSignIn("valkey", "valkey-exporter", "http")] : []),
  ];
}

function podMonitor({ job, namespace, pods, port }: Monitor) {
  const relabelings = [
    // The operator's own name of a job is `<namespace>/<monitor>`; alerts ask for ours.
    { targetLabel: "job", replacement: job },
    { sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" },
  ];
  const only =
    job === "postgres" || job === "valkey"
      ? { metricRelabelings: [{ sourceLabels: ["__name__"], regex: kept[job].join("|"), action: "keep" }] }
      : {};
  return {
    namespaceSelector: { matchNames: [namespace] },
    selector: { matchLabels: { "app.kubernetes.io/name": pods, "app.kubernetes.io/part-of": "vibecode" } },
    podMetricsEndpoints: [{ port, interval: "30s", relabelings, ...only }],
  };
}
