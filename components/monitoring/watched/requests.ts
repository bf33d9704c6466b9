import { scope, unavailable } from "./select";
import type { DatadogQuery, Watched } from "./watch";

/** Everything of one namespace for which no pod answers, as 100 percent that fails. */
export const down = (namespace: string) =>
  `100 * group(${unavailable("deployment", { namespace })} or ${unavailable("statefulset", { namespace })})`;

export const share = (requests: (code?: RegExp) => string) => {
  const rate = (code?: RegExp) => `sum(rate(${requests(code)}[5m]))`;
  return `100 * ${rate(/5../)} / ${rate()}`;
};

/** The same of Datadog: a counter of the agent's OpenMetrics check. */
export const datadogShare = (options: Watched, window: string, counter: string) =>
  `sum(${window}):100 * sum:${counter}${scope(options, "code:5*")}.as_count() / sum:${counter}${scope(options)}.as_count()`;

/** Deployments and StatefulSets of a namespace without a pod that answers, in Datadog. */
export function datadogDown(options: Watched, namespace: string): DatadogQuery[] {
  const none = (part: string, metric: string, tag: string): DatadogQuery => ({
    part,
    query: `max(last_5m):max:kubernetes_state.${metric}${scope(options, `kube_namespace:${namespace}`)} by {${tag}}`,
    comparator: "<",
    critical: 1,
  });
  return [
    none("down", "deployment.replicas_available", "kube_deployment"),
    none("store-down", "statefulset.replicas_ready", "kube_stateful_set"),
  ];
}
