import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import { toDns } from "../../egress";
import { containerSecurity, podSecurity } from "../../security";
import { monitoringNamespace, ownPrometheus, ports } from "../names";
import { from, toPorts } from "../network";
import { workload, type Volume } from "../workload";
import { configuration, files, folder, mailServer, type Receivers, type Secrets } from "./configuration";

export type { Receivers, Secrets, Severity } from "./configuration";

export interface AlertmanagerArgs {
  image: string;
  receivers: Receivers;
  /** What the receivers need; checked before. */
  secrets: Secrets;
  /** By which what follows from another alert is kept back, as Alertmanager has them. */
  inhibitions: readonly object[];
  volume: Volume;
  network: { dns: readonly string[] };
  nodeSelector: Record<string, string>;
}

const name = "alertmanager";
const data = "/alertmanager";

/** Alertmanager's pod. It remembers on its volume what is silenced, and what was said. */
export function podSpec(
  image: string,
  nodeSelector: Record<string, string>,
): k8s.types.input.core.v1.PodSpec {
  const probe = (path: string) => ({ httpGet: { path, port: "http" } });
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(65534),
    nodeSelector,
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        name,
        image,
        command: ["/bin/alertmanager"],
        args: [
          `--config.file=${folder}/${files.configuration}`,
          `--storage.path=${data}`,
          `--web.listen-address=:${ports[name]}`,
          // One alone has nobody to agree with.
          "--cluster.listen-address=",
        ],
        ports: [{ name: "http", containerPort: ports[name] }],
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { cpu: "500m", memory: "128Mi" } },
        readinessProbe: { ...probe("/-/ready"), periodSeconds: 5 },
        livenessProbe: { ...probe("/-/healthy"), periodSeconds: 15, failureThreshold: 6 },
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "config", mountPath: folder, readOnly: true },
          { name: "data", mountPath: data },
        ],
      },
    ],
    volumes: [
      { name: "config", secret: { secretName: name, defaultMode: 0o440 } },
      { name: "data", persistentVolumeClaim: { claimName: name } },
    ],
  };
}

/** Alertmanager: tells people of alerts, once each. */
export function alertmanager(
  resourceName: string,
  args: AlertmanagerArgs,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): pulumi.Resource {
  const { receivers, secrets } = args;
  return workload(
    resourceName,
    {
      server: name,
      kind: "StatefulSet",
      namespace: monitoringNamespace,
      secret: {
        [files.configuration]: stringify(configuration(receivers, secrets, args.inhibitions)),
        ...(secrets.smtpPassword === undefined ? {} : { [files.smtpPassword]: secrets.smtpPassword }),
        ...(secrets.slackUrl === undefined ? {} : { [files.slackUrl]: secrets.slackUrl }),
      },
      volume: { ...args.volume, size: "1Gi" },
      pod: podSpec(args.image, args.nodeSelector),
      ingress: [from([ownPrometheus], ports[name])],
      egress: [toDns(args.network.dns), ...toPorts(outside(receivers, secrets))],
    },
    opts,
  );
}

/** Ports of whom it tells; that the world sees them in a policy tells nobody more than that. */
function outside({ mail, slack, webhook }: Receivers, { slackUrl, webhookUrl }: Secrets): number[] {
  const portOf = (url: string | undefined): number[] => {
    if (url === undefined) return [];
    const { protocol, port } = new URL(url);
    return [port === "" ? (protocol === "https:" ? 443 : 80) : Number(port)];
  };
  return [
    ...(mail === undefined ? [] : [mailServer(mail.address).port]),
    ...(slack === undefined ? [] : portOf(slackUrl)),
    ...(webhook === undefined ? [] : portOf(webhookUrl)),
  ];
}
