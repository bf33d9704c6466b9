import { scope, select, taken } from "./select";
import type { Draft, Watched } from "./watch";

const differs = "Datadog looks after its own storage, rules and notifications.";

/** Monitoring itself: who watches, and whether somebody hears of it. */
export function monitoringWatches(options: Watched): Draft[] {
  const { monitoringNamespace } = options;
  const own = (metric: string) => select(`prometheus_${metric}`, { job: "prometheus" });
  const manager = (metric: string) => select(`alertmanager_${metric}`, { job: "alertmanager" });
  const grew = (counter: string, window: string) => `sum(increase(${counter}[${window}])) > 0`;
  const volume = (name: string) =>
    select(`kubelet_volume_stats_${name}_bytes`, {
      job: "kubelet",
      namespace: monitoringNamespace,
      persistentvolumeclaim: /.*prometheus.*/,
    });
  // Once it is full nothing more is stored, the volume's own size neither: what was known last counts for an hour.
  const known = (name: string) => `last_over_time(${volume(name)}[1h])`;
  const agents = (what: string) =>
    `max:kubernetes_state.daemonset.${what}${scope(options, "kube_daemon_set:datadog*")} by {kube_daemon_set}`;
  const common = { group: "monitoring", by: [] } as const;
  return [
    {
      ...common,
      id: "monitoring-down",
      severity: "ticket",
      summary: "Prometheus does not reach {job}",
      description:
        "Alerts that come from it are blind. See its pods, and in Prometheus the page Status, Targets: it says why.",
      for: 600,
      by: ["job"],
      signs: [
        {
          expr: either(
            `count by (job) (${select("up", { job: anyOf(options.jobs) })} == 0)`,
            ...options.jobs.map((job) => `absent(${select("up", { job })})`),
          ),
          datadog: [
            {
              query: `min(last_10m):${agents("desired")} - ${agents("ready")}`,
              comparator: ">",
              critical: 0,
              // Where the cluster's agent is gone there is nobody to count the others.
              notifyNoData: true,
              names: { job: "some of its agents" },
            },
          ],
          differs: "Datadog looks at its own agents, and not at what each of them reaches.",
        },
      ],
    },
    {
      ...common,
      id: "prometheus-storage",
      severity: "ticket",
      summary: "Prometheus cannot keep what it measures, or soon cannot",
      description: `Its volume is nearly full, or writing failed. Give \`vibecode:monitoring\` a larger \`prometheus.storage\` or a smaller \`retention\` and run \`pulumi up\`; see \`kubectl --namespace ${monitoringNamespace} logs statefulset/prometheus\`.`,
      for: 600,
      signs: [
        {
          expr: either(
            ...[
              "tsdb_compactions_failed_total",
              "tsdb_wal_writes_failed_total",
              "tsdb_wal_truncations_failed_total",
              "tsdb_reloads_failures_total",
            ].map((counter) => grew(own(counter), "1h")),
            `max(${taken(known("available"), known("capacity"))}) > 90`,
          ),
          differs,
        },
      ],
    },
    {
      ...common,
      id: "alert-delivery-failing",
      severity: "page",
      summary: "Alerts do not reach anybody, or not everybody",
      description: `Prometheus does not reach Alertmanager, or Alertmanager not its receivers. See \`kubectl --namespace ${monitoringNamespace} logs statefulset/alertmanager\`: it names the receiver and its answer.`,
      for: 600,
      signs: [
        {
          expr: either(
            grew(own("notifications_dropped_total"), "15m"),
            grew(own("notifications_errors_total"), "15m"),
            `max(${own("notifications_alertmanagers_discovered")}) < 1`,
            grew(manager("notifications_failed_total"), "15m"),
            `min(${manager("config_last_reload_successful")}) < 1`,
          ),
          differs,
        },
      ],
    },
    {
      ...common,
      id: "prometheus-rules-failing",
      severity: "ticket",
      summary: "Prometheus cannot judge some of its rules",
      description: `Alerts may be missing. See \`kubectl --namespace ${monitoringNamespace} logs statefulset/prometheus\`, and in Prometheus the page Status, Rules.`,
      for: 600,
      signs: [
        {
          expr: either(
            grew(own("rule_evaluation_failures_total"), "15m"),
            grew(own("rule_group_iterations_missed_total"), "15m"),
            `min(${own("config_last_reload_successful")}) < 1`,
          ),
          differs,
        },
      ],
    },
  ];
}

const either = (...exprs: readonly string[]) => exprs.join(" or ");

const anyOf = (names: readonly string[]) => new RegExp(names.join("|"));
