import { scope, unavailable } from "./select";
import type { Watched } from "./watch";

/** Everything of one namespace for which no pod answers, as 100 percent that fails. */
export const down = (namespace: string) => `100 * group(${unavailable({ namespace })})`;

export const share = (requests: (code?: RegExp) => string) => {
  const rate = (code?: RegExp) => `sum(rate(${requests(code)}[5m]))`;
  return `100 * ${rate(/5../)} / ${rate()}`;
};

/** The same of Datadog: a counter of the agent's OpenMetrics check. */
export const datadogShare = (options: Watched, window: string, counter: string) =>
  `sum(${window}):100 * sum:${counter}${scope(options, "code:5*")}.as_count() / sum:${counter}${scope(options)}.as_count()`;

/** Deployments of a namespace without a pod that answers, in Datadog. */
export const datadogDown = (options: Watched, namespace: string) =>
  ({
    part: "down",
    query: `max(last_5m):max:kubernetes_state.deployment.replicas_available${scope(
      options,
      `kube_namespace:${namespace}`,
    )} by {kube_deployment}`,
    comparator: "<",
    critical: 1,
  }) as const;
