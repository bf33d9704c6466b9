import { most, objects, select, unavailable, workspaces } from "./select";
import type { RuleGroup } from "./rules";

/** Names of what is recorded, a series or two of each a workspace. */
export const recorded = {
  /** 1, by `state`: running, stopped, failing or waiting. */
  state: "vibecode:workspace:state",
  cpuRequested: "vibecode:workspace_cpu_requested:cores",
  cpuUsed: "vibecode:workspace_cpu_used:cores",
  memoryRequested: "vibecode:workspace_memory_requested:bytes",
  memoryUsed: "vibecode:workspace_memory_used:bytes",
  diskRequested: "vibecode:workspace_disk_requested:bytes",
  diskUsed: "vibecode:workspace_disk_used:bytes",
  /** From a pod's creation until it was ready, in the hour after it began: by namespace and pod. */
  start: "vibecode:workspace_start:seconds",
} as const;

/** Reasons for which a container waits that do not go away by themselves. */
const failures =
  /CrashLoopBackOff|ImagePullBackOff|ErrImagePull|InvalidImageName|CreateContainerConfigError|CreateContainerError|RunContainerError/;

/**
 * What dashboards ask for of every workspace, computed once. Prices are not among it: with another price the past
 * costs the other price too.
 *
 * @param namespacePrefix default `ws-`
 */
export function recordings({ namespacePrefix = "ws-" }: { namespacePrefix?: string } = {}): RuleGroup {
  const namespace = workspaces({ namespacePrefix });
  const editor = { namespace, deployment: "editor" };
  const pod = "namespace, pod";
  const container = "namespace, pod, container";

  const stopped = `${most("namespace", objects("kube_deployment_spec_replicas", editor))} == 0`;
  const running = `${most("namespace", objects("kube_deployment_status_replicas_available", editor))} > 0`;
  const wanted = most("namespace", unavailable("deployment", editor));
  const failed = [
    objects("kube_pod_container_status_waiting_reason", { namespace, container: "editor", reason: failures }),
    objects("kube_pod_init_container_status_waiting_reason", {
      namespace,
      container: "prepare",
      reason: failures,
    }),
  ]
    .map((waiting) => `max_over_time(${waiting}[5m]) > 0`)
    .join(" or ");
  const broken = `group by (namespace) (${failed})`;
  const states = {
    stopped,
    running: `(${running} unless ${stopped})`,
    failing: `(${wanted} and ${broken})`,
    waiting: `(${wanted} unless ${broken})`,
  };

  const runs = most(pod, `${objects("kube_pod_status_phase", { namespace, phase: "Running" })} == 1`);
  const requested = (resource: string) =>
    `sum by (namespace) (${most(container, objects("kube_pod_container_resource_requests", { namespace, resource }))} * on (${pod}) group_left () ${runs})`;
  const used = (metric: string) => select(metric, { job: "cadvisor", namespace, container: /.+/ });
  const created = most(pod, objects("kube_pod_created", { namespace, pod: /editor-.+/ }));
  const ready = most(pod, objects("kube_pod_status_ready_time", { namespace, pod: /editor-.+/ }));
  const sumOf = (claims: string) =>
    `sum by (namespace) (${most("namespace, persistentvolumeclaim", claims)})`;

  return {
    name: "vibecode-recordings",
    rules: [
      {
        record: recorded.state,
        expr: Object.entries(states)
          .map(
            ([state, which]) => `label_replace(group by (namespace) (${which}), "state", "${state}", "", "")`,
          )
          .join(" or "),
      },
      { record: recorded.cpuRequested, expr: requested("cpu") },
      {
        record: recorded.cpuUsed,
        expr: `sum by (namespace) (rate(${used("container_cpu_usage_seconds_total")}[5m]))`,
      },
      { record: recorded.memoryRequested, expr: requested("memory") },
      {
        record: recorded.memoryUsed,
        expr: `sum by (namespace) (${used("container_memory_working_set_bytes")})`,
      },
      {
        record: recorded.diskRequested,
        expr: sumOf(objects("kube_persistentvolumeclaim_resource_requests_storage_bytes", { namespace })),
      },
      {
        record: recorded.diskUsed,
        expr: sumOf(select("kubelet_volume_stats_used_bytes", { job: "kubelet", namespace })),
      },
      // Later it would count as slow whatever was once not ready, and again.
      { record: recorded.start, expr: `(${ready} - ${created}) and (time() - ${created} < 3600)` },
    ],
  };
}
