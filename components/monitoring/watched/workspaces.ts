import { diskWatches } from "./disk";
import { most, objects, scope, select, unavailable, workspaces } from "./select";
import type { Draft, Watched } from "./watch";

/** What can happen to one person's workspace. */
export function workspaceWatches(options: Watched): Draft[] {
  const namespace = workspaces(options);
  const editor = { namespace, container: "editor" };
  const everybody = `kube_namespace:${options.namespacePrefix}*`;
  const ofEditor = scope(options, everybody, "kube_container_name:editor");

  const backingOff = { namespace, reason: "CrashLoopBackOff" };
  const crashLoop: Draft = {
    id: "workspace-crash-loop",
    group: "workspaces",
    severity: "ticket",
    summary: "The editor of {namespace} ends again and again",
    description:
      "Its person cannot work. See why with `kubectl --namespace {namespace} logs deployment/editor --all-containers --previous`.",
    for: 300,
    by: ["namespace"],
    // It runs for a moment between two ends, hence the look back.
    expr: most(
      "namespace",
      [
        objects("kube_pod_container_status_waiting_reason", { ...backingOff, container: "editor" }),
        objects("kube_pod_init_container_status_waiting_reason", { ...backingOff, container: "prepare" }),
      ]
        .map((waiting) => `max_over_time(${waiting}[5m]) > 0`)
        .join(" or "),
    ),
    explains: ["workspace-not-ready"],
    // Its checks leave init containers out: of those it tells as of a workspace that is not ready.
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
    // The whole container, which starts again, or one program in it, of which the kubelet tells the rest nothing.
    expr: most(
      "namespace",
      [
        `${most(container, `increase(${objects("kube_pod_container_status_restarts_total", editor)}[15m])`)} * on (${container}) ${most(
          container,
          objects("kube_pod_container_status_last_terminated_reason", { ...editor, reason: "OOMKilled" }),
        )} > 0`,
        `increase(${select("container_oom_events_total", { job: "cadvisor", ...editor })}[15m]) > 0`,
      ].join(" or "),
    ),
    explains: ["workspace-crash-loop", "workspace-not-ready"],
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
      {
        part: "program",
        query: `max(last_15m):monotonic_diff(max:container.memory.oom_events${ofEditor} by {kube_namespace})`,
        comparator: ">",
        critical: 0,
      },
    ],
  };

  return [crashLoop, notReady, outOfMemory, ...diskWatches(options), quotaReached(options)];
}

/** A workspace's quota has room for the editor and no more, so that it is used up at all times: what counts is what it refuses. */
function quotaReached(options: Watched): Draft {
  const namespace = workspaces(options);
  const by = "namespace, resource";
  const quota = (type: "hard" | "used", resource: RegExp) =>
    most(by, objects("kube_resourcequota", { namespace, type, resource }));
  const used = (resource: RegExp) => `100 * ${quota("used", resource)} / ${quota("hard", resource)} >= 95`;
  const shared = most(
    "namespace",
    objects("kube_resourcequota", { namespace, type: "hard", resource: "pods" }),
  );
  const refused = most(
    "namespace",
    objects("kube_deployment_status_condition", { namespace, condition: "ReplicaFailure", status: "true" }),
  );
  const everybody = `kube_namespace:${options.namespacePrefix}*`;
  const datadog = (what: "used" | "limit") =>
    `max:kubernetes_state.resourcequota.count_pods.${what}${scope(options, everybody)} by {kube_namespace}`;
  return {
    id: "workspace-quota-reached",
    group: "workspaces",
    severity: "info",
    summary: "The quota of {namespace} is used up: {resource}",
    description:
      "What its person starts besides the editor is refused. Give the user a size with a larger `quota` in the stack's file and run `pulumi up`, or let them remove what they do not need: `kubectl --namespace {namespace} describe quota`.",
    for: 900,
    by: ["namespace", "resource"],
    expr: [
      used(/count\/.+/),
      `(${used(/pods|limits\.(cpu|memory)/)} and on (namespace) ${shared} > 1)`,
      `label_replace(100 * (${refused} > 0), "resource", "a pod was refused", "", "")`,
    ].join(" or "),
    datadog: [
      {
        query: `min(last_15m):100 * ${datadog("used")} / ${datadog("limit")}`,
        comparator: ">=",
        critical: 95,
        names: { resource: "pods, those that have ended among them" },
      },
      {
        part: "refused",
        query: `min(last_15m):max:kubernetes_state.deployment.condition${scope(
          options,
          everybody,
          "condition:replicafailure",
          "status:true",
        )} by {kube_namespace}`,
        comparator: ">=",
        critical: 1,
        names: { resource: "a pod was refused" },
      },
    ],
  };
}
