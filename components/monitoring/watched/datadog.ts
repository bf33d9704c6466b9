import { alertName } from "./rules";
import type { DatadogQuery, Label, Severity, Watch } from "./watch";

/** A monitor, in the words of `@pulumi/datadog`'s Monitor. */
export interface DatadogMonitor {
  /** Name of the resource: the watch's id, and the part where it has several. */
  id: string;
  name: string;
  type: "query alert";
  query: string;
  message: string;
  monitorThresholds: { critical: string };
  tags: string[];
  /** 1 is the most urgent of five. */
  priority: string;
  notifyNoData: boolean;
  /** Minutes; only with `notifyNoData`. */
  noDataTimeframe?: number;
  /** Seconds by which Datadog waits for what is on its way. */
  evaluationDelay: number;
  /** Whether it waits until the whole window has data: few of these have any while all is well. */
  requireFullWindow: boolean;
  includeTags: boolean;
}

const priorities: Record<Severity, string> = { page: "1", ticket: "3", info: "5" };

/** The tag that Datadog's own checks give what Prometheus knows by that label. */
const tags: Record<Label, string> = {
  namespace: "kube_namespace",
  persistentvolumeclaim: "persistentvolumeclaim",
  resource: "resource",
  node: "node",
  condition: "condition",
  job: "job",
  cronjob: "kube_cronjob",
  sans: "sans",
};

/**
 * Datadog's monitors of what it can watch.
 *
 * @param notify who is told: `@slack-platform @oncall@example.com`. Default: nobody, it is on Datadog's page alone
 */
export function datadogMonitors(watches: readonly Watch[], cluster: string, notify = ""): DatadogMonitor[] {
  return watches.flatMap((watch) => watch.datadog.map((query) => monitor(watch, query, { cluster, notify })));
}

function monitor(
  watch: Watch,
  query: DatadogQuery,
  { cluster, notify }: { cluster: string; notify: string },
): DatadogMonitor {
  const id = query.part === undefined ? watch.id : `${watch.id}-${query.part}`;
  const text = (words: string) => filled(words, query.names ?? {});
  const noData = query.notifyNoData ?? false;
  return {
    id,
    name: `[${cluster}] ${text(watch.summary)}`,
    type: "query alert",
    query: `${query.query} ${query.comparator} ${query.critical}`,
    message: [text(watch.description), watch.runbook, notify].filter((line) => line !== "").join("\n\n"),
    monitorThresholds: { critical: String(query.critical) },
    tags: [
      "team:platform",
      "part-of:vibecode",
      `cluster:${cluster}`,
      `severity:${watch.severity}`,
      `alert:${alertName(watch.id)}`,
    ],
    priority: priorities[watch.severity],
    notifyNoData: noData,
    ...(noData ? { noDataTimeframe: 20 } : {}),
    evaluationDelay: 60,
    requireFullWindow: false,
    includeTags: true,
  };
}

/** Values as Datadog's templates take them. */
const filled = (text: string, names: Partial<Record<Label, string>>) =>
  text.replace(/\{(\w+)\}/g, (place, name: string) => {
    if (name === "value") return "{{value}}";
    return isLabel(name) ? (names[name] ?? `{{${tags[name]}.name}}`) : place;
  });

const isLabel = (name: string): name is Label => name in tags;

/**
 * What the agent must be told to measure, beside what Datadog's own integrations do: the monitors ask for these.
 * Counters are named as the program names them, without `_total`.
 */
export const datadogChecks = {
  /** Names of the OpenMetrics check begin so: `vibecode.authelia_request.count`. */
  namespace: "vibecode",
  openMetrics: {
    traefik: ["traefik_entrypoint_requests", "traefik_service_requests"],
    authelia: ["authelia_request", "authelia_authn", "authelia_authn_second_factor"],
  },
  /** The check `tls` of the stack's own hosts: `tls.days_left`. */
  tls: ["tls.days_left"],
} as const;
