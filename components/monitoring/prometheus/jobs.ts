import { hostOf, monitoringNamespace, nodeExporterNamespace, type Server } from "../names";
import { apiServer, onNode } from "./kubernetes-jobs";
import { copy, isKept, only, type Job, type Relabel } from "./relabel";

/** What there is to scrape, besides Kubernetes and monitoring itself. */
export interface Watched {
  ingressNamespace: string;
  signInNamespace: string;
  authelia: boolean;
  /** Whether the stack's own Postgres runs, with its exporter. */
  postgres: boolean;
  valkey: boolean;
}

/**
 * Everything that is scraped. No workspace is: a pod with somebody's code in it could answer with a billion series, or
 * with another's numbers. What is known of a workspace comes from the kubelet and the API server.
 */
export function jobs(watched: Watched): Job[] {
  return [
    inPod("prometheus", monitoringNamespace, "prometheus", "http"),
    inPod("alertmanager", monitoringNamespace, "alertmanager", "http"),
    apiServer(),
    onNode("kubelet", "/metrics", 10_000),
    onNode("cadvisor", "/metrics/cadvisor", 20_000),
    onNode("kubelet-probes", "/metrics/probes", 10_000),
    node(),
    kubeStateMetrics(),
    traefik(watched.ingressNamespace),
    ...(watched.authelia ? [inPod("authelia", watched.signInNamespace, "authelia", "metrics")] : []),
    ...(watched.postgres ? [inPod("postgres", watched.signInNamespace, "postgres-exporter", "http")] : []),
    ...(watched.valkey ? [inPod("valkey", watched.signInNamespace, "valkey-exporter", "http")] : []),
    platform(watched),
  ];
}

/** Namespaces whose pods are found. */
export const namespacesOf = (watched: Watched): string[] => [
  monitoringNamespace,
  nodeExporterNamespace,
  watched.ingressNamespace,
  ...(watched.authelia || watched.postgres || watched.valkey ? [watched.signInNamespace] : []),
];

const gone: Relabel = {
  source_labels: ["__meta_kubernetes_pod_phase"],
  regex: "Succeeded|Failed",
  action: "drop",
};
/** The pod's name, which is told apart more easily than its address. */
const ofPod = [
  gone,
  copy("__meta_kubernetes_namespace", "namespace"),
  copy("__meta_kubernetes_pod_name", "pod"),
  copy("__meta_kubernetes_pod_node_name", "node"),
  copy("__meta_kubernetes_pod_name", "instance"),
];
/** Pods of one kind, by their label and the name of their port. */
function inPod(job: string, namespace: string, pods: string, port: string): Job {
  return {
    job_name: job,
    sample_limit: 10_000,
    kubernetes_sd_configs: [
      {
        role: "pod",
        namespaces: { names: [namespace] },
        selectors: [
          { role: "pod", label: `app.kubernetes.io/name=${pods},app.kubernetes.io/part-of=vibecode` },
        ],
      },
    ],
    relabel_configs: [
      { source_labels: ["__meta_kubernetes_pod_container_port_name"], regex: port, action: "keep" },
      ...ofPod,
    ],
    ...(isKept(job) ? { metric_relabel_configs: [only(job)] } : {}),
  };
}

function node(): Job {
  const job = inPod("node", nodeExporterNamespace, "node-exporter", "http");
  return {
    ...job,
    relabel_configs: [...(job.relabel_configs ?? []), copy("__meta_kubernetes_pod_node_name", "instance")],
  };
}

/** Its metrics are about others: it gives them no namespace, pod and node of its own. */
function kubeStateMetrics(): Job {
  const job = inPod("kube-state-metrics", monitoringNamespace, "kube-state-metrics", "http");
  return {
    ...job,
    honor_labels: true,
    sample_limit: 200_000,
    relabel_configs: [
      ...(job.relabel_configs ?? []).filter(({ action }) => action !== undefined),
      copy("__meta_kubernetes_pod_name", "instance"),
    ],
  };
}

/** Of each service's latency the sum and the count: its histogram would be half of what is stored of a workspace. */
function traefik(namespace: string): Job {
  return {
    ...inPod("traefik", namespace, "traefik", "metrics"),
    sample_limit: 100_000,
    metric_relabel_configs: [
      {
        source_labels: ["__name__", "service"],
        regex: "traefik_service_request_duration_seconds_bucket;(?:.*-)?(?:ws|ports)-.+",
        action: "drop",
      },
    ],
  };
}

/** Pods of the platform that say so themselves, by the annotations that people know. */
function platform(watched: Watched): Job {
  const annotation = (name: string) => `__meta_kubernetes_pod_annotation_prometheus_io_${name}`;
  return {
    job_name: "platform",
    sample_limit: 10_000,
    kubernetes_sd_configs: [{ role: "pod", namespaces: { names: namespacesOf(watched) } }],
    relabel_configs: [
      { source_labels: [annotation("scrape")], regex: "true", action: "keep" },
      {
        source_labels: ["__address__", annotation("port")],
        regex: "(.+?)(?::\\d+)?;(\\d+)",
        replacement: "$1:$2",
        target_label: "__address__",
      },
      ...ofPod,
    ],
  };
}

/** Where alerts go. */
export const alertmanagers = (clusterDomain: string) => [
  {
    static_configs: [{ targets: [`${hostOf("alertmanager" satisfies Server, clusterDomain)}:9093`] }],
  },
];
