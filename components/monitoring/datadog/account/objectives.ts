import type * as datadog from "@pulumi/datadog";
import * as pulumi from "@pulumi/pulumi";

/** What people are promised, in percent of the time or of the requests. */
export interface Objectives {
  /** Days that count: 7, 30 or 90. */
  days: 7 | 30 | 90;
  /** Part of the requests to sign-in that get an answer other than an error of ours. */
  signIn: number;
  /** Part of the time in which every workspace that should run is ready. */
  workspaceStart: number;
}

interface ObjectiveArgs extends Objectives {
  /** Begins each name: `VibeCode production`. */
  title: string;
  tags: string[];
  /** All requests to sign-in, and those of them that did not fail by our fault: queries of counts. */
  signInRequests: { all: string; good: string };
  /** Id of the monitor of workspaces that do not become ready. */
  notReady: pulumi.Input<string>;
}

/** The objectives, by the name of their resource. */
export function objectives(args: ObjectiveArgs): Record<string, datadog.ServiceLevelObjectiveArgs> {
  const { title, tags, days, signInRequests: requests } = args;
  const promised = (target: number) => {
    const timeframe = `${days}d`;
    return { tags, timeframe, targetThreshold: target, thresholds: [{ timeframe, target }] };
  };
  return {
    "sign-in": {
      name: `${title}: sign-in answers`,
      description: "Requests to sign-in that get an answer, of all of them. A wrong password is an answer.",
      type: "metric",
      query: { numerator: requests.good, denominator: requests.all },
      ...promised(args.signIn),
    },
    "workspace-start": {
      name: `${title}: workspaces start`,
      description: "Time in which every workspace that should run is ready, by workspace.",
      type: "monitor",
      monitorIds: [pulumi.output(args.notReady).apply(Number)],
      ...promised(args.workspaceStart),
    },
  };
}
