import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import { toApiServer, toDns } from "../../egress";
import { monitoringNamespace, nodeExporterNamespace, podsOf, ports, type Server } from "../names";
import { from, to, toKubelets, type Target } from "../network";
import { workload, type Volume } from "../workload";
import { configuration, type ConfigurationArgs } from "./configuration";
import { namespacesOf, type Watched } from "./jobs";
import { podSpec, type PodArgs } from "./pod";
import { rights } from "./rights";

export type { Watched } from "./jobs";

export interface PrometheusArgs extends ConfigurationArgs, PodArgs {
  /** Groups of rules, as a rule file has them. */
  rules: readonly object[];
  volume: Volume & { size: string };
  /** Where the API server, names and the kubelets are found, as CIDRs. */
  network: { apiServer: readonly string[]; dns: readonly string[]; nodes: readonly string[] };
  /** Whether Grafana asks it. */
  grafana: boolean;
}

const name = "prometheus";

/** Prometheus: finds what there is by Kubernetes, keeps it on a volume, and judges the rules. */
export function prometheus(
  resourceName: string,
  args: PrometheusArgs,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): pulumi.Resource {
  const account = rights(`${resourceName}-${name}`, namespacesOf(args.watched), opts);
  const { network } = args;
  return workload(
    resourceName,
    {
      server: name,
      kind: "StatefulSet",
      namespace: monitoringNamespace,
      config: {
        // Names that the pod mounts as they are.
        "prometheus.yml": stringify(configuration(args)),
        "rules.yml": stringify({ groups: args.rules }),
      },
      volume: args.volume,
      pod: podSpec(args),
      ingress: [
        from(
          askers(args.grafana).map((server) => ({ namespace: monitoringNamespace, pods: podsOf(server) })),
          ports[name],
        ),
      ],
      egress: [
        toDns(network.dns),
        toApiServer(network.apiServer),
        toKubelets(network.nodes),
        ...targets(args.watched, args.grafana).map(to),
      ],
    },
    { ...opts, dependsOn: [...opts.dependsOn, ...account] },
  );
}

/** Who asks it. */
const askers = (grafana: boolean): Server[] => [name, ...(grafana ? (["grafana"] as const) : [])];

/** Pods that it asks. */
function targets(watched: Watched, grafana: boolean): Target[] {
  const servers: Server[] = [
    name,
    "alertmanager",
    "kube-state-metrics",
    "node-exporter",
    ...(grafana ? (["grafana"] as const) : []),
  ];
  const called = (namespace: string, pods: string, port: number): Target => ({
    namespace,
    pods: { "app.kubernetes.io/name": pods, "app.kubernetes.io/part-of": "vibecode" },
    port,
  });
  const { signInNamespace } = watched;
  return [
    ...servers.map((server) => ({
      namespace: server === "node-exporter" ? nodeExporterNamespace : monitoringNamespace,
      pods: podsOf(server),
      port: ports[server],
    })),
    called(watched.ingressNamespace, "traefik", metricsPorts.traefik),
    ...(watched.authelia ? [called(signInNamespace, "authelia", metricsPorts.authelia)] : []),
    ...(watched.postgres ? [called(signInNamespace, "postgres-exporter", metricsPorts.postgres)] : []),
    ...(watched.valkey ? [called(signInNamespace, "valkey-exporter", metricsPorts.valkey)] : []),
  ];
}

/** Where the platform's other parts show their metrics. */
const metricsPorts = { traefik: 8084, authelia: 9959, postgres: 9187, valkey: 9121 };
