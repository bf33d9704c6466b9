import { dumps } from "../../data/dumps";
import { most, objects, scope } from "./select";
import type { Draft, Watched } from "./watch";

/** CronJobs of the platform's own whose name says that they make a backup. */
export function backupLate(options: Watched): Draft {
  const { backup } = options.thresholds;
  const by = "namespace, cronjob";
  const jobs = { namespace: /vibecode-.+/, cronjob: /.*(dump|backup).*/ };
  const time = (name: string) => most(by, objects(`kube_cronjob_${name}`, jobs));
  const due = time("status_last_schedule_time");
  const since = (what: string, ...where: string[]) =>
    `max:kubernetes_state.cronjob.duration_since_last_${what}${scope(options, ...where)}`;
  const datadog = (what: string) =>
    `${since(what, "kube_namespace:vibecode-*", "(kube_cronjob:*dump* OR kube_cronjob:*backup*)")} by {kube_namespace,kube_cronjob}`;
  const dump = (what: string) =>
    since(what, `kube_namespace:${options.signInNamespace}`, `kube_cronjob:${dumps}`);
  const daysWithout = 8;
  return {
    id: "backup-late",
    group: "shared",
    severity: "ticket",
    summary: "The backup {cronjob} of {namespace} is {value} hours late",
    description:
      "Since then nothing new could be restored. See why with `kubectl --namespace {namespace} describe jobs`; `kubectl --namespace {namespace} create job --from=cronjob/{cronjob} {cronjob}-now` makes one now.",
    for: 300,
    by: ["namespace", "cronjob"],
    // Whatever the schedule: it began and has not succeeded since, or should have begun.
    signs: [
      {
        expr: `(time() - (${due} unless ${time("status_last_successful_time")} >= ${due})) / 3600 > ${backup}`,
        datadog: [
          {
            query: `min(last_${backup}h):(${datadog("successful")} - ${datadog("schedule")}) / 3600`,
            comparator: ">",
            critical: 0,
          },
          {
            part: "never",
            // Without a first success there is nothing to count from, which is 0; any success takes away more than all.
            query: `min(last_1h):(${dump("schedule")} - 1000000 * default_zero(${dump("successful")})) / 3600`,
            comparator: ">",
            critical: backup,
            names: { namespace: options.signInNamespace, cronjob: dumps },
          },
        ],
        differs:
          "Of a backup that has never succeeded Datadog tells where it is the stack's own dump of its database.",
      },
      {
        expr: `(time() - ${time("next_schedule_time")}) / 3600 > ${backup}`,
        datadog: [
          {
            part: "not-begun",
            query: `min(last_1h):${datadog("schedule")} / 3600`,
            comparator: ">",
            critical: 24 * daysWithout,
          },
        ],
        differs: `Datadog knows no schedule: it tells once none began for ${daysWithout} days, and so of one that is rarer.`,
      },
    ],
  };
}
