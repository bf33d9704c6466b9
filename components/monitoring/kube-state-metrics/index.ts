import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { toApiServer, toDns } from "../../egress";
import { labels, userLabel } from "../../labels";
import { containerSecurity, podSecurity } from "../../security";
import { monitoringNamespace, ownPrometheus, ports } from "../names";
import { from } from "../network";
import { kept } from "../prometheus/kept";
import { workload } from "../workload";

const name = "kube-state-metrics";
/** Of itself: whether it is ready, and how it does. */
const telemetryPort = 8081;

/** Kinds that it reads, by the group of the API that they are in. No Secret and no ConfigMap is among them. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  "": ["namespaces", "nodes", "persistentvolumeclaims", "pods", "resourcequotas"],
  apps: ["daemonsets", "deployments", "statefulsets"],
  batch: ["cronjobs", "jobs"],
};

export interface KubeStateMetricsArgs {
  image: string;
  network: { apiServer: readonly string[]; dns: readonly string[] };
}

/** kube-state-metrics' pod. */
export function podSpec(image: string): k8s.types.input.core.v1.PodSpec {
  return {
    serviceAccountName: name,
    enableServiceLinks: false,
    securityContext: podSecurity(65534),
    containers: [
      {
        name,
        image,
        command: ["/kube-state-metrics"],
        args: [
          `--port=${ports[name]}`,
          `--telemetry-port=${telemetryPort}`,
          `--resources=${Object.values(kinds).flat().sort().join(",")}`,
          // What neither an alert nor a dashboard asks for is never made.
          `--metric-allowlist=${kept[name].join(",")}`,
          `--metric-labels-allowlist=namespaces=[${userLabel}],pods=[app]`,
        ],
        ports: [
          { name: "http", containerPort: ports[name] },
          { name: "telemetry", containerPort: telemetryPort },
        ],
        resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { cpu: "500m", memory: "512Mi" } },
        readinessProbe: { httpGet: { path: "/readyz", port: "telemetry" }, periodSeconds: 10 },
        // Not /livez, which fails while the API server is away: a restart would not bring that back.
        livenessProbe: {
          httpGet: { path: "/healthz", port: "http" },
          periodSeconds: 15,
          failureThreshold: 6,
        },
        securityContext: containerSecurity,
      },
    ],
  };
}

/** kube-state-metrics: what the API server knows of every object, as metrics. */
export function kubeStateMetrics(
  resourceName: string,
  args: KubeStateMetricsArgs,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): pulumi.Resource {
  const metadata = { name, namespace: monitoringNamespace, labels: labels(name, "monitoring") };
  const cluster = { name: "vibecode-kube-state-metrics", labels: metadata.labels };
  const own = `${resourceName}-${name}`;
  const account = new k8s.core.v1.ServiceAccount(`${own}-account`, { metadata }, opts);
  const role = new k8s.rbac.v1.ClusterRole(
    `${own}-role`,
    {
      metadata: cluster,
      rules: Object.entries(kinds).map(([group, resources]) => ({
        apiGroups: [group],
        resources: [...resources],
        verbs: ["list", "watch"],
      })),
    },
    opts,
  );
  const binding = new k8s.rbac.v1.ClusterRoleBinding(
    `${own}-binding`,
    {
      metadata: cluster,
      subjects: [{ kind: "ServiceAccount", name, namespace: monitoringNamespace }],
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: cluster.name },
    },
    { ...opts, dependsOn: [role] },
  );
  return workload(
    resourceName,
    {
      server: name,
      kind: "Deployment",
      namespace: monitoringNamespace,
      pod: podSpec(args.image),
      ingress: [from([ownPrometheus], ports[name])],
      egress: [toDns(args.network.dns), toApiServer(args.network.apiServer)],
    },
    { ...opts, dependsOn: [...opts.dependsOn, account, binding] },
  );
}
