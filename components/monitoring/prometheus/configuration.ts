import { alertmanagers, jobs, type Watched } from "./jobs";

export interface ConfigurationArgs {
  /** What alerts say of where they come from: the cluster's name. */
  cluster: string;
  clusterDomain: string;
  watched: Watched;
}

/** Where things are in Prometheus' container. */
export const paths = {
  configuration: "/etc/prometheus/prometheus.yml",
  rules: "/etc/prometheus/rules.yml",
  data: "/prometheus",
};

/** Prometheus' configuration, with keys that 2.42 and 3 know alike. */
export const configuration = ({ cluster, clusterDomain, watched }: ConfigurationArgs) => ({
  global: {
    scrape_interval: "30s",
    scrape_timeout: "10s",
    evaluation_interval: "30s",
    external_labels: { cluster },
  },
  rule_files: [paths.rules],
  alerting: { alertmanagers: alertmanagers(clusterDomain) },
  scrape_configs: jobs(watched),
});
