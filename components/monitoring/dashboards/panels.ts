import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import {
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DataSourceRef,
  type Panel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

/** The one source of data, by the id that Grafana's provisioning gives it. */
export const source: DataSourceRef = { type: "prometheus", uid: "prometheus" };

/** A panel whose place and number its dashboard gives it. */
export interface PanelBuilder extends Builder<Panel> {
  id(id: number): this;
}

/** What all panels are told. */
export interface Common {
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

export const thresholds = ({ warnFrom, badFrom }: Pick<Common, "warnFrom" | "badFrom">) =>
  new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([
      { value: null, color: "green" },
      ...(warnFrom === undefined ? [] : [{ value: warnFrom, color: "yellow" }]),
      ...(badFrom === undefined ? [] : [{ value: badFrom, color: "red" }]),
    ]);

/** `A`, `B`: what Grafana calls a panel's queries. */
export const letter = (index: number) => String.fromCharCode(65 + index);

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
