import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { labels } from "../../labels";
import { monitoringNamespace } from "../names";

const name = "prometheus";
const read = ["get", "list", "watch"];
const apiGroup = "rbac.authorization.k8s.io";
const subjects = [{ kind: "ServiceAccount", name, namespace: monitoringNamespace }];

/**
 * What Prometheus may read: nodes and their metrics, where the API servers are, and pods of the namespaces that it
 * scrapes. It finds no workspace's pod, and reads no Secret.
 */
export function rights(
  resourceName: string,
  namespaces: readonly string[],
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const common = labels(name, "monitoring");
  const cluster = { name: "vibecode-prometheus", labels: common };
  const account = new k8s.core.v1.ServiceAccount(
    `${resourceName}-account`,
    { metadata: { name, namespace: monitoringNamespace, labels: common } },
    opts,
  );
  const role = new k8s.rbac.v1.ClusterRole(
    `${resourceName}-role`,
    {
      metadata: cluster,
      rules: [
        { apiGroups: [""], resources: ["nodes"], verbs: read },
        { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
        { nonResourceURLs: ["/metrics"], verbs: ["get"] },
      ],
    },
    opts,
  );
  const binding = new k8s.rbac.v1.ClusterRoleBinding(
    `${resourceName}-binding`,
    {
      metadata: cluster,
      subjects,
      roleRef: { apiGroup, kind: "ClusterRole", name: cluster.name },
    },
    { ...opts, dependsOn: [role] },
  );
  const pods = { apiGroups: [""], resources: ["pods"], verbs: read };
  // Where the API servers' addresses are, Prometheus asks for Services and pods beside them, whatever it needs.
  const addresses = [
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
    { apiGroups: [""], resources: ["services", "pods"], verbs: read },
  ];
  const inside = [
    ...namespaces.map((namespace) => ({ namespace, rules: [pods] })),
    { namespace: "default", rules: addresses },
  ].flatMap(({ namespace, rules }) => {
    const metadata = { ...cluster, namespace };
    const own = new k8s.rbac.v1.Role(`${resourceName}-role-${namespace}`, { metadata, rules }, opts);
    const bound = new k8s.rbac.v1.RoleBinding(
      `${resourceName}-binding-${namespace}`,
      { metadata, subjects, roleRef: { apiGroup, kind: "Role", name: cluster.name } },
      { ...opts, dependsOn: [own] },
    );
    return [own, bound];
  });
  return [account, role, binding, ...inside];
}
