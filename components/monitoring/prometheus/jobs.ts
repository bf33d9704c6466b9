import { hostOf, monitoringNamespace, nodeExporterNamespace, type Server } from "../names";
import { kept, type KeptJob } from "./kept";

/** What there is to scrape, besides Kubernetes and monitoring itself. */
export interface Watched {
  ingressNamespace: string;
  signInNamespace: string;
  authelia: boolean;
  /** Whether the stack's own Postgres runs, with its exporter. */
  postgres: boolean;
  valkey: boolean;
}

/** A rule by which Prometheus rewrites labels before it scrapes, or before it stores. */
interface Relabel {
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

/** What the pod's ServiceAccount is known by. */
const account = "/var/run/secrets/kubernetes.io/serviceaccount";
const asAccount = {
  scheme: "https",
  authorization: { credentials_file: `${account}/token` },
};
const authority = `${account}/ca.crt`;

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

const copy = (from: string, to: string): Relabel => ({ source_labels: [from], target_label: to });
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
const ofNode = [copy("__meta_kubernetes_node_name", "node"), copy("__meta_kubernetes_node_name", "instance")];

/** Keeps what the list names, and drops the rest before it is stored. */
const only = (job: KeptJob): Relabel => ({
  source_labels: ["__name__"],
  regex: kept[job].join("|"),
  action: "keep",
});

const isKept = (job: string): job is KeptJob => job in kept;

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

/** Each API server by its own address: behind the Service's, counters would jump from one to the other. */
function apiServer(): Job {
  const job = "kubernetes-apiserver";
  return {
    job_name: job,
    ...asAccount,
    tls_config: { ca_file: authority, server_name: "kubernetes.default.svc" },
    sample_limit: 100_000,
    kubernetes_sd_configs: [{ role: "endpointslice", namespaces: { names: ["default"] } }],
    relabel_configs: [
      {
        source_labels: ["__meta_kubernetes_service_name", "__meta_kubernetes_endpointslice_port_name"],
        regex: "kubernetes;https",
        action: "keep",
      },
    ],
    metric_relabel_configs: [only(job)],
  };
}

function onNode(job: "kubelet" | "cadvisor" | "kubelet-probes", path: string, limit: number): Job {
  return {
    job_name: job,
    ...asAccount,
    // Few clusters let an authority that others know sign what a kubelet shows.
    tls_config: { ca_file: authority, insecure_skip_verify: true },
    metrics_path: path,
    sample_limit: limit,
    // The kubelet's own time of a reading lies up to a minute back, past which a container that ended would go on.
    ...(job === "cadvisor" ? { honor_timestamps: false } : {}),
    kubernetes_sd_configs: [{ role: "node" }],
    relabel_configs: ofNode,
    metric_relabel_configs: [only(job), ...(job === "cadvisor" ? containers : [])],
  };
}

/** Containers alone: what is above them is their sum, and node-exporter knows the node better. */
const containers: Relabel[] = [
  {
    source_labels: ["__name__", "container"],
    regex: "container_(?:cpu|fs|memory|oom)_[^;]+;(?:POD)?",
    action: "drop",
  },
  // A network is a pod's; those without one are the node's own.
  { source_labels: ["namespace"], regex: "", action: "drop" },
  // Long, and other ones at each start.
  { regex: "id|image|name", action: "labeldrop" },
];

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
