import { z } from "zod";

import { ownMemory } from "../components/monitoring/prometheus/pod";
import { defaultThresholds } from "../components/monitoring/watched";
import { bytesFrom } from "./floors";
import { datadog, datadogSecretKeys } from "./monitoring-datadog-schema";
import { bytes, email, httpUrl, keys } from "./values";

const severities = z
  .array(z.enum(["page", "ticket", "info"]))
  .min(1, { error: "must name at least one of page, ticket, info" })
  .default(["page", "ticket"])
  .describe("Of which alerts: page needs somebody now, ticket today, info nobody");

const addressMessage = "must be an address such as submission://mail.example.com:587";

const mail = keys({
  severities,
  to: z.array(email).min(1, { error: "must name somebody" }),
  from: email,
  address: z
    .string({ error: addressMessage })
    .regex(/^(?:submission|submissions|smtp):\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9]\d{0,4})?$/, {
      error: addressMessage,
    })
    .describe("submission and submissions are encrypted, smtp is not"),
  username: z.string().min(1).optional().describe("Its password is monitoringSecrets.smtpPassword"),
});

const receivers = keys({
  mail: mail.optional(),
  slack: keys({
    severities,
    channel: z
      .string()
      .regex(/^[#@][\w.-]{1,80}$/, { error: "must be a channel such as #alerts" })
      .optional()
      .describe("The one of the webhook when absent"),
  })
    .optional()
    .describe("Its address is monitoringSecrets.slackUrl, an incoming webhook"),
  webhook: keys({ severities })
    .optional()
    .describe("Whatever takes Alertmanager's JSON; its address is monitoringSecrets.webhookUrl"),
});

const labels = z.record(z.string(), z.string());

const durationMessage = "must be a duration such as 15d, 12h or 1y";

export const ownPrometheus = keys({
  kind: z.literal("own"),
  retention: keys({
    time: z
      .string({ error: durationMessage })
      .regex(/^[1-9]\d{0,3}[hdwy]$/, { error: durationMessage })
      .default("15d"),
    size: bytes.default("8Gi").describe("What is older goes when there is more than this"),
  }).prefault({}),
  storage: bytes
    .default("10Gi")
    .describe("Size of its volume: a fifth more than retention.size; it can grow"),
  memory: bytesFrom(ownMemory)
    .default("2Gi")
    .describe(`The most memory that Prometheus may use: at least ${ownMemory}`),
  alerts: receivers.prefault({}).describe("Who is told; nobody when absent"),
  grafana: keys({
    enabled: z.boolean().default(true).describe("At https://grafana.<domain>, for members of admins"),
  }).prefault({}),
});

const operator = keys({
  kind: z.literal("operator"),
  namespace: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, { error: "must be the name of a namespace" })
    .default("monitoring")
    .describe("Where the cluster's Prometheus runs: its pods may read the platform's metrics"),
  labels: labels
    .default({})
    .describe("What it selects monitors and rules by: release: kube-prometheus-stack"),
  dashboardLabels: labels
    .default({ grafana_dashboard: "1" })
    .describe("What the cluster's Grafana finds dashboards by"),
  jobs: labels
    .default({
      "kubernetes-apiserver": "apiserver",
      node: "node-exporter",
      cadvisor: "kubelet",
      "kubelet-probes": "kubelet",
    })
    .describe("Names of its jobs, by ours; those of kube-prometheus-stack when absent"),
});

/** A whole number from which on an alert tells. */
const threshold = (name: keyof typeof defaultThresholds, low: number, high: number, about: string) =>
  z.int().min(low).max(high).default(defaultThresholds[name]).describe(about);

const price = (about: string) => z.number().min(0).max(1_000_000).describe(about);

/** `vibecode:monitoring`: what is known of the platform while it runs. */
export const monitoring = keys({
  prices: keys({
    cpuHour: price("A CPU for an hour").default(0.04),
    memoryGiBHour: price("A GiB of memory for an hour").default(0.005),
    diskGiBMonth: price("A GiB of a volume for a month").default(0.1),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, { error: "must be three letters such as EUR" })
      .default("USD"),
  })
    .prefault({})
    .describe("For what a user costs a day"),
  runbooks: httpUrl
    .optional()
    .describe("Where docs/runbooks is read; its path in the repository when absent"),
  thresholds: keys({
    disk: threshold("disk", 50, 99, "Percent of a workspace's volume, in bytes or in inodes"),
    errors: threshold("errors", 1, 50, "Percent of requests that fail, sign-in's own or all"),
    failedSignIns: threshold("failedSignIns", 5, 10_000, "Sign-ins that fail within five minutes"),
    certificate: threshold("certificate", 1, 29, "Days for which the certificate is still valid"),
    backup: threshold("backup", 1, 24, "Hours that a backup may take or be late"),
  })
    .prefault({})
    .describe("From when on an alert tells, Prometheus' and Datadog's alike"),
  prometheus: z
    .discriminatedUnion("kind", [keys({ kind: z.literal("none") }), ownPrometheus, operator])
    .default({ kind: "none" })
    .describe("own runs one, with Alertmanager and Grafana; operator tells one that the cluster has"),
  datadog: datadog.optional().describe("Agents in the cluster, and monitors at Datadog; neither when absent"),
});

const secret = z.string().min(1).optional();

const urlMessage = "must be a URL with https:// or http://";
/** An address that has a token in it. */
const secretUrl = z
  .string({ error: urlMessage })
  .refine((text) => URL.canParse(text) && /^https?:\/\/[^/]/.test(text), { error: urlMessage })
  .optional();

/** `vibecode:monitoringSecrets`. Secret as a whole. */
export const monitoringSecrets = keys({
  smtpPassword: secret.describe("Of monitoring.prometheus.alerts.mail.username"),
  slackUrl: secretUrl
    .refine((text) => text === undefined || text.startsWith("https://"), {
      error: "must be a URL with https://",
    })
    .describe("Slack's incoming webhook"),
  webhookUrl: secretUrl.describe("Of monitoring.prometheus.alerts.webhook"),
  ...datadogSecretKeys,
});

export type MonitoringSettings = z.infer<typeof monitoring>;
