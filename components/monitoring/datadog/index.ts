import * as datadogPackage from "@pulumi/datadog";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { labels } from "../../labels";
import { account, type AccountArgs } from "./account";
import { agentName, agentSpec, keysSecret, type Features } from "./agent";
import { autoscaler, type Target } from "./autoscaler";
import { operatorRelease, operatorValues, watermarkRelease, watermarkValues } from "./chart";
import { checkFiles, type Checks } from "./checks";
import { checkPolicy, networkPolicies, type DatadogNetwork } from "./network";

export { scalable, type Scalable } from "./autoscaler";

/** Where Datadog's agents run. They look into the node itself, which no `restricted` pod may. */
export const datadogNamespace = "vibecode-datadog";

/** A chart, where the machine that runs Pulumi finds it. */
export interface Chart {
  /** A name in `repository`, an `oci://` reference, or a folder. */
  chart: string;
  repository?: string | undefined;
  /** None where it is a folder. */
  version?: string | undefined;
}

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

/** Waiting is not passed on by the SDK, so it must be a plain list here: what the targets are made by. */
export type DatadogOptions = Omit<pulumi.CustomResourceOptions, "dependsOn"> & {
  dependsOn: pulumi.Resource[];
};

/** Datadog: its agents in the cluster, who keeps replicas by its metrics, and what the stack has at Datadog. */
export function datadog(name: string, args: DatadogArgs, { dependsOn, ...opts }: DatadogOptions): void {
  const common = labels("datadog", "monitoring");
  const namespace = new k8s.core.v1.Namespace(
    `${name}-namespace`,
    {
      metadata: {
        name: datadogNamespace,
        labels: { ...common, "pod-security.kubernetes.io/enforce": "privileged" },
      },
    },
    opts,
  );
  const inside = { ...opts, dependsOn: [namespace] };
  const about = (objectName: string) => ({ name: objectName, namespace: datadogNamespace, labels: common });
  const by = (kind: Target["decision"]["kind"]) =>
    args.targets.some(({ decision }) => decision.kind === kind);
  const autoscaling = {
    metrics:
      args.externalMetrics ||
      args.targets.some(({ decision }) => decision.kind === "watermark" && decision.metric !== undefined),
    watermark: by("watermark"),
    workload: by("datadog"),
  };

  const borders = Object.entries(
    networkPolicies({
      namespace: datadogNamespace,
      network: args.network,
      checks: args.checks,
      apm: args.features.apm,
      serves: { metrics: autoscaling.metrics, admission: autoscaling.workload },
      watermark: args.watermark !== undefined,
    }),
  ).map(
    ([part, spec]) =>
      new k8s.networking.v1.NetworkPolicy(`${name}-${part}-network`, { metadata: about(part), spec }, inside),
  );
  for (const check of args.checks.metrics)
    new k8s.networking.v1.NetworkPolicy(
      `${name}-${check.name}-network`,
      {
        metadata: { ...about(`datadog-${check.name}`), namespace: check.service.namespace },
        spec: checkPolicy(datadogNamespace, check),
      },
      { ...opts, dependsOn },
    );

  const keys = new k8s.core.v1.Secret(
    `${name}-keys`,
    {
      metadata: about(keysSecret.name),
      stringData: {
        [keysSecret.api]: pulumi.secret(args.keys.api),
        [keysSecret.app]: pulumi.secret(args.keys.app),
      },
    },
    inside,
  );
  const files = checkFiles(args.checks);
  const checks = new k8s.core.v1.ConfigMap(
    `${name}-checks`,
    {
      metadata: about("datadog-checks"),
      data: Object.fromEntries(files.map(({ key, content }) => [key, content])),
    },
    inside,
  );
  const { registry, nodeSelector } = args;
  const ready = { ...opts, dependsOn: [namespace, ...borders] };
  const operator = release(
    `${name}-operator`,
    operatorRelease,
    args.operator,
    operatorValues({ registry, nodeSelector }),
    ready,
  );
  const agent = new k8s.apiextensions.CustomResource(
    `${name}-agent`,
    {
      apiVersion: "datadoghq.com/v2alpha1",
      kind: "DatadogAgent",
      metadata: about(agentName),
      spec: agentSpec({ ...args, autoscaling, checks: { configMap: "datadog-checks", files } }),
    },
    { ...opts, dependsOn: [operator, keys, checks] },
  );
  const controllers = args.watermark
    ? [
        release(
          `${name}-watermark`,
          watermarkRelease,
          args.watermark,
          watermarkValues({ registry, nodeSelector }),
          ready,
        ),
      ]
    : [];
  for (const target of args.targets)
    for (const { metadata, ...manifest } of autoscaler(target))
      new k8s.apiextensions.CustomResource(
        `${name}-${target.service}-${manifest.kind}`,
        { ...manifest, metadata: { ...metadata, labels: labels(target.service, "monitoring") } },
        { ...opts, dependsOn: [...dependsOn, agent, ...controllers] },
      );

  const provider = new datadogPackage.Provider(
    `${name}-account`,
    {
      apiKey: pulumi.secret(args.keys.api),
      appKey: pulumi.secret(args.keys.app),
      apiUrl: `https://api.${args.site}/`,
    },
    opts.parent === undefined ? {} : { parent: opts.parent },
  );
  account(name, { ...args, logs: args.features.logs.enabled ? args.logs : undefined }, { ...opts, provider });
}

function release(
  resourceName: string,
  name: string,
  { chart, repository, version }: Chart,
  values: Record<string, unknown>,
  opts: pulumi.CustomResourceOptions,
): k8s.helm.v3.Release {
  return new k8s.helm.v3.Release(
    resourceName,
    {
      name,
      namespace: datadogNamespace,
      chart,
      ...(version === undefined ? {} : { version }),
      ...(repository === undefined ? {} : { repositoryOpts: { repo: repository } }),
      values,
      // Half an installation would keep the next one from beginning.
      atomic: true,
      timeout: 600,
    },
    opts,
  );
}
