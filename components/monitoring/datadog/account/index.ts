import * as datadog from "@pulumi/datadog";
import type * as pulumi from "@pulumi/pulumi";

import type { DatadogMonitor } from "../../watched";
import { dashboard } from "./dashboard";
import { downtime, type Downtime } from "./downtime";
import { logIndex, logPipeline, type LogSettings } from "./logs";
import { objectives, type Objectives } from "./objectives";
import { signInPage, type PageSettings } from "./sign-in-page";

export type { Downtime } from "./downtime";
export type { LogSettings } from "./logs";
export type { Objectives } from "./objectives";
export type { PageSettings } from "./sign-in-page";

export interface AccountArgs {
  clusterName: string;
  /** On all of it: `env:production`. */
  tags: readonly string[];
  /** Whom the visit of the page tells, as Datadog writes it: `@slack-platform`. */
  notify: readonly string[];
  monitors: readonly DatadogMonitor[];
  /** Id of the one that tells of workspaces which do not become ready. */
  notReady: string;
  /** Queries of counts: all requests to sign-in, and those that did not fail by our fault. */
  signInRequests: { all: string; good: string };
  /** Queries for the dashboard, by what they are called. */
  charts: { requests: Record<string, string>; signIn: Record<string, string> };
  objectives: Objectives;
  /** Absent where no logs are sent. */
  logs?: LogSettings | undefined;
  /** Absent where nobody opens the page from outside. */
  signInPage?: (PageSettings & { url: string }) | undefined;
  /** By name. */
  downtimes: Readonly<Record<string, Downtime>>;
}

/** What lives at Datadog, not in the cluster: monitors, objectives, a dashboard, logs, a visit of the page, downtimes. */
export function account(name: string, args: AccountArgs, opts: pulumi.CustomResourceOptions): void {
  const { clusterName, notify } = args;
  const title = `VibeCode ${clusterName}`;
  const scope = `kube_cluster_name:${clusterName}`;
  // By it the dashboard and the downtimes find what is this stack's.
  const own = `vibecode:${clusterName}`;
  const tags = [own, "managed-by:pulumi", ...args.tags];

  const monitors = new Map(
    args.monitors.map(({ id, ...monitor }) => [
      id,
      new datadog.Monitor(`${name}-${id}`, { ...monitor, tags: [...tags, ...monitor.tags] }, opts),
    ]),
  );
  const notReady = monitors.get(args.notReady);
  if (notReady === undefined) throw new Error(`no monitor watches ${args.notReady}`);
  const promised = objectives({
    ...args.objectives,
    title,
    tags,
    signInRequests: args.signInRequests,
    notReady: notReady.id,
  });
  for (const [id, objective] of Object.entries(promised))
    new datadog.ServiceLevelObjective(`${name}-${id}`, objective, opts);

  new datadog.DashboardJson(
    `${name}-dashboard`,
    { dashboard: JSON.stringify(dashboard({ title, scope, ...args.charts, tag: own })) },
    opts,
  );
  if (args.logs !== undefined) {
    const logs = { ...args.logs, clusterName, tags };
    new datadog.LogsIndex(`${name}-index`, logIndex(logs), opts);
    new datadog.LogsCustomPipeline(`${name}-pipeline`, logPipeline(logs), opts);
  }
  if (args.signInPage !== undefined)
    new datadog.SyntheticsTest(
      `${name}-sign-in-page`,
      signInPage({ ...args.signInPage, title, tags, notify }),
      opts,
    );
  for (const [when, each] of Object.entries(args.downtimes))
    new datadog.DowntimeSchedule(
      `${name}-downtime-${when}`,
      downtime(each, { name: when, clusterName, monitorTags: [own] }),
      opts,
    );
}
