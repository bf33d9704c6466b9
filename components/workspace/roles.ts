import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { labels } from "../labels";

/** The ClusterRole behind `kubernetesAccess: edit`. */
const editRole = "vibecode-workspace-edit";

/** Which ClusterRole each kind of access is. It is bound in the user's own namespace only. */
export const accessRoles = { view: "view", edit: editRole } as const;

const read = ["get", "list", "watch"];
const write = ["create", "update", "patch", "delete", "deletecollection"];

/**
 * What a user with `edit` may do. Kubernetes' own role of that name gives too much: with it a person could loosen
 * the NetworkPolicy, or point the editor's Service at a neighbour, which the ingress controller would follow.
 */
const editRules = [
  {
    apiGroups: [""],
    resources: ["pods", "configmaps", "secrets", "replicationcontrollers"],
    verbs: [...read, ...write],
  },
  { apiGroups: [""], resources: ["pods/log"], verbs: read },
  {
    apiGroups: [""],
    resources: ["pods/exec", "pods/attach", "pods/portforward"],
    verbs: ["get", "create"],
  },
  {
    apiGroups: ["apps"],
    resources: [
      "deployments",
      "deployments/scale",
      "replicasets",
      "replicasets/scale",
      "statefulsets",
      "statefulsets/scale",
      "daemonsets",
    ],
    verbs: [...read, ...write],
  },
  { apiGroups: ["batch"], resources: ["jobs", "cronjobs"], verbs: [...read, ...write] },
  {
    apiGroups: [""],
    resources: [
      "services",
      "endpoints",
      "persistentvolumeclaims",
      "serviceaccounts",
      "events",
      "resourcequotas",
      "limitranges",
    ],
    verbs: read,
  },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: read },
];

/** What all workspaces share of the cluster's RBAC. */
export class WorkspaceRoles extends pulumi.ComponentResource {
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("vibecode:workspace:WorkspaceRoles", name, {}, opts);
    new k8s.rbac.v1.ClusterRole(
      `${name}-edit`,
      { metadata: { name: editRole, labels: labels("workspace", "roles") }, rules: editRules },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
