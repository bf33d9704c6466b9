import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";

import { most, select, taken } from "../watched/select";
import { dashboard } from "./dashboard";
import { kube, kubelet, node, rate } from "./expressions";
import { graph, number } from "./panels";
import { rows } from "./table";

/** The machines below, one by one or all. */
export function nodes(): Dashboard {
  const which = { node: /$node/ };
  const each = (vector: string) => ({ "{{node}}": vector });
  const asked = (resource: string) =>
    `100 * sum by (node) (${most("node, namespace, pod, container", kube("pod_container_resource_requests", { resource, ...which }))}) / ${most("node", kube("node_status_allocatable", { resource, ...which }))}`;
  const apiServer = (metric: string) => select(metric, { job: "kubernetes-apiserver" });
  const root = { mountpoint: /\/|\/var(\/lib(\/[a-z]+)?)?/, ...which };
  const full = taken(node("filesystem_avail_bytes", root), node("filesystem_size_bytes", root));
  const conditions = kube("node_status_condition", {
    ...which,
    condition: /(Memory|Disk|PID)Pressure|NetworkUnavailable/,
    status: "true",
  });
  return dashboard({
    name: "nodes",
    title: "VibeCode: nodes",
    description: "What each machine does, and how much of it is given away.",
    from: "6h",
    variables: { node: { label: "Node", query: `label_values(${kube("node_info")}, node)`, several: true } },
    sections: {
      Now: [
        number({
          title: "Nodes that are ready",
          width: 8,
          unit: "none",
          queries: {
            ready: `count(${most("node", kube("node_status_condition", { condition: "Ready", status: "true" }))} == 1)`,
          },
        }),
        number({
          title: "Conditions that should not be",
          width: 8,
          unit: "none",
          queries: { bad: `sum(${most("node, condition", conditions)})` },
          badFrom: 1,
        }),
        number({
          title: "Pods",
          width: 8,
          unit: "none",
          queries: { pods: `sum(${kubelet("running_pods", which)})` },
        }),
      ],
      Used: [
        graph({
          title: "CPU",
          width: 8,
          unit: "percent",
          max: 100,
          queries: each(
            `100 * (1 - avg by (node) (${rate(node("cpu_seconds_total", { mode: "idle", ...which }))}))`,
          ),
          warnFrom: 80,
          badFrom: 95,
        }),
        graph({
          title: "Memory",
          width: 8,
          unit: "percent",
          max: 100,
          queries: each(
            most(
              "node",
              taken(node("memory_MemAvailable_bytes", which), node("memory_MemTotal_bytes", which)),
            ),
          ),
          warnFrom: 85,
          badFrom: 95,
        }),
        graph({
          title: "Disk",
          width: 8,
          unit: "percent",
          max: 100,
          queries: { "{{node}} {{mountpoint}}": most("node, mountpoint", full) },
          warnFrom: 80,
          badFrom: 90,
        }),
        graph({
          title: "Load, for each core",
          width: 8,
          unit: "none",
          queries: each(
            `${most("node", node("load5", which))} / count by (node) (${node("cpu_seconds_total", { mode: "idle", ...which })})`,
          ),
        }),
        graph({
          title: "Time the disk was busy",
          width: 8,
          unit: "percent",
          max: 100,
          queries: {
            "{{node}} {{device}}": `100 * sum by (node, device) (${rate(node("disk_io_time_seconds_total", which))})`,
          },
        }),
        graph({
          title: "Somebody waited for CPU",
          description: "Pressure stall information; a kernel without it shows nothing.",
          width: 8,
          unit: "percent",
          queries: each(`100 * sum by (node) (${rate(node("pressure_cpu_waiting_seconds_total", which))})`),
        }),
      ],
      "Given away": [
        graph({
          title: "CPU that pods asked for",
          width: 8,
          unit: "percent",
          queries: each(asked("cpu")),
          badFrom: 95,
        }),
        graph({
          title: "Memory that pods asked for",
          width: 8,
          unit: "percent",
          queries: each(asked("memory")),
          badFrom: 95,
        }),
        graph({
          title: "Pods",
          width: 8,
          unit: "none",
          queries: each(most("node", kubelet("running_pods", which))),
        }),
        rows({
          title: "Nodes",
          description: "As the API server knows them.",
          width: 24,
          queries: {
            Version: most("node, kubelet_version, os_image", kube("node_info", which)),
            Cores: most("node", kube("node_status_allocatable", { resource: "cpu", ...which })),
            Memory: most("node", kube("node_status_allocatable", { resource: "memory", ...which })),
            Closed: most("node", kube("node_spec_unschedulable", which)),
          },
          columns: { Cores: {}, Memory: { unit: "bytes" }, Closed: { unit: "bool_yes_no" } },
        }),
      ],
      "API server": [
        graph({
          title: "Requests by status",
          width: 6,
          unit: "reqps",
          stacked: true,
          queries: { "{{code}}": `sum by (code) (${rate(apiServer("apiserver_request_total"))})` },
        }),
        graph({
          title: "Objects, the most frequent kinds",
          description: "What the cluster's database holds.",
          width: 6,
          unit: "short",
          queries: {
            "{{resource}}": `topk(10, max by (resource) (${apiServer("apiserver_storage_objects")}))`,
          },
        }),
        graph({
          title: "CPU",
          width: 6,
          unit: "none",
          queries: { "{{instance}}": rate(apiServer("process_cpu_seconds_total")) },
        }),
        graph({
          title: "Memory",
          width: 6,
          unit: "bytes",
          queries: { "{{instance}}": apiServer("process_resident_memory_bytes") },
        }),
      ],
    },
  });
}
