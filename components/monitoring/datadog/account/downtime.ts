import type * as datadog from "@pulumi/datadog";

/** Times at which nobody is told of anything, such as a maintenance window. */
export interface Downtime {
  /** When it recurs: `FREQ=WEEKLY;BYDAY=SU`. */
  rule: string;
  /** First day and hour, local: `2026-12-06T02:00:00`; from now on when absent. */
  start?: string | undefined;
  /** How long: `2h`. */
  duration: string;
  /** `Europe/Berlin`. */
  timezone: string;
}

/** One of them, for the monitors of one cluster. */
export function downtime(
  { rule, start, duration, timezone }: Downtime,
  args: { name: string; clusterName: string; monitorTags: string[] },
): datadog.DowntimeScheduleArgs {
  return {
    scope: `kube_cluster_name:${args.clusterName}`,
    monitorIdentifier: { monitorTags: args.monitorTags },
    recurringSchedule: {
      recurrences: [{ rrule: rule, duration, ...(start === undefined ? {} : { start }) }],
      timezone,
    },
    displayTimezone: timezone,
    message: `${args.name}: announced in the stack's configuration.`,
    // What is still broken at the end is said then.
    notifyEndStates: ["alert", "warn"],
    notifyEndTypes: ["expired"],
  };
}
