import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";

import { recorded } from "../watched/recordings";
import { most, select, taken } from "../watched/select";
import { dashboard } from "./dashboard";
import { alerts, container, cost, hours, kube, kubelet, rate, traefik, type Shown } from "./expressions";
import { graph, number } from "./panels";
import { rows } from "./table";

const claim = "persistentvolumeclaim";

/** One person's workspace, which the variable `user` names. */
export function user(options: Shown): Dashboard {
  const namespace = `${options.namespacePrefix}$user`;
  const own = { namespace };
  const editor = { namespace, container: "editor" };
  const of = (name: string) => `${name}{namespace="${namespace}"}`;
  const volume = (metric: string) => kubelet(`volume_stats_${metric}`, own);
  const limit = (resource: string) =>
    `sum(${most("pod, container", kube("pod_container_resource_limits", { ...editor, resource }))})`;
  const disk = taken(volume("available_bytes"), volume("capacity_bytes"));
  const requests = traefik("service_requests_total", {
    service: new RegExp(`${options.ingressNamespace}-${namespace}-http@kubernetes|ports-$user@file`),
  });
  const quota = (type: string) => most("resource", kube("resourcequota", { namespace, type }));
  return dashboard({
    name: "user",
    title: "VibeCode: one user",
    description: `What the workspace of one person does. It is at https://<user>.${options.domain}.`,
    from: "6h",
    variables: {
      user: {
        label: "User",
        query: `label_values(${kube("namespace_labels", { label_vibecode_user: /.+/ })}, label_vibecode_user)`,
      },
    },
    sections: {
      Now: [
        number({
          title: "State",
          width: 4,
          unit: "none",
          text: true,
          queries: { "{{state}}": of(recorded.state) },
        }),
        number({
          title: "Last start",
          description: "From the pod's creation until it answered, where that was within the last day.",
          width: 4,
          unit: "s",
          decimals: 0,
          queries: { start: `max(min_over_time(${of(recorded.start)}[1d]))` },
          warnFrom: 60,
        }),
        number({
          title: "Restarts within a day",
          width: 4,
          unit: "none",
          decimals: 0,
          queries: {
            restarts: `sum(increase(${kube("pod_container_status_restarts_total", editor)}[1d]))`,
          },
          warnFrom: 1,
          badFrom: 5,
        }),
        number({
          title: "Fullest volume",
          width: 4,
          unit: "percent",
          decimals: 0,
          queries: { full: `max(${disk})` },
          warnFrom: 70,
          badFrom: 85,
        }),
        number({
          title: "Memory, of its limit",
          width: 4,
          unit: "percent",
          decimals: 0,
          queries: {
            memory: `100 * sum(${container("memory_working_set_bytes", editor)}) / ${limit("memory")}`,
          },
          warnFrom: 80,
          badFrom: 95,
        }),
        number({
          title: "Cost of a day",
          description: "By what it asked for in the last 24 hours.",
          width: 4,
          unit: `currency:${options.prices.currency} `,
          decimals: 2,
          queries: { cost: `sum(${cost(options, (asked) => hours("1d")(of(asked)))})` },
        }),
      ],
      "CPU, memory, volumes": [
        graph({
          title: "CPU",
          width: 8,
          unit: "none",
          queries: {
            used: of(recorded.cpuUsed),
            "asked for": of(recorded.cpuRequested),
            limit: limit("cpu"),
          },
        }),
        graph({
          title: "Memory",
          width: 8,
          unit: "bytes",
          queries: {
            used: of(recorded.memoryUsed),
            "asked for": of(recorded.memoryRequested),
            limit: limit("memory"),
          },
        }),
        graph({
          title: "Volumes",
          width: 8,
          unit: "percent",
          max: 100,
          queries: { [`{{${claim}}}`]: most(claim, disk) },
          warnFrom: 70,
          badFrom: 85,
        }),
        graph({
          title: "Time for which the CPU's limit held it back",
          width: 8,
          unit: "percent",
          max: 100,
          queries: {
            "held back": `100 * sum(${rate(container("cpu_cfs_throttled_periods_total", editor))}) / sum(${rate(container("cpu_cfs_periods_total", editor))})`,
          },
        }),
        graph({
          title: "Network",
          width: 8,
          unit: "binBps",
          queries: {
            received: `sum(${rate(container("network_receive_bytes_total", own))})`,
            sent: `sum(${rate(container("network_transmit_bytes_total", own))})`,
          },
        }),
        graph({
          title: "Requests",
          description: "To the editor and to forwarded ports, by the answer's status.",
          width: 8,
          unit: "reqps",
          stacked: true,
          queries: { "{{code}}": `sum by (code) (${rate(requests)})` },
        }),
        graph({
          title: "Read and written",
          width: 8,
          unit: "binBps",
          queries: {
            read: `sum(${rate(container("fs_reads_bytes_total", editor))})`,
            written: `sum(${rate(container("fs_writes_bytes_total", editor))})`,
          },
        }),
        graph({
          title: "Probes that failed, a minute",
          description: "The kubelet asks the editor whether it answers, and ends it after many silences.",
          width: 8,
          unit: "none",
          queries: {
            "{{probe_type}}": `60 * sum by (probe_type) (${rate(select("prober_probe_total", { job: "kubelet-probes", ...editor, result: "failed" }))})`,
          },
        }),
        graph({
          title: "Pods",
          width: 8,
          unit: "none",
          stacked: true,
          queries: { "{{phase}}": `sum by (phase) (${kube("pod_status_phase", own)}) > 0` },
        }),
      ],
      Borders: [
        rows({
          title: "Quota",
          width: 12,
          queries: { Used: quota("used"), "At most": quota("hard") },
          columns: { Used: {}, "At most": {} },
        }),
        rows({
          title: "Alerts that fire",
          width: 12,
          queries: { firing: `max by (alertname, severity, ${claim}) (${alerts(own)})` },
          columns: {},
        }),
      ],
    },
  });
}
