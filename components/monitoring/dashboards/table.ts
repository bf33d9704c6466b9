import * as common from "@grafana/grafana-foundation-sdk/common";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import * as table from "@grafana/grafana-foundation-sdk/table";

import { letter, source, thresholds, type Common, type PanelBuilder } from "./panels";

export interface Column {
  /** Grafana's name of the unit. Default: a plain number. */
  unit?: string;
  warnFrom?: number;
  badFrom?: number;
}

export interface TableOptions extends Omit<Common, "unit" | "warnFrom" | "badFrom"> {
  /** How a query's values are shown, by its legend; a query without is there for its labels alone. */
  columns: Readonly<Record<string, Column>>;
  /** Where a label's value leads: `/d/x?var-user=${__data.fields.user}`. */
  links?: Readonly<Record<string, string>>;
  /** A label or column, the largest first. */
  sortBy?: string;
}

/** A row for each combination of labels, a column for each of them and for each query. */
export function rows(options: TableOptions): PanelBuilder {
  const legends = Object.keys(options.queries);
  // With one query the column is called Value, with several Value #A.
  const column = (index: number) => (legends.length === 1 ? "Value" : `Value #${letter(index)}`);
  const hidden = legends.flatMap((legend, index) => (legend in options.columns ? [] : [column(index)]));
  const panel = new table.PanelBuilder()
    .title(options.title)
    .datasource(source)
    .span(options.width)
    .height(10)
    .filterable(true)
    .targets(
      Object.values(options.queries).map((expr, index) =>
        new DataqueryBuilder().refId(letter(index)).expr(expr).instant().format(PromQueryFormat.Table),
      ),
    )
    .transformations([
      { id: "merge", options: {} },
      {
        id: "organize",
        options: {
          excludeByName: Object.fromEntries(["Time", ...hidden].map((name) => [name, true])),
          renameByName: Object.fromEntries(legends.map((legend, index) => [column(index), legend])),
        },
      },
    ]);
  if (options.description !== undefined) panel.description(options.description);
  if (options.sortBy !== undefined)
    panel.sortBy([new common.TableSortByFieldStateBuilder().displayName(options.sortBy).desc(true)]);
  for (const [name, { unit = "short", ...colours }] of Object.entries(options.columns))
    panel.overrideByName(name, [
      { id: "unit", value: unit },
      { id: "thresholds", value: thresholds(colours).build() },
      ...("badFrom" in colours ? [{ id: "custom.cellOptions", value: { type: "color-text" } }] : []),
    ]);
  for (const [label, url] of Object.entries(options.links ?? {}))
    panel.overrideByName(label, [
      {
        id: "links",
        value: [{ title: "Open", url }],
      },
    ]);
  return panel;
}
