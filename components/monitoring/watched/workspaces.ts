import { diskWatches } from "./disk";
import { quotaReached } from "./quota";
import { most, objects, scope, select, unavailable, workspaces } from "./select";
import type { Draft, Watched } from "./watch";

/** What can happen to one person's workspace. */
export function workspaceWatches(options: Watched): Draft[] {
  const namespace = workspaces(options);
  const editor = { namespace, container: "editor" };
  const everybody = `kube_namespace:${options.namespacePrefix}*`;
  const ofEditor = scope(options, everybody, "kube_container_name:editor");

  const backingOff = { namespace, reason: "CrashLoopBackOff" };
  // It runs for a moment between two ends, hence the look back.
  const ended = (waiting: string) => most("namespace", `max_over_time(${waiting}[5m]) > 0`);
  const crashLoop: Draft = {
    id: "workspace-crash-loop",
    group: "workspaces",
    severity: "ticket",
    summary: "The editor of {namespace} ends again and again",
    description:
      "Its person cannot work. See why with `kubectl --namespace {namespace} logs deployment/editor --all-containers --previous`.",
    for: 300,
    by: ["namespace"],
    signs: [
      {
        expr: ended(
          objects("kube_pod_container_status_waiting_reason", { ...backingOff, container: "editor" }),
        ),
        datadog: [
          {
            query: `avg(last_10m):default_zero(max:kubernetes_state.container.status_report.count.waiting${scope(
              options,
              everybody,
              "kube_container_name:editor",
              "reason:crashloopbackoff",
            )} by {kube_namespace})`,
            comparator: ">",
            critical: 0.5,
          },
        ],
      },
      {
        expr: ended(
          objects("kube_pod_init_container_status_waiting_reason", { ...backingOff, container: "prepare" }),
        ),
        differs:
          "Datadog does not look at what prepares the home: where that ends again and again, it tells as of a workspace that is not ready.",
      },
    ],
    explains: ["workspace-not-ready"],
  };

  const notReady: Draft = {
    id: "workspace-not-ready",
    group: "workspaces",
    severity: "ticket",
    summary: "The workspace {namespace} should run, and has not answered for a while",
    description:
      "Its person cannot work. See what it waits for with `kubectl --namespace {namespace} describe pods`.",
    for: 600,
    by: ["namespace"],
    signs: [
      {
        expr: most("namespace", unavailable("deployment", { namespace, deployment: "editor" })),
        datadog: [
          {
            query: `min(last_10m):${["desired", "available"]
              .map(
                (which) =>
                  `max:kubernetes_state.deployment.replicas_${which}${scope(options, everybody, "kube_deployment:editor")} by {kube_namespace}`,
              )
              .join(" - ")}`,
            comparator: ">",
            critical: 0,
          },
        ],
      },
    ],
  };

  const container = "namespace, pod, container";
  const outOfMemory: Draft = {
    id: "workspace-out-of-memory",
    group: "workspaces",
    severity: "ticket",
    summary: "Something in the workspace {namespace} was ended because memory ran out",
    description:
      "The editor or a program in it reached the workspace's limit. Give its user a larger `size` in the stack's file, and run `pulumi up`.",
    for: 0,
    by: ["namespace"],
    signs: [
      // The whole container, which starts again.
      {
        expr: most(
          "namespace",
          `${most(container, `increase(${objects("kube_pod_container_status_restarts_total", editor)}[15m])`)} * on (${container}) ${most(
            container,
            objects("kube_pod_container_status_last_terminated_reason", { ...editor, reason: "OOMKilled" }),
          )} > 0`,
        ),
        datadog: [
          {
            query: `max(last_15m):monotonic_diff(max:kubernetes.containers.restarts${ofEditor} by {kube_namespace}) * max:kubernetes.containers.last_state.terminated${scope(
              options,
              everybody,
              "kube_container_name:editor",
              "reason:oomkilled",
            )} by {kube_namespace}`,
            comparator: ">",
            critical: 0,
          },
        ],
      },
      // One program in it, of which the kubelet tells the rest nothing.
      {
        expr: most(
          "namespace",
          `increase(${select("container_oom_events_total", { job: "cadvisor", ...editor })}[15m]) > 0`,
        ),
        datadog: [
          {
            part: "program",
            query: `max(last_15m):monotonic_diff(max:container.memory.oom_events${ofEditor} by {kube_namespace})`,
            comparator: ">",
            critical: 0,
          },
        ],
      },
    ],
    explains: ["workspace-crash-loop", "workspace-not-ready"],
  };

  return [crashLoop, notReady, outOfMemory, ...diskWatches(options), quotaReached(options)];
}
