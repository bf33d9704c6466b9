import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { stringify } from "yaml";

import { toDns } from "../../egress";
import { labels } from "../../labels";
import { hostOf, monitoringNamespace, ownPrometheus, podsOf, ports } from "../names";
import { from, to } from "../network";
import { workload } from "../workload";
import { dashboardsConfig, files, podSpec } from "./pod";
import { dashboardProvider, dataSources, keyFile, settings, type SettingsArgs } from "./settings";

export { dataSource } from "./settings";

export interface GrafanaArgs extends Omit<SettingsArgs, "host"> {
  image: string;
  /** The stack's domain. */
  domain: string;
  clusterDomain: string;
  ingressNamespace: string;
  /** Each dashboard as Grafana reads it, by its name. */
  dashboards: Readonly<Record<string, object>>;
  network: { dns: readonly string[] };
  nodeSelector: Record<string, string>;
}

const name = "grafana";

/** Grafana's host, of the platform's own. */
export const grafanaHost = (domain: string): string => `grafana.${domain}`;

/** Where Traefik finds Grafana. */
export const grafanaTarget = { namespace: monitoringNamespace, pods: podsOf(name), port: ports[name] };

/** Grafana: the dashboards, to those whom sign-in lets pass. It asks Prometheus and nobody else. */
export function grafana(
  resourceName: string,
  args: GrafanaArgs,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): pulumi.Resource {
  const metadata = {
    name: dashboardsConfig,
    namespace: monitoringNamespace,
    labels: labels(name, "monitoring"),
  };
  const dashboards = new k8s.core.v1.ConfigMap(
    `${resourceName}-dashboards`,
    { metadata, data: dashboardFiles(args.dashboards) },
    opts,
  );
  const key = new random.RandomPassword(
    `${resourceName}-${name}-key`,
    { length: 32, special: false },
    { parent: opts.parent },
  ).result;
  return workload(
    resourceName,
    {
      server: name,
      kind: "Deployment",
      namespace: monitoringNamespace,
      config: {
        [files.settings]: settings({ ...args, host: grafanaHost(args.domain) }),
        [files.dataSources]: stringify(
          dataSources(`http://${hostOf("prometheus", args.clusterDomain)}:${ports.prometheus}`),
        ),
        [files.provider]: stringify(dashboardProvider),
      },
      secret: { [keyFile]: key },
      annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(ports[name]) },
      pod: podSpec(args.image, args.nodeSelector),
      ingress: [
        from(
          [
            { namespace: args.ingressNamespace, pods: { "app.kubernetes.io/name": "traefik" } },
            ownPrometheus,
          ],
          ports[name],
        ),
      ],
      egress: [toDns(args.network.dns), to({ ...ownPrometheus, port: ports.prometheus })],
    },
    { ...opts, dependsOn: [...opts.dependsOn, dashboards] },
  );
}

/** Read again by Grafana when they change, without a restart. */
export const dashboardFiles = (dashboards: Readonly<Record<string, object>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(dashboards).map(([id, dashboard]) => [`${id}.json`, JSON.stringify(dashboard)]),
  );
