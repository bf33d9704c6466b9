import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";

import { recorded } from "../watched/recordings";
import { most, taken, workspaces } from "../watched/select";
import { dashboard, uid } from "./dashboard";
import { alerts, byUser, kube, kubelet, orZero, type Shown } from "./expressions";
import { graph, number } from "./panels";
import { rows } from "./table";

/** All workspaces at once: which run, how fast they start, what they use of what they asked for. */
export function fleet(options: Shown): Dashboard {
  const namespace = workspaces(options);
  const inState = (state: string) => ({ [state]: `count(${recorded.state}{state="${state}"}) or vector(0)` });
  const starts = (window: string, share: number) =>
    `quantile(${share}, min_over_time(${recorded.start}[${window}]))`;
  const free = (resource: string) => `sum(${most("node", kube("node_status_allocatable", { resource }))})`;
  const together = (used: string, asked: string) => ({
    used: `sum(${used})`,
    "asked for": `sum(${asked})`,
  });
  const volume = (metric: string) => kubelet(`volume_stats_${metric}`, { namespace });
  return dashboard({
    name: "fleet",
    title: "VibeCode: all workspaces",
    description: "Which workspaces run, how fast they start, and what they use of what they asked for.",
    from: "6h",
    sections: {
      Now: [
        number({ title: "Running", width: 5, unit: "short", queries: inState("running") }),
        number({ title: "Stopped", width: 5, unit: "short", queries: inState("stopped") }),
        number({
          title: "Waiting",
          description: "They should run, and do not answer yet.",
          width: 5,
          unit: "short",
          queries: inState("waiting"),
          warnFrom: 1,
        }),
        number({
          title: "Failing",
          description: "They should run, and do not start by themselves.",
          width: 5,
          unit: "short",
          queries: inState("failing"),
          badFrom: 1,
        }),
        number({
          title: "Alerts",
          width: 4,
          unit: "short",
          queries: { firing: orZero(`count(${alerts()})`) },
          badFrom: 1,
        }),
        graph({
          title: "Workspaces by state",
          width: 12,
          unit: "short",
          stacked: true,
          queries: { "{{state}}": `count by (state) (${recorded.state})` },
        }),
        graph({
          title: "From a pod's creation until it answers",
          description: "Of the pods that were made within the hour before.",
          width: 12,
          unit: "s",
          queries: { median: starts("1h", 0.5), "95 %": starts("1h", 0.95), slowest: starts("1h", 1) },
          badFrom: 60,
        }),
      ],
      "Used, of what is asked for": [
        graph({
          title: "CPU",
          width: 8,
          unit: "none",
          queries: {
            ...together(recorded.cpuUsed, recorded.cpuRequested),
            "all nodes": free("cpu"),
          },
        }),
        graph({
          title: "Memory",
          width: 8,
          unit: "bytes",
          queries: {
            ...together(recorded.memoryUsed, recorded.memoryRequested),
            "all nodes": free("memory"),
          },
        }),
        graph({
          title: "Volumes",
          width: 8,
          unit: "bytes",
          queries: together(recorded.diskUsed, recorded.diskRequested),
        }),
      ],
      Everybody: [
        rows({
          title: "Users",
          description: "CPU and memory of what is asked for; the fuller of the two volumes.",
          width: 16,
          queries: {
            State: byUser(options, recorded.state, ", state"),
            CPU: byUser(options, `100 * ${recorded.cpuUsed} / ${recorded.cpuRequested}`),
            Memory: byUser(options, `100 * ${recorded.memoryUsed} / ${recorded.memoryRequested}`),
            Disk: byUser(
              options,
              most("namespace", taken(volume("available_bytes"), volume("capacity_bytes"))),
            ),
            Restarts: byUser(
              options,
              `increase(${kube("pod_container_status_restarts_total", { namespace, container: "editor" })}[1d])`,
            ),
          },
          columns: {
            CPU: { unit: "percent" },
            Memory: { unit: "percent" },
            Disk: { unit: "percent", warnFrom: 70, badFrom: 85 },
            Restarts: { unit: "none", warnFrom: 1, badFrom: 5 },
          },
          links: { user: `/d/${uid("user")}?var-user=\${__value.raw}&\${__url_time_range}` },
          sortBy: "Disk",
        }),
        rows({
          title: "Alerts that fire",
          width: 8,
          queries: { firing: `max by (alertname, severity, namespace, node) (${alerts()})` },
          columns: {},
        }),
      ],
    },
  });
}
