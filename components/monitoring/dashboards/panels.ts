import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DataSourceRef,
  type Panel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

/** The one source of data, by the id that Grafana's provisioning gives it. */
export const source: DataSourceRef = { type: "prometheus", uid: "prometheus" };

/** A panel whose place and number its dashboard gives it. */
export interface PanelBuilder extends Builder<Panel> {
  id(id: number): this;
}

interface Common {
  title: string;
  /** What the title cannot say. */
  description?: string;
  /** Of 24 columns. */
  width: number;
  /** Expressions by their legend, in which `{{label}}` is a label's value. */
  queries: Readonly<Record<string, string>>;
  /** Grafana's name of the unit. */
  unit: string;
  /** From where on it is yellow, and red. */
  warnFrom?: number;
  badFrom?: number;
}

const thresholds = ({ warnFrom, badFrom }: Pick<Common, "warnFrom" | "badFrom">) =>
  new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([
      { value: null, color: "green" },
      ...(warnFrom === undefined ? [] : [{ value: warnFrom, color: "yellow" }]),
      ...(badFrom === undefined ? [] : [{ value: badFrom, color: "red" }]),
    ]);

/** `A`, `B`: what Grafana calls a panel's queries. */
const letter = (index: number) => String.fromCharCode(65 + index);

const targets = (queries: Common["queries"], instant: boolean) =>
  Object.entries(queries).map(([legend, expr], index) => {
    const query = new DataqueryBuilder().refId(letter(index)).expr(expr).legendFormat(legend);
    return instant ? query.instant() : query.range();
  });

export interface GraphOptions extends Common {
  /** Piles the series up. */
  stacked?: boolean;
  /** Where the scale ends, as for percent. */
  max?: number;
}

/** Lines over time, with the last and the largest value of each below. */
export function graph(options: GraphOptions): PanelBuilder {
  const panel = new timeseries.PanelBuilder()
    .title(options.title)
    .datasource(source)
    .span(options.width)
    .height(8)
    .targets(targets(options.queries, false))
    .unit(options.unit)
    .min(0)
    .lineWidth(1)
    .fillOpacity(options.stacked === true ? 40 : 10)
    .showPoints(common.VisibilityMode.Never)
    .thresholds(thresholds(options))
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (options.description !== undefined) panel.description(options.description);
  if (options.max !== undefined) panel.max(options.max);
  if (options.stacked === true)
    panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (options.badFrom !== undefined)
    panel.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
    );
  return panel;
}

export interface StatOptions extends Common {
  /** Shows the legend, a label's value, in the place of the number. */
  text?: boolean;
  decimals?: number;
}

/** One number, now. */
export function number(options: StatOptions): PanelBuilder {
  const panel = new stat.PanelBuilder()
    .title(options.title)
    .datasource(source)
    .span(options.width)
    .height(4)
    .targets(targets(options.queries, true))
    .unit(options.unit)
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .textMode(options.text === true ? common.BigValueTextMode.Name : common.BigValueTextMode.Auto)
    .noValue("-")
    .thresholds(thresholds(options))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
  if (options.description !== undefined) panel.description(options.description);
  if (options.decimals !== undefined) panel.decimals(options.decimals);
  return panel;
}

/** A bar a series, the longest first. */
export function bars(options: Common): PanelBuilder {
  const panel = new bargauge.PanelBuilder()
    .title(options.title)
    .datasource(source)
    .span(options.width)
    .height(8)
    .targets(targets(options.queries, true))
    .unit(options.unit)
    .min(0)
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .thresholds(thresholds(options))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
  if (options.description !== undefined) panel.description(options.description);
  return panel;
}

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
        value: [{ title: "Open", url }] satisfies Partial<ReturnType<DashboardLinkBuilder["build"]>>[],
      },
    ]);
  return panel;
}
