import * as pulumi from "@pulumi/pulumi";

import { signInNamespace, signInPods } from "../components/auth";
import { charts } from "../components/images";
import { ingressNamespace, type IngressArgs } from "../components/ingress";
import { traces, type DatadogArgs, type Scalable } from "../components/monitoring/datadog";
import { queries, renamed } from "../components/monitoring/datadog/queries";
import { datadogChecks, datadogMonitors, type Watch } from "../components/monitoring/watched";
import type { Datadog } from "./monitoring-datadog-schema";

export { datadogMistakes } from "./monitoring-datadog-checks";
export { datadog, datadogSecretKeys, type Datadog } from "./monitoring-datadog-schema";

/** What of a cluster's config is of use to Datadog. */
export interface DatadogPlace {
  domain: string;
  cluster: {
    name: string;
    /** The suffix of the cluster's own DNS names. */
    domain: string;
    network: { apiServer: readonly string[]; dns: readonly string[]; nodes: readonly string[] };
  };
  ingress: { replicas: number; httpsPort: number; nodeSelector: Record<string, string> };
  auth: { kind: string; replicas?: number | undefined };
  monitoring: { datadog?: Datadog | undefined };
  monitoringSecrets: { datadogApiKey?: string | undefined; datadogAppKey?: string | undefined };
}

/** Traefik's entry points for metrics and for people, and Authelia's port. */
const ports = { traefik: 8084, websecure: 8443, authelia: 9959 };

const traefik = {
  service: { name: "traefik", namespace: ingressNamespace },
  pods: { "app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": "ingress" },
};
const authelia = {
  service: { name: "authelia", namespace: signInNamespace },
  pods: signInPods("authelia"),
};

/**
 * Datadog as the component takes it, where a stack has it; the config was checked before.
 *
 * @param watched what is watched, for the monitors
 */
export function datadogOf(config: DatadogPlace, watched: readonly Watch[]): DatadogArgs | undefined {
  const { monitoring, monitoringSecrets: secrets, cluster, ingress, auth } = config;
  const chosen = monitoring.datadog;
  if (chosen === undefined) return undefined;
  if (secrets.datadogApiKey === undefined || secrets.datadogAppKey === undefined)
    throw new Error("monitoringSecrets were checked before");
  const { logs, apm, process, network, signInPage, chart, notify } = chosen;
  const { controller } = chosen.autoscaling;
  return {
    site: chosen.site,
    clusterName: cluster.name,
    tags: Object.entries({ env: chosen.env ?? cluster.name, ...chosen.tags }).map(
      ([name, value]) => `${name}:${value}`,
    ),
    keys: { api: secrets.datadogApiKey, app: secrets.datadogAppKey },
    registry: chosen.registry,
    operator: chart === undefined ? charts.datadogOperator : { chart },
    features: { logs, apm, process, network },
    logs: { retentionDays: logs.retentionDays, dailyLimit: logs.dailyLimit },
    externalMetrics: chosen.externalMetrics,
    tracers: [{ namespace: ingressNamespace, pods: traefik.pods }],
    checks: checksOf(config),
    targets: targetsOf(config, chosen),
    watermark: controller === undefined ? undefined : { chart: controller },
    nodeSelector: ingress.nodeSelector,
    network: cluster.network,
    notify,
    monitors: datadogMonitors(watched, cluster.name, notify.join(" ")),
    notReady: "workspace-not-ready",
    ...queries(cluster.name, auth.kind !== "basic"),
    objectives: chosen.objectives,
    signInPage:
      signInPage === undefined
        ? undefined
        : {
            ...signInPage,
            url: `https://auth.${config.domain}${ingress.httpsPort === 443 ? "" : `:${ingress.httpsPort}`}${pageOf(auth.kind)}`,
          },
    downtimes: chosen.downtimes,
  };
}

/** Where Traefik sends traces. */
export const tracesOf = ({ monitoring, cluster }: Pick<DatadogPlace, "monitoring" | "cluster">) =>
  (monitoring.datadog?.apm === true ? traces(cluster.domain) : undefined) satisfies IngressArgs["traces"];

/** Where sign-in answers a stranger with a page and 200: oauth2-proxy refuses, by the same page, all but this path. */
const pageOf = (kind: string): string => (kind === "oauth2-proxy" ? "/oauth2/sign_in" : "/");

/** What the agents measure for the monitors, besides nodes, pods and objects. */
function checksOf({ auth, domain, cluster }: DatadogPlace): DatadogArgs["checks"] {
  const { namespace, openMetrics } = datadogChecks;
  const server = `${traefik.service.name}.${ingressNamespace}.svc.${cluster.domain}`;
  return {
    metrics: [
      {
        ...traefik,
        name: "traefik",
        port: ports.traefik,
        namespace,
        metrics: openMetrics.traefik,
        renamed,
      },
      ...(auth.kind === "authelia"
        ? [{ ...authelia, name: "authelia", port: ports.authelia, namespace, metrics: openMetrics.authelia }]
        : []),
    ],
    certificate: { ...traefik, host: domain, server: { name: server, port: 443 }, port: ports.websecure },
  };
}

/** The services whose pods are several, by what the stack says of each. */
function targetsOf({ ingress, auth }: DatadogPlace, { autoscaling }: Datadog): DatadogArgs["targets"] {
  const services = {
    traefik: { ...traefik, min: ingress.replicas },
    authelia: { ...authelia, min: auth.replicas ?? 1 },
  };
  return (["traefik", "authelia"] satisfies Scalable[]).flatMap((name) => {
    const decision = autoscaling[name];
    if (decision === undefined) return [];
    const { service, pods, min } = services[name];
    return [{ service: name, ...service, pods, replicas: { min, max: decision.max }, decision }];
  });
}

/**
 * Leaves to the autoscalers what is theirs: without it each `up` would set the replicas back. To be called before the
 * services are made.
 */
export function leaveReplicas({ prefix, monitoring }: { prefix: string } & Pick<DatadogPlace, "monitoring">) {
  const { traefik, authelia } = monitoring.datadog?.autoscaling ?? {};
  const names = [
    ...(traefik === undefined ? [] : [`${prefix}ingress-traefik`]),
    ...(authelia === undefined ? [] : [`${prefix}sign-in-authelia`]),
  ];
  if (names.length === 0) return;
  pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) =>
    type === "kubernetes:apps/v1:Deployment" && names.includes(name)
      ? { props, opts: pulumi.mergeOptions(opts, { ignoreChanges: ["spec.replicas"] }) }
      : undefined,
  );
}
