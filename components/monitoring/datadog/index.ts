import * as datadogPackage from "@pulumi/datadog";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { labels } from "../../labels";
import { account, type AccountArgs } from "./account";
import {
  agentName,
  agentService,
  agentSpec,
  keysSecret,
  tracesPort,
  type Autoscaling,
  type Features,
} from "./agent";
import { autoscaler, type Target } from "./autoscaler";
import { operatorRelease, operatorValues, watermarkRelease, watermarkValues } from "./chart";
import { checkFiles, type Checks } from "./checks";
import { agentPods, checkPolicy, networkPolicies, type DatadogNetwork, type Pods } from "./network";
import { release, type Chart } from "./release";

export { scalable, type Scalable } from "./autoscaler";

/** Where Datadog's agents run. They look into the node itself, which no `restricted` pod may. */
export const datadogNamespace = "vibecode-datadog";

/**
 * Where traces are sent: to the agent on the sender's own node.
 *
 * @param clusterDomain the suffix of the cluster's own DNS names
 */
export const traces = (clusterDomain: string) => ({
  url: `http://${agentService}.${datadogNamespace}.svc.${clusterDomain}:${tracesPort}/v1/traces`,
  egress: { namespace: datadogNamespace, pods: agentPods, port: tracesPort },
});

export interface DatadogArgs extends Omit<AccountArgs, "logs"> {
  /** Where the account is: `datadoghq.eu`. */
  site: string;
  /** Of the agents, and of the stack itself; secret. */
  keys: { api: pulumi.Input<string>; app: pulumi.Input<string> };
  /** Registry with Datadog's images; Datadog's own when absent. */
  registry?: string | undefined;
  operator: Chart;
  features: Features;
  /** How long logs are kept, where `features.logs` are sent. */
  logs: NonNullable<AccountArgs["logs"]>;
  /** The pods that send traces, where `features.apm` takes them. */
  tracers: readonly Pods[];
  /** Whose metrics are gathered besides those of nodes and pods. */
  checks: Checks;
  /** Whether any autoscaler of the cluster may go by Datadog's metrics; those of `targets` may in any case. */
  externalMetrics: boolean;
  /** The services whose replicas Datadog decides about. */
  targets: readonly Target[];
  /** The controller for watermarks; absent where the cluster has it, or nobody needs it. */
  watermark?: Chart | undefined;
  nodeSelector: Record<string, string>;
  network: DatadogNetwork;
}

/** What everything belongs to, and what must be there before: what is asked and scaled, the ingress and sign-in. */
export interface DatadogOptions {
  parent: pulumi.Resource;
  dependsOn: pulumi.Resource[];
}

/** Datadog: its agents in the cluster, who keeps replicas by its metrics, and what the stack has at Datadog. */
export function datadog(name: string, args: DatadogArgs, { parent, dependsOn }: DatadogOptions): void {
  const child = { parent };
  const namespace = new k8s.core.v1.Namespace(
    `${name}-namespace`,
    {
      metadata: {
        name: datadogNamespace,
        labels: { ...common, "pod-security.kubernetes.io/enforce": "privileged" },
      },
    },
    child,
  );
  const autoscaling = autoscalingOf(args);
  const inside = { parent, dependsOn: [namespace] };
  const ready = { parent, dependsOn: [namespace, ...borders(name, args, autoscaling, inside)] };
  for (const check of args.checks.metrics)
    new k8s.networking.v1.NetworkPolicy(
      `${name}-${check.name}-network`,
      {
        metadata: { ...about(`datadog-${check.name}`), namespace: check.service.namespace },
        spec: checkPolicy(datadogNamespace, check),
      },
      { parent, dependsOn },
    );

  const agents = agent(name, args, autoscaling, ready);
  const { registry, nodeSelector, watermark } = args;
  const controllers = watermark
    ? [
        release(
          `${name}-watermark`,
          {
            ...watermark,
            namespace: datadogNamespace,
            name: watermarkRelease,
            values: watermarkValues({ registry, nodeSelector }),
          },
          ready,
        ),
      ]
    : [];
  for (const target of args.targets)
    for (const { metadata, ...manifest } of autoscaler(target))
      new k8s.apiextensions.CustomResource(
        `${name}-${target.service}-${manifest.kind}`,
        { ...manifest, metadata: { ...metadata, labels: labels(target.service, "datadog") } },
        { parent, dependsOn: [...dependsOn, agents, ...controllers] },
      );

  const provider = new datadogPackage.Provider(
    `${name}-account`,
    {
      apiKey: pulumi.secret(args.keys.api),
      appKey: pulumi.secret(args.keys.app),
      apiUrl: `https://api.${args.site}/`,
    },
    child,
  );
  const logs = args.features.logs.enabled ? args.logs : undefined;
  account(name, { ...args, logs }, { parent, provider });
}

function borders(name: string, args: DatadogArgs, autoscaling: Autoscaling, opts: DatadogOptions) {
  const policies = networkPolicies({
    network: args.network,
    checks: args.checks,
    tracers: args.features.apm ? args.tracers : [],
    serves: { metrics: autoscaling.metrics, admission: autoscaling.workload },
    watermark: args.watermark !== undefined,
  });
  return Object.entries(policies).map(
    ([part, spec]) =>
      new k8s.networking.v1.NetworkPolicy(`${name}-${part}-network`, { metadata: about(part), spec }, opts),
  );
}

/** The operator, and what it is asked for. */
function agent(name: string, args: DatadogArgs, autoscaling: Autoscaling, opts: DatadogOptions) {
  const { registry, nodeSelector } = args;
  const keys = new k8s.core.v1.Secret(
    `${name}-keys`,
    {
      metadata: about(keysSecret.name),
      stringData: {
        [keysSecret.api]: pulumi.secret(args.keys.api),
        [keysSecret.app]: pulumi.secret(args.keys.app),
      },
    },
    opts,
  );
  const files = checkFiles(args.checks);
  const checks = new k8s.core.v1.ConfigMap(
    `${name}-checks`,
    {
      metadata: about(checksName),
      data: Object.fromEntries(files.map(({ key, content }) => [key, content])),
    },
    opts,
  );
  const operator = release(
    `${name}-operator`,
    {
      ...args.operator,
      namespace: datadogNamespace,
      name: operatorRelease,
      values: operatorValues({ registry, nodeSelector }),
    },
    opts,
  );
  return new k8s.apiextensions.CustomResource(
    `${name}-agent`,
    {
      apiVersion: "datadoghq.com/v2alpha1",
      kind: "DatadogAgent",
      metadata: about(agentName),
      spec: agentSpec({ ...args, autoscaling, checks: { configMap: checksName, files } }),
    },
    { ...opts, dependsOn: [operator, keys, checks] },
  );
}

const common = labels("datadog", "datadog");
const about = (name: string) => ({ name, namespace: datadogNamespace, labels: common });
/** The ConfigMap with the checks' files. */
const checksName = "datadog-checks";

function autoscalingOf({ targets, externalMetrics }: DatadogArgs): Autoscaling {
  const byWatermarks = targets.flatMap(({ decision }) => (decision.kind === "watermark" ? [decision] : []));
  return {
    metrics: externalMetrics || byWatermarks.some(({ metric }) => metric !== undefined),
    watermark: byWatermarks.length > 0,
    workload: targets.length > byWatermarks.length,
  };
}
