import { most, objects, scope, workspaces } from "./select";
import type { DatadogQuery, Draft, Watched } from "./watch";

/** A workspace's quota has room for the editor and no more, so that it is used up at all times: what counts is what it refuses. */
export function quotaReached(options: Watched): Draft {
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
  // Datadog has a metric a kind, and each is a monitor: these are what a workspace is likely to have too many of.
  const datadog = (kind: string, part?: string): DatadogQuery => {
    const metric = (what: "used" | "limit") =>
      `max:kubernetes_state.resourcequota.count_${kind}.${what}${scope(options, everybody)} by {kube_namespace}`;
    return {
      ...(part === undefined ? {} : { part }),
      query: `min(last_15m):100 * ${metric("used")} / ${metric("limit")}`,
      comparator: ">=",
      critical: 95,
      names: { resource: `count/${kind}` },
    };
  };
  return {
    id: "workspace-quota-reached",
    group: "workspaces",
    severity: "info",
    summary: "The quota of {namespace} is used up: {resource}",
    description:
      "What its person starts besides the editor is refused. Give the user a size with a larger `quota` in the stack's file and run `pulumi up`, or let them remove what they do not need: `kubectl --namespace {namespace} describe quota`.",
    for: 900,
    by: ["namespace", "resource"],
    signs: [
      {
        expr: used(/count\/.+/),
        datadog: [datadog("pods"), datadog("configmaps", "configmaps"), datadog("secrets", "secrets")],
        differs: "Of the objects that a quota counts, Datadog looks at pods, ConfigMaps and Secrets alone.",
      },
      {
        expr: `(${used(/pods|limits\.(cpu|memory)/)} and on (namespace) ${shared} > 1)`,
        differs:
          "Datadog does not look at CPU, memory and running pods of a quota for several: it tells once a pod was refused.",
      },
      {
        expr: `label_replace(100 * (${refused} > 0), "resource", "a pod was refused", "", "")`,
        datadog: [
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
      },
    ],
  };
}
