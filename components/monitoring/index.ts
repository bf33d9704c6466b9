import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { labels } from "../labels";
import { restrictedNamespace } from "../security";
import { alertmanager, type Receivers, type Secrets } from "./alertmanager";
import { grafana } from "./grafana";
import { kubeStateMetrics } from "./kube-state-metrics";
import { monitoringNamespace } from "./names";
import { closed } from "./network";
import { nodeExporter } from "./node-exporter";
import { operatorObjects } from "./operator";
import { prometheus, type Watched } from "./prometheus";
import { operatedRules, ownRules, type JobNames } from "./rules";
import type { Volume } from "./workload";

export type { Receivers, Secrets, Severity } from "./alertmanager";
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
  /** What a user's share costs. */
  prices: Prices;
  prometheus: OwnPrometheusArgs | OperatedPrometheusArgs;
  /** Where things are found, as CIDRs. */
  network: { apiServer: readonly string[]; dns: readonly string[]; nodes: readonly string[] };
  /** Labels of the nodes that may run it. */
  nodeSelector: Record<string, string>;
}

/** Prices of what a user takes, in one currency: `USD`. */
export interface Prices {
  cpuHour: number;
  memoryGiBHour: number;
  diskGiBMonth: number;
  currency: string;
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

/** Nothing is shown yet. */
const dashboards = {};

/** Waiting is not passed on to a component's children by the SDK, so it must be a plain list here. */
export type MonitoringOptions = Omit<pulumi.ComponentResourceOptions, "dependsOn"> & {
  /** What is watched: the namespaces of the ingress and of sign-in. */
  dependsOn: pulumi.Resource[];
};

/** What is known of the platform while it runs, and who is told when something is wrong. */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, args: MonitoringArgs, opts: MonitoringOptions) {
    super("vibecode:monitoring:Monitoring", name, {}, opts);
    const child = { parent: this };
    const common = labels("monitoring", "monitoring");
    const own = args.prometheus;
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: monitoringNamespace, labels: { ...common, ...restrictedNamespace } } },
      { ...child, retainOnDelete: own.kind === "own" && own.volume.retain },
    );
    // Before anything runs there, and whatever else runs there one day.
    const shut = new k8s.networking.v1.NetworkPolicy(
      `${name}-closed`,
      { metadata: { name: "closed", namespace: monitoringNamespace, labels: common }, spec: closed },
      { ...child, dependsOn: [namespace] },
    );
    const inside = { ...child, dependsOn: [namespace, shut] };
    const after = { ...child, dependsOn: [...inside.dependsOn, ...opts.dependsOn] };

    if (own.kind === "operator")
      operatorObjects(name, { ...args, ...own, dashboards, rules: operatedRules(args, own.jobs) }, after);
    else this.own(name, args, own, inside, after);
    this.registerOutputs({});
  }

  private own(
    name: string,
    args: MonitoringArgs,
    own: OwnPrometheusArgs,
    inside: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
    after: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
  ): void {
    const { images, volume } = own;
    const { groups, inhibitions } = ownRules(args);
    const [nodes] = nodeExporter(name, { image: images.nodeExporter }, { parent: this });
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
      { ...after, dependsOn: [...after.dependsOn, ...(nodes === undefined ? [] : [nodes])] },
    );
    if (own.grafana !== undefined) {
      grafana(
        name,
        {
          ...args,
          ...own.grafana,
          dashboards,
          image: images.grafana,
          ingressNamespace: args.watched.ingressNamespace,
        },
        inside,
      );
    }
  }
}
