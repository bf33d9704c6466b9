import { monitoringWatches } from "./monitoring";
import { sharedWatches } from "./shared";
import { complete, type Draft, type Watch, type WatchOptions } from "./watch";
import { workspaceWatches } from "./workspaces";

export { datadogChecks, datadogMonitors, type DatadogMonitor } from "./datadog";
export { recordings } from "./recordings";
export { alertName, inhibitRules, ruleGroups, type Rule, type RuleGroup } from "./rules";
export {
  defaultRunbooks,
  defaultThresholds,
  essentialJobs,
  type Draft,
  type DatadogQuery,
  type Label,
  type Severity,
  type Sign,
  type Thresholds,
  type Watch,
  type WatchOptions,
} from "./watch";

/**
 * Everything that is watched, whoever does it: Prometheus' rules and Datadog's monitors are both made of this list, by
 * one sign after the other, so that they do not drift apart unsaid. Each has a page in docs/runbooks.
 */
export function watches(options: WatchOptions): Watch[] {
  const all = complete(options);
  return drafts(options).map(({ signs, ...draft }) => ({
    ...draft,
    expr: signs.map(({ expr }) => expr).join(" or "),
    datadog: signs.flatMap(({ datadog }) => datadog ?? []),
    differs: [...new Set(signs.flatMap(({ differs }) => differs ?? []))],
    runbook: `${all.runbooks}/${draft.id}.md`,
  }));
}

/** The same by signs, before they are put together. */
export function drafts(options: WatchOptions): Draft[] {
  const all = complete(options);
  return [...workspaceWatches(all), ...sharedWatches(all), ...monitoringWatches(all)];
}
