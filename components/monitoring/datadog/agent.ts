import { contentHash } from "../../content-hash";
import type { CheckFile } from "./checks";

/** What Datadog's agents gather, besides metrics of nodes and pods. All of it is off by default. */
export interface Features {
  logs: {
    enabled: boolean;
    /** Whether the workspaces' logs go to Datadog too: what people's own programs print. */
    workspaces: boolean;
  };
  /** Traces, from the platform's own pods. */
  apm: boolean;
  /** Which processes run, without their arguments. */
  process: boolean;
  /** Which pods talk to which. */
  network: boolean;
}

/** Who decides about replicas. */
export interface Autoscaling {
  /** Autoscalers by Datadog's metrics. */
  metrics: boolean;
  /** The controller for watermarks. */
  watermark: boolean;
  /** Datadog's own autoscaler. */
  workload: boolean;
}

export interface AgentArgs {
  site: string;
  clusterName: string;
  /** On all that the agents send: `env:production`. */
  tags: readonly string[];
  /** Registry with Datadog's images; Datadog's own when absent. */
  registry?: string | undefined;
  features: Features;
  /** Files of checks for the cluster agent. */
  checks: { configMap: string; files: readonly CheckFile[] };
  autoscaling: Autoscaling;
  /** Labels of the nodes that may run the cluster agent. */
  nodeSelector: Record<string, string>;
}

/** The DatadogAgent; its pods' names and labels are made of it. */
export const agentName = "datadog";

/** The Secret with the keys, and its two keys. */
export const keysSecret = { name: "datadog-keys", api: "api-key", app: "app-key" };

/** Namespaces of workspaces, as the agents match them. */
const workspaces = "kube_namespace:^ws-";

/** Spec of a DatadogAgent, of `datadoghq.com/v2alpha1`. */
export function agentSpec(args: AgentArgs) {
  const { features, autoscaling, registry, nodeSelector } = args;
  const key = (keyName: string) => ({ secretName: keysSecret.name, keyName });
  return {
    global: {
      site: args.site,
      clusterName: args.clusterName,
      tags: [...args.tags],
      ...(registry === undefined ? {} : { registry }),
      credentials: { apiSecret: key(keysSecret.api), appSecret: key(keysSecret.app) },
      // Whose workspace it is, on all that comes from it.
      namespaceLabelsAsTags: { "vibecode/user": "vibecode_user" },
      // Those that the operator would make let the agents reach every pod.
      networkPolicy: { create: false },
      ...(features.logs.enabled && !features.logs.workspaces
        ? { env: [{ name: "DD_CONTAINER_EXCLUDE_LOGS", value: workspaces }] }
        : {}),
    },
    features: { ...gathered(features), ...decided(autoscaling), ...inCluster },
    override: {
      nodeAgent: {
        // Workspaces may have nodes of their own, with taints.
        tolerations: [{ operator: "Exists" }],
        containers: { agent: resources("100m", "256Mi", "512Mi") },
      },
      clusterAgent: {
        nodeSelector,
        containers: { "cluster-agent": resources("50m", "256Mi", "512Mi") },
        // It reads them at its start.
        annotations: { "vibecode/config-hash": contentHash(args.checks.files) },
        extraConfd: {
          configMap: {
            name: args.checks.configMap,
            items: args.checks.files.map(({ key, path }) => ({ key, path })),
          },
        },
      },
    },
  };
}

function gathered({ logs, apm, process, network }: Features) {
  const off = { enabled: false };
  return {
    logCollection: { enabled: logs.enabled, containerCollectAll: logs.enabled },
    apm: {
      enabled: apm,
      // Through the agents' Service alone: a port or a socket of the node would be everybody's.
      hostPortConfig: off,
      unixDomainSocketConfig: off,
      // It would change other people's pods.
      instrumentation: off,
    },
    liveProcessCollection: {
      enabled: process,
      // A workspace's processes are its owner's business, and arguments hold passwords.
      scrubProcessArguments: true,
      stripProcessArguments: true,
    },
    processDiscovery: off,
    npm: { enabled: network, enableConntrack: network, collectDNSStats: network },
    serviceDiscovery: off,
    usm: off,
  };
}

function decided({ metrics, watermark, workload }: Autoscaling) {
  return {
    externalMetricsServer: {
      enabled: metrics,
      wpaController: metrics && watermark,
      useDatadogMetrics: metrics,
      registerAPIService: metrics,
    },
    autoscaling: { workload: { enabled: workload } },
    // Without it the operator refuses to let Datadog scale; it touches no pod that does not ask for it by a label.
    admissionController: {
      enabled: workload,
      mutateUnlabelled: false,
      mutation: { enabled: false },
      validation: { enabled: false },
      failurePolicy: "Ignore",
    },
    // How Datadog's autoscaler is told what to do.
    remoteConfiguration: { enabled: workload },
    eventCollection: { collectKubernetesEvents: true, unbundleEvents: workload },
  };
}

/** What is there without being asked for, or would be if nothing were said. */
const inCluster = {
  kubeStateMetricsCore: { enabled: true },
  clusterChecks: { enabled: true, useClusterChecksRunners: false },
  // Every object of the cluster, with the environment of every container.
  orchestratorExplorer: { enabled: false },
  liveContainerCollection: { enabled: false },
  // A cloud's own, where it has one.
  controlPlaneMonitoring: { enabled: false },
  dataPlane: { enabled: false },
  dogstatsd: { hostPortConfig: { enabled: false }, unixDomainSocketConfig: { enabled: false } },
};

const resources = (cpu: string, memory: string, limit: string) => ({
  resources: { requests: { cpu, memory }, limits: { cpu: "1", memory: limit } },
});
