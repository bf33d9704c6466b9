import { copy, only, type Job, type Relabel } from "./relabel";

/** What the pod's ServiceAccount is known by. */
const account = "/var/run/secrets/kubernetes.io/serviceaccount";
const asAccount = {
  scheme: "https",
  authorization: { credentials_file: `${account}/token` },
};
const authority = `${account}/ca.crt`;

const ofNode = [copy("__meta_kubernetes_node_name", "node"), copy("__meta_kubernetes_node_name", "instance")];

/** Each API server by its own address: behind the Service's, counters would jump from one to the other. */
export function apiServer(): Job {
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

export function onNode(job: "kubelet" | "cadvisor" | "kubelet-probes", path: string, limit: number): Job {
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
