import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
} from "@grafana/grafana-foundation-sdk/dashboard";

import { source, type PanelBuilder } from "./panels";

/** Which dashboards there are; `vibecode-<name>` is in their address. */
export type Name = "fleet" | "user" | "ingress-and-sign-in" | "nodes" | "cost";

export const uid = (name: Name) => `vibecode-${name}`;

/** What all dashboards are found by, each from the others. */
const tag = "vibecode";

/** What a choice of several begins with. */
const everything = { text: "All", value: "$__all", selected: true };

export interface Variable {
  label: string;
  /** `label_values(metric, label)` */
  query: string;
  /** Whether several can be chosen, and all are at first. Default `false`. */
  several?: boolean;
}

export interface DashboardArgs {
  name: Name;
  title: string;
  description: string;
  /** How far back it looks: `6h`. */
  from: string;
  /** Choices above the panels, by name: the values of a label. */
  variables?: Readonly<Record<string, Variable>>;
  /** Panels below their headings. Widths of a line add up to 24. */
  sections: Readonly<Record<string, readonly PanelBuilder[]>>;
}

/** A dashboard: the same for the same arguments, to the letter, so that a preview shows what changes. */
export function dashboard({ name, title, description, from, variables, sections }: DashboardArgs): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid(name))
    .description(description)
    .tags([tag])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .timezone("browser")
    .time({ from: `now-${from}`, to: "now" })
    .refresh("1m")
    .link(
      new DashboardLinkBuilder("VibeCode")
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .asDropdown(true)
        .keepTime(true),
    );
  for (const [variable, { label, query, several = false }] of Object.entries(variables ?? {})) {
    const choice = new QueryVariableBuilder(variable)
      .label(label)
      .datasource(source)
      .query(query)
      .refresh(VariableRefresh.OnDashboardLoad)
      .sort(VariableSort.AlphabeticalAsc);
    builder.withVariable(
      several ? choice.multi(true).includeAll(true).allValue(".+").current(everything) : choice,
    );
  }
  let id = 0;
  for (const [heading, panels] of Object.entries(sections)) {
    builder.withRow(new RowBuilder(heading).id(++id));
    for (const panel of panels) builder.withPanel(panel.id(++id));
  }
  return builder.build();
}
