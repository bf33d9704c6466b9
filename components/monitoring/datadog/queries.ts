/** Traefik's own counters, as the agents' check of the watched things names them. */
const service = "vibecode.traefik_service_requests.count";
const entryPoint = "vibecode.traefik_entrypoint_requests.count";

/** Traefik's label `service`, which is a word of Datadog's own. */
export const renamed = { service: "traefik_service" };

/**
 * What is asked of Datadog about ingress and sign-in.
 *
 * @param clusterName of one cluster alone
 * @param pages whether sign-in has pages of its own; where it has none, all requests pass it
 */
export function queries(clusterName: string, pages: boolean) {
  const scope = `kube_cluster_name:${clusterName}`;
  const all = `entrypoint:websecure,${scope}`;
  const signIn = pages
    ? (filter: string) => `sum:${service}{traefik_service:vibecode-ingress-sign-in-*,${filter}${scope}}`
    : (filter: string) => `sum:${entryPoint}{${filter}${all}}`;
  return {
    // Not all less those that failed: of these there is mostly no series, and what is less nothing is nothing.
    signInRequests: { all: `${signIn("")}.as_count()`, good: `${signIn("!code:5*,")}.as_count()` },
    charts: {
      requests: {
        all: `sum:${entryPoint}{${all}}.as_rate()`,
        errors: `sum:${entryPoint}{code:5*,${all}}.as_rate()`,
      },
      signIn: {
        requests: `${signIn("")}.as_rate()`,
        errors: `${signIn("code:5*,")}.as_rate()`,
      },
    },
  };
}
