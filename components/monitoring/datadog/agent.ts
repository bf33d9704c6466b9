import { contentHash } from "../../content-hash";
import type { CheckFile } from "./checks";

/** What Datadog's agents gather, besides metrics of nodes and pods. All of it is off by default. */
export interface Features {
  logs: {
    enabled: boolean;
    /** Whether the workspaces' logs go to Datadog too: what people's own programs print. */
    workspaces: boolean;
  };
  /** Traces of requests, from Traefik. */
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

/** Where the agents take traces, as OpenTelemetry sends them over HTTP. */
export const tracesPort = 4318;

/** The Service of the agents, which leads to the one on the caller's own node; the operator makes it. */
export const agentService = `${agentName}-agent`;

/** The Secret with the keys, and its two keys. */
export const keysSecret = { name: "datadog-keys", api: "api-key", app: "app-key" };

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
      env: variables(unasked),
    },
    features: { ...gathered(features), ...decided(autoscaling), ...inCluster },
    override: {
      nodeAgent: {
        // Workspaces may have nodes of their own, with taints.
        tolerations: [{ operator: "Exists" }],
        env: variables({ ...named, ...logsOf(features.logs) }),
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

const variables = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

/** No check is told what is in an agent's environment, where the keys are, whoever wrote the check. */
const unasked = { DD_AD_DISABLE_ENV_VAR_RESOLUTION: "true" };

/**
 * A pod may ask to be checked, by an annotation or a label of its image, in words of its own: it could have an agent
 * call any address, with what the agent may read. So no check of a pod is done on a node; those of Services, which a
 * person in a workspace cannot write, come from the cluster agent and are not touched by it. What is included here
 * keeps the containers' own CPU and memory: it weighs more than the exclusion for these, and nothing for checks.
 */
const named = { DD_CONTAINER_EXCLUDE_METRICS: "name:.*", DD_CONTAINER_INCLUDE: "name:.*" };

/** Whose logs are read, of all that run on a node. */
function logsOf({ enabled, workspaces }: Features["logs"]) {
  if (!enabled) return {};
  const whose = ["kube_namespace:^vibecode-", ...(workspaces ? ["kube_namespace:^ws-"] : [])];
  return { DD_CONTAINER_EXCLUDE_LOGS: "name:.*", DD_CONTAINER_INCLUDE_LOGS: whose.join(" ") };
}

function gathered({ logs, apm, process, network }: Features) {
  const off = { enabled: false };
  return {
    logCollection: { enabled: logs.enabled, containerCollectAll: logs.enabled },
    otlp: {
      receiver: {
        protocols: {
          http: { enabled: apm, endpoint: `0.0.0.0:${tracesPort}`, hostPortConfig: off },
          grpc: { enabled: false, hostPortConfig: off },
        },
      },
    },
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
