/** How soon somebody must look: now, in working hours, or when there is time. */
export type Severity = "page" | "ticket" | "info";

/** What an alert is about, beside the cluster: the labels that its query keeps. */
export type Label =
  "namespace" | "persistentvolumeclaim" | "resource" | "node" | "condition" | "job" | "cronjob" | "sans";

/** Name of Prometheus' group of rules. */
export type Group = "workspaces" | "shared" | "monitoring";

/** One thing that is watched, in the words of Prometheus and of Datadog. */
export interface Watch {
  /** `workspace-crash-loop`; also the name of its page in docs/runbooks. */
  id: string;
  group: Group;
  severity: Severity;
  /** One line, without a full stop. `{namespace}` stands for that label's value, `{value}` for the query's. */
  summary: string;
  /** What it means for whom, and the one line that mends it; with the same places for values. */
  description: string;
  /** Seconds for which it must hold before anybody is told. */
  for: number;
  /** Labels that the alert has. One alert a combination: with many, one broken node would tell of itself a hundred times. */
  by: readonly Label[];
  /** PromQL; holds for what it returns: any of the signs. */
  expr: string;
  /** Ids of watches that say nothing about the same namespace while this one fires: it is their cause. */
  explains?: readonly string[];
  /** Where the page is read. */
  runbook: string;
  /** The same in Datadog, a monitor each. None where it has no use for it. */
  datadog: readonly DatadogQuery[];
  /** What Datadog does not see of it, or sees otherwise: a sentence each, which docs/datadog.md repeats. */
  differs: readonly string[];
}

/**
 * One of the things by which a watch tells, as both sides ask for it. Where Datadog cannot ask for the same, a sentence
 * says what is other.
 */
export type Sign = {
  /** PromQL; holds for what it returns. */
  expr: string;
} & (
  | { datadog: readonly [DatadogQuery, ...DatadogQuery[]]; differs?: string }
  | { datadog?: never; differs: string }
);

/** A query of Datadog without its comparison. */
export interface DatadogQuery {
  /** Tells several of one watch apart; the first has none. */
  part?: string;
  /** `min(last_5m):...` */
  query: string;
  comparator: ">" | ">=" | "<";
  /** What it is compared with. */
  critical: number;
  /** Whether silence is an alert too. Default `false`. */
  notifyNoData?: boolean;
  /** Says what `{namespace}` and the like are, where this query keeps no such tag. */
  names?: Partial<Record<Label, string>>;
}

/** Numbers that teams differ in. */
export interface Thresholds {
  /** Percent of a workspace's volume, in bytes or in inodes. Default 85. */
  disk: number;
  /** Percent of requests that fail, of sign-in's and of all that pass the ingress. Default 5. */
  errors: number;
  /** Sign-ins that fail in five minutes, everybody's together. Default 20. */
  failedSignIns: number;
  /** Days that a certificate is valid for. Default 14: both ways of renewal should have been done 30 days before. */
  certificate: number;
  /** Hours that a backup may take or wait. Default 2. */
  backup: number;
}

export const defaultThresholds: Thresholds = {
  disk: 85,
  errors: 5,
  failedSignIns: 20,
  certificate: 14,
  backup: 2,
};

/** Where the runbooks are when nobody says: their path in the repository. */
export const defaultRunbooks = "docs/runbooks";

export interface WatchOptions {
  /** Name of the cluster, which each alert carries. */
  cluster: string;
  /** The stack's domain: `dev.example.com`. */
  domain: string;
  ingressNamespace: string;
  signInNamespace: string;
  monitoringNamespace: string;
  /** What the names of workspaces' namespaces begin with. Default `ws-`. */
  namespacePrefix?: string;
  /** Where docs/runbooks is read, without a slash at the end: a URL. Default: the path in the repository. */
  runbooks?: string;
  /** Whether Authelia is the sign-in, which counts what it is asked. Default `true`. */
  authelia?: boolean;
  /** Prometheus' jobs that must have a target. Default: those that every cluster with an own Prometheus has. */
  jobs?: readonly string[];
  thresholds?: Partial<Thresholds>;
}

/** The options, complete. */
export type Watched = Required<Omit<WatchOptions, "thresholds">> & { thresholds: Thresholds };

/** Jobs without which most of the alerts are blind. */
export const essentialJobs = [
  "prometheus",
  "alertmanager",
  "kubernetes-apiserver",
  "kubelet",
  "cadvisor",
  "node",
  "kube-state-metrics",
  "traefik",
] as const;

export function complete(options: WatchOptions): Watched {
  return {
    namespacePrefix: "ws-",
    runbooks: defaultRunbooks,
    authelia: true,
    jobs: essentialJobs,
    ...options,
    thresholds: { ...defaultThresholds, ...options.thresholds },
  };
}

/** A watch as it is written: by its signs. */
export type Draft = Omit<Watch, "runbook" | "expr" | "datadog" | "differs"> & { signs: readonly Sign[] };
