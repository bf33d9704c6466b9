import { monitoringWatches } from "./monitoring";
import { sharedWatches } from "./shared";
import { complete, type Watch, type WatchOptions } from "./watch";
import { workspaceWatches } from "./workspaces";

export { datadogChecks, datadogMonitors, type DatadogMonitor } from "./datadog";
export { recordings } from "./recordings";
export { alertName, inhibitRules, ruleGroups, type Rule, type RuleGroup } from "./rules";
export {
  defaultRunbooks,
  defaultThresholds,
  essentialJobs,
  type DatadogQuery,
  type Label,
  type Severity,
  type Thresholds,
  type Watch,
  type WatchOptions,
} from "./watch";

/**
 * Everything that is watched, whoever does it: Prometheus' rules and Datadog's monitors are both made of this list,
 * so that they cannot drift apart. Each has a page in docs/runbooks.
 */
export function watches(options: WatchOptions): Watch[] {
  const all = complete(options);
  return [...workspaceWatches(all), ...sharedWatches(all), ...monitoringWatches(all)].map((draft) => ({
    ...draft,
    runbook: `${all.runbooks}/${draft.id}.md`,
  }));
}
