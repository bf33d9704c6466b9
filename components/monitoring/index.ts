import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { labels } from "../labels";
import { restrictedNamespace } from "../security";
import { alertmanager, type Receivers, type Secrets } from "./alertmanager";
import { dashboards as made, type Prices } from "./dashboards";
import { datadog, type DatadogArgs } from "./datadog";
import { grafana } from "./grafana";
import { kubeStateMetrics } from "./kube-state-metrics";
import { monitoringNamespace } from "./names";
import { closed } from "./network";
import { nodeExporter } from "./node-exporter";
import { operatorObjects } from "./operator";
import { prometheus, type Watched } from "./prometheus";
import { operatedRules, ownRules, type JobNames } from "./rules";
import type { Thresholds } from "./watched";
import type { Volume } from "./workload";

export type { Receivers, Secrets, Severity } from "./alertmanager";
export type { DatadogArgs } from "./datadog";
export { watchesOf } from "./rules";
export { grafanaHost, grafanaTarget } from "./grafana";
export { monitoringNamespace, nodeExporterNamespace, ownPrometheus } from "./names";
export type { Scraper } from "../scraper";

export interface MonitoringArgs {
  /** The cluster's name, which each alert carries. */
  cluster: string;
  /** The stack's domain. */
  domain: string;
  /** The port people type, where it is not 443. */
  httpsPort: number;
  clusterDomain: string;
  /** What there is of the platform that shows metrics. */
  watched: Watched;
  /** Where docs/runbooks is read; its path in the repository when absent. */
  runbooks?: string | undefined;
  /** From when on an alert tells; what is absent is as usual. */
  thresholds?: Partial<Thresholds> | undefined;
  /** What a user's share costs. */
  prices: Prices;
  /** Either, both or neither. */
  prometheus?: OwnPrometheusArgs | OperatedPrometheusArgs | undefined;
  datadog?: DatadogArgs | undefined;
  /** Where things are found, as CIDRs. */
  network: { apiServer: readonly string[]; dns: readonly string[]; nodes: readonly string[] };
  /** Labels of the nodes that may run it. */
  nodeSelector: Record<string, string>;
}

/** A Prometheus of the stack's own, with all that it asks and whom it tells. */
export interface OwnPrometheusArgs {
  kind: "own";
  images: {
    prometheus: string;
    alertmanager: string;
    kubeStateMetrics: string;
    nodeExporter: string;
    grafana: string;
  };
  retention: { time: string; bytes: number };
  /** Size of its volume, and the most memory that it may use: Kubernetes quantities. */
  storage: string;
  memory: string;
  volume: Volume;
  receivers: Receivers;
  /** What the receivers need. */
  secrets: Secrets;
  /** Absent where nobody is to see dashboards. */
  grafana?: { userHeader: string } | undefined;
}

/** A Prometheus that the cluster's own operator runs: it is told what to scrape and to judge. */
export interface OperatedPrometheusArgs {
  kind: "operator";
  labels: Readonly<Record<string, string>>;
  dashboardLabels: Readonly<Record<string, string>>;
  /** Names of its jobs, by ours. */
  jobs: JobNames;
}

/** Waiting is not passed on to a component's children by the SDK, so it must be a plain list here. */
export type MonitoringOptions = Omit<pulumi.ComponentResourceOptions, "dependsOn"> & {
  /** What is watched: the namespaces of the ingress and of sign-in. */
  dependsOn: pulumi.Resource[];
};

/** What is known of the platform while it runs, and who is told when something is wrong. */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, args: MonitoringArgs, opts: MonitoringOptions) {
    super("vibecode:monitoring:Monitoring", name, {}, opts);
    const after = { parent: this, dependsOn: opts.dependsOn };
    if (args.prometheus !== undefined) prometheusAndAll(name, args, args.prometheus, after);
    if (args.datadog !== undefined) datadog(`${name}-datadog`, args.datadog, after);
    this.registerOutputs({});
  }
}

interface After {
  parent: pulumi.Resource;
  dependsOn: pulumi.Resource[];
}

/** Its namespace, in which nothing reaches anything that is not said, and what is in it. */
function prometheusAndAll(
  name: string,
  args: MonitoringArgs,
  chosen: OwnPrometheusArgs | OperatedPrometheusArgs,
  { parent, dependsOn }: After,
): void {
  const common = labels("monitoring", "monitoring");
  const namespace = new k8s.core.v1.Namespace(
    `${name}-namespace`,
    { metadata: { name: monitoringNamespace, labels: { ...common, ...restrictedNamespace } } },
    { parent, retainOnDelete: chosen.kind === "own" && chosen.volume.retain },
  );
  // Before anything runs there, and whatever else runs there one day.
  const shut = new k8s.networking.v1.NetworkPolicy(
    `${name}-closed`,
    { metadata: { name: "closed", namespace: monitoringNamespace, labels: common }, spec: closed },
    { parent, dependsOn: [namespace] },
  );
  const inside = { parent, dependsOn: [namespace, shut] };
  const after = { parent, dependsOn: [...inside.dependsOn, ...dependsOn] };
  const dashboards = made({ ...args, ingressNamespace: args.watched.ingressNamespace });

  if (chosen.kind === "operator") {
    const rules = operatedRules(args, chosen.jobs);
    operatorObjects(name, { ...args, ...chosen, dashboards, rules }, after);
  } else ownPrometheusAndAll(name, args, chosen, dashboards, inside, after);
}

function ownPrometheusAndAll(
  name: string,
  args: MonitoringArgs,
  own: OwnPrometheusArgs,
  dashboards: Readonly<Record<string, object>>,
  inside: After,
  after: After,
): void {
  const { images, volume } = own;
  const { groups, inhibitions } = ownRules(args);
  const nodes = nodeExporter(name, { image: images.nodeExporter }, { parent: inside.parent });
  kubeStateMetrics(name, { ...args, image: images.kubeStateMetrics }, inside);
  alertmanager(name, { ...args, ...own, inhibitions, image: images.alertmanager }, inside);
  prometheus(
    name,
    {
      ...args,
      ...own,
      rules: groups,
      image: images.prometheus,
      volume: { ...volume, size: own.storage },
      grafana: own.grafana !== undefined,
    },
    { ...after, dependsOn: [...after.dependsOn, ...nodes] },
  );
  if (own.grafana !== undefined) {
    const { ingressNamespace } = args.watched;
    grafana(name, { ...args, ...own.grafana, dashboards, image: images.grafana, ingressNamespace }, inside);
  }
}
