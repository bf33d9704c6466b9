import type { Watched } from "./watch";

/** Text as a pattern that matches it alone. */
const literally = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** A value as PromQL writes it. */
const quoted = (value: string) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** A pattern without what JavaScript alone escapes. */
const pattern = ({ source }: RegExp) => source.replaceAll("\\/", "/");

/** `=` before a value, `=~` before a pattern. */
export type Matchers = Readonly<Record<string, string | RegExp>>;

/** A metric with its labels: `up{job="node"}`. */
export function select(metric: string, matchers: Matchers): string {
  const said = Object.entries(matchers).map(([label, value]) =>
    typeof value === "string" ? `${label}=${quoted(value)}` : `${label}=~${quoted(pattern(value))}`,
  );
  return `${metric}{${said.join(",")}}`;
}

/** What kube-state-metrics says of objects. */
export const objects = (metric: string, matchers: Matchers) =>
  select(metric, { job: "kube-state-metrics", ...matchers });

/** Namespaces of workspaces. */
export const workspaces = ({ namespacePrefix }: Pick<Watched, "namespacePrefix">) =>
  new RegExp(`${literally(namespacePrefix)}.+`);

/**
 * The largest of each combination of labels. Most sums and comparisons begin with it: while a pod of
 * kube-state-metrics gives way to its successor, each series is there twice, and would match two.
 */
export const most = (labels: string, vector: string) => `max by (${labels}) (${vector})`;

/** Percent of a filesystem's room, or of its inodes, that is taken. What nobody can use any more counts as taken. */
export const taken = (free: string, all: string) => `100 * (1 - ${free} / ${all})`;

/** Where it is said how many pods there should be, and how many answer. */
const replicas = {
  deployment: ["kube_deployment_spec_replicas", "kube_deployment_status_replicas_available"],
  statefulset: ["kube_statefulset_replicas", "kube_statefulset_status_replicas_ready"],
} as const;

/** Deployments or StatefulSets that should have pods, none of which answers, by namespace and name. */
export function unavailable(kind: keyof typeof replicas, matchers: Matchers): string {
  const [wanted, there] = replicas[kind];
  const some = (metric: string) => most(`namespace, ${kind}`, `${objects(metric, matchers)} > 0`);
  return `(${some(wanted)} unless ${some(there)})`;
}

/** Where Datadog looks: a cluster, and what else holds. */
export const scope = ({ cluster }: Pick<Watched, "cluster">, ...filters: string[]) =>
  `{${[`kube_cluster_name:${cluster}`, ...filters].join(" AND ")}}`;
