import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * What Traefik may read: Ingresses, Services and Secrets of its own namespace, and of the cluster only what is no
 * secret.
 *
 * @param metadata name, namespace and labels of the ServiceAccount and of the objects that give it its rights
 */
export function rights(
  resourceName: string,
  metadata: { name: string; namespace: string; labels: Record<string, string> },
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const clusterMetadata = { name: "vibecode-traefik", labels: metadata.labels };
  const read = ["get", "list", "watch"];
  const subjects = [{ kind: "ServiceAccount", name: metadata.name, namespace: metadata.namespace }];
  const apiGroup = "rbac.authorization.k8s.io";
  return [
    new k8s.core.v1.ServiceAccount(`${resourceName}-account`, { metadata }, opts),
    new k8s.rbac.v1.Role(
      `${resourceName}-role`,
      {
        metadata,
        rules: [
          { apiGroups: [""], resources: ["services", "secrets"], verbs: read },
          { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
          { apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: read },
          { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["update"] },
        ],
      },
      opts,
    ),
    new k8s.rbac.v1.RoleBinding(
      `${resourceName}-binding`,
      { metadata, subjects, roleRef: { apiGroup, kind: "Role", name: metadata.name } },
      opts,
    ),
    new k8s.rbac.v1.ClusterRole(
      `${resourceName}-cluster-role`,
      {
        metadata: clusterMetadata,
        rules: [
          { apiGroups: [""], resources: ["nodes"], verbs: read },
          { apiGroups: ["networking.k8s.io"], resources: ["ingressclasses"], verbs: read },
        ],
      },
      opts,
    ),
    new k8s.rbac.v1.ClusterRoleBinding(
      `${resourceName}-cluster-binding`,
      {
        metadata: clusterMetadata,
        subjects,
        roleRef: { apiGroup, kind: "ClusterRole", name: clusterMetadata.name },
      },
      opts,
    ),
  ];
}
