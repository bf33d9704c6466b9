import type { Watch } from "./watch";

/** One rule of Prometheus, as its files and the operator's PrometheusRule write it. */
export type Rule =
  | {
      alert: string;
      expr: string;
      for: string;
      labels: Record<string, string>;
      annotations: Record<string, string>;
    }
  | { record: string; expr: string };

export interface RuleGroup {
  name: string;
  rules: Rule[];
}

/** `workspace-crash-loop` becomes `VibecodeWorkspaceCrashLoop`. */
export const alertName = (id: string): string =>
  `Vibecode${id
    .split("-")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("")}`;

/** Prometheus' alerts, a group a kind of trouble: an error in one group's rules leaves the others alone. */
export function ruleGroups(watches: readonly Watch[], cluster: string): RuleGroup[] {
  const groups = [...new Set(watches.map(({ group }) => group))];
  return groups.map((group) => ({
    name: `vibecode-${group}`,
    rules: watches.filter((watch) => watch.group === group).map((watch) => alert(watch, cluster)),
  }));
}

function alert(watch: Watch, cluster: string): Rule {
  return {
    alert: alertName(watch.id),
    expr: watch.expr,
    for: `${watch.for}s`,
    labels: { severity: watch.severity, cluster },
    annotations: {
      summary: filled(watch.summary),
      description: filled(watch.description),
      runbook_url: watch.runbook,
    },
  };
}

/** Values as Prometheus' templates take them. */
const filled = (text: string) =>
  text.replace(/\{(\w+)\}/g, (_, name: string) =>
    name === "value" ? '{{ printf "%.0f" $value }}' : `{{ $labels.${name} }}`,
  );

/** Alertmanager's rules by which what follows from another alert is kept back while that one fires. */
export function inhibitRules(watches: readonly Watch[]) {
  return watches.flatMap(({ id, explains = [] }) =>
    explains.length === 0
      ? []
      : [
          {
            source_matchers: [`alertname="${alertName(id)}"`],
            target_matchers: [`alertname=~"${explains.map(alertName).join("|")}"`],
            equal: ["cluster", "namespace"],
          },
        ],
  );
}
