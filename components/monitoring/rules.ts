import { monitoringNamespace } from "./names";
import { jobs, type Watched } from "./prometheus/jobs";
import {
  inhibitRules,
  recordings,
  ruleGroups,
  watches,
  type RuleGroup,
  type Thresholds,
  type Watch,
} from "./watched";

export interface RulesArgs {
  cluster: string;
  domain: string;
  watched: Watched;
  /** Where docs/runbooks is read; its path in the repository when absent. */
  runbooks?: string | undefined;
  /** From when on an alert tells; what is absent is as usual. */
  thresholds?: Partial<Thresholds> | undefined;
}

/** Everything that is watched, for who needs no jobs of Prometheus. */
export const watchesOf = (args: RulesArgs): Watch[] => watches(optionsOf(args));

/** Names of jobs where they are not ours, by ours. */
export type JobNames = Readonly<Record<string, string>>;

/** Every rule for a Prometheus of the stack's own, and what Alertmanager keeps back because of another. */
export function ownRules(args: RulesArgs): { groups: RuleGroup[]; inhibitions: object[] } {
  const list = watches({
    ...optionsOf(args),
    // Whatever it was told to scrape must be there; nobody need say of a pod that it wants to be scraped.
    jobs: jobs(args.watched)
      .map(({ job_name }) => job_name)
      .filter((job) => job !== "platform"),
  });
  return { groups: [recordings(), ...ruleGroups(list, args.cluster)], inhibitions: inhibitRules(list) };
}

/** The same for a Prometheus that is not ours, which watches itself, and has names of its own for what it scrapes. */
export function operatedRules(args: RulesArgs, names: JobNames): RuleGroup[] {
  const scraped = ["kubernetes-apiserver", "kubelet", "node", "kube-state-metrics", "traefik"];
  const list = watches({ ...optionsOf(args), jobs: scraped.map((job) => names[job] ?? job) });
  const groups = ruleGroups(
    list.filter(({ id, group }) => group !== "monitoring" || id === "monitoring-down"),
    args.cluster,
  );
  return [recordings(), ...groups].map((group) => ({
    ...group,
    rules: group.rules.map((rule) => ({ ...rule, expr: renamed(rule.expr, names) })),
  }));
}

/** A query, or a text with queries in it, that asks for jobs by the names that they have there. */
export const renamed = (text: string, names: JobNames): string =>
  text.replace(/(\bjob=\\?")([\w-]+)(\\?")/g, (_, before: string, job: string, after: string) =>
    [before, names[job] ?? job, after].join(""),
  );

const optionsOf = ({ cluster, domain, watched, runbooks, thresholds }: RulesArgs) => ({
  cluster,
  domain,
  monitoringNamespace,
  ingressNamespace: watched.ingressNamespace,
  signInNamespace: watched.signInNamespace,
  authelia: watched.authelia,
  ...(runbooks === undefined ? {} : { runbooks }),
  ...(thresholds === undefined ? {} : { thresholds }),
});
