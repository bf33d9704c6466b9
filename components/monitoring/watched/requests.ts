import { scope, unavailable } from "./select";
import type { DatadogQuery, Sign, Watched } from "./watch";

/** Percent of requests, of any kind and of those that fail: 5xx, a server's own error. */
export const share = (requests: (code?: RegExp) => string) => {
  const rate = (code?: RegExp) => `sum(rate(${requests(code)}[5m]))`;
  return `100 * ${rate(/5../)} / ${rate()}`;
};

/**
 * The same of Datadog: a counter of the agent's OpenMetrics check.
 *
 * @param filters which of its series
 */
export const datadogShare = (
  options: Watched,
  window: string,
  counter: string,
  ...filters: readonly string[]
) =>
  `sum(${window}):100 * sum:${counter}${scope(options, ...filters, "code:5*")}.as_count() / sum:${counter}${scope(options, ...filters)}.as_count()`;

/** What must have a pod that answers. */
interface Servers {
  namespace: string;
  deployments: readonly string[];
  statefulSets?: readonly string[];
}

const differs = "Datadog tells of a server that was scaled to no pod on purpose, too.";

/** Servers of one namespace, by name: what only shows figures of them may be down. As 100 percent that fails. */
export function down(options: Watched, { namespace, deployments, statefulSets = [] }: Servers): Sign[] {
  const none = (expr: string, query: DatadogQuery): Sign => ({
    expr: `100 * group(${expr})`,
    datadog: [query],
    differs,
  });
  const asked = (part: string, metric: string, tag: string, names: readonly string[]): DatadogQuery => ({
    part,
    query: `max(last_5m):max:kubernetes_state.${metric}${scope(options, `kube_namespace:${namespace}`, `${tag} IN (${names.join(",")})`)} by {${tag}}`,
    comparator: "<",
    critical: 1,
  });
  return [
    none(
      unavailable("deployment", { namespace, deployment: anyOf(deployments) }),
      asked("down", "deployment.replicas_available", "kube_deployment", deployments),
    ),
    ...(statefulSets.length === 0
      ? []
      : [
          none(
            unavailable("statefulset", { namespace, statefulset: anyOf(statefulSets) }),
            asked("store-down", "statefulset.replicas_ready", "kube_stateful_set", statefulSets),
          ),
        ]),
  ];
}

const anyOf = (names: readonly string[]) => new RegExp(names.join("|"));
