import type { Dashboard, Panel, RowPanel, VariableModel } from "@grafana/grafana-foundation-sdk/dashboard";

/** One expression that a dashboard asks Prometheus. */
export interface Query {
  /** Key of the dashboard: `fleet`. */
  dashboard: string;
  /** Title of the panel, or `variable <name>`. */
  panel: string;
  /** PromQL, nothing of Grafana's left in it. */
  expr: string;
  /** Whether it is asked for now alone, and not over time. */
  instant: boolean;
}

/** What is put in the place of Grafana's variables, each user's or of its own. */
const places = {
  user: "alice",
  node: ".+",
  __rate_interval: "5m",
  __range: "1d",
  __interval: "1m",
};

/**
 * Every expression of the dashboards, as Grafana would send it.
 *
 * @param values of variables, by name. Default: the user alice, all nodes, a day
 */
export function queriesOf(
  dashboards: Readonly<Record<string, Dashboard>>,
  values: Readonly<Record<string, string>> = {},
): Query[] {
  const filled = { ...places, ...values };
  const fill = (expr: string) =>
    Object.entries(filled).reduce(
      (text, [name, value]) => text.replace(new RegExp(`\\$(?:${name}\\b|\\{${name}\\})`, "g"), () => value),
      expr,
    );
  return Object.entries(dashboards).flatMap(([dashboard, { panels = [], templating }]) => [
    ...(templating.list ?? []).flatMap((variable) =>
      asked(variable).map((expr) => ({
        dashboard,
        panel: `variable ${variable.name}`,
        expr: fill(expr),
        instant: true,
      })),
    ),
    ...panels.flatMap((panel) =>
      targetsOf(panel).map(({ expr, instant }) => ({
        dashboard,
        panel: panel.title ?? "",
        expr: fill(expr),
        instant,
      })),
    ),
  ]);
}

function targetsOf(panel: Panel | RowPanel) {
  const targets = "targets" in panel ? (panel.targets ?? []) : [];
  return targets.flatMap((target) =>
    "expr" in target && typeof target.expr === "string"
      ? [{ expr: target.expr, instant: "instant" in target && target.instant === true }]
      : [],
  );
}

/** The series whose labels a variable offers. */
function asked({ query }: VariableModel): string[] {
  const match = typeof query === "string" ? /^label_values\((.+), \w+\)$/.exec(query) : null;
  return match?.[1] === undefined ? [] : [match[1]];
}
