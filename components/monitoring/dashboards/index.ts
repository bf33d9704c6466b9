import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";

import { costs } from "./cost";
import type { Name } from "./dashboard";
import type { DashboardOptions, Shown } from "./expressions";
import { fleet } from "./fleet";
import { ingressAndSignIn } from "./ingress";
import { nodes } from "./nodes";
import { user } from "./user";

export type { DashboardOptions, Prices } from "./expressions";
export { queriesOf, type Query } from "./queries";

/**
 * Grafana's dashboards, by name: plain objects, whose JSON goes into a ConfigMap. They ask the data source
 * `prometheus`, and for what `watched/recordings.ts` records.
 */
export function dashboards(options: DashboardOptions): Record<Name, Dashboard> {
  const shown: Shown = { namespacePrefix: "ws-", ...options };
  return {
    fleet: fleet(shown),
    user: user(shown),
    "ingress-and-sign-in": ingressAndSignIn(),
    nodes: nodes(),
    cost: costs(shown),
  };
}
