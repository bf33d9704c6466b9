import { kept, type KeptJob } from "./kept";

/** A rule by which Prometheus rewrites labels before it scrapes, or before it stores. */
export interface Relabel {
  source_labels?: string[];
  regex?: string;
  target_label?: string;
  replacement?: string;
  action?: "replace" | "keep" | "drop" | "labeldrop";
}

export interface Job {
  job_name: string;
  relabel_configs?: Relabel[];
  metric_relabel_configs?: Relabel[];
  [key: string]: unknown;
}

export const copy = (from: string, to: string): Relabel => ({ source_labels: [from], target_label: to });

/** Keeps what the list names, and drops the rest before it is stored. */
export const only = (job: KeptJob): Relabel => ({
  source_labels: ["__name__"],
  regex: kept[job].join("|"),
  action: "keep",
});

export const isKept = (job: string): job is KeptJob => job in kept;
