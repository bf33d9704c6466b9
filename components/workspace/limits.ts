import type * as k8s from "@pulumi/kubernetes";

/** CPU and memory as Kubernetes quantities. */
interface Pair {
  cpu: string;
  memory: string;
}

/** What a workspace is given. */
export interface Size {
  /** What is set aside for the editor. */
  requests: Pair;
  /** What the editor may use at most. */
  limits: Pair;
  /** What all pods of the namespace may use together; the limits and one pod when absent. */
  quota?: (Pair & { pods: number }) | undefined;
}

/** What a node sets aside of its own disk for a pod that writes nothing yet: logs, mostly. */
export const ownDisk = "64Mi";

/** @param temporary what the container may write to the node's own disk, /tmp included, `ownDisk` at least: `4Gi` */
export function containerResources({ requests, limits }: Size, temporary: string) {
  return {
    requests: { ...requests, "ephemeral-storage": ownDisk },
    limits: { ...limits, "ephemeral-storage": temporary },
  };
}

/**
 * Whoever may create objects could fill the cluster's database with them: of these there may be so many, at about a
 * megabyte each at most. Pods that have ended count too, those that the kubelet evicted among them, so there is room.
 */
const counts = {
  "count/pods": "100",
  "count/configmaps": "20",
  "count/secrets": "20",
  "count/replicationcontrollers": "5",
  "count/deployments.apps": "10",
  "count/replicasets.apps": "30",
  "count/statefulsets.apps": "5",
  "count/daemonsets.apps": "5",
  "count/controllerrevisions.apps": "30",
  "count/jobs.batch": "20",
  "count/cronjobs.batch": "5",
};

/**
 * The namespace's border: nothing beside the editor fits into it, unless the size has a quota of its own. An editor that
 * is ending still counts, so that its successor, which the ReplicaSet makes as soon as there is room, never shares the
 * home with it.
 */
export function quota(size: Size, temporary: string): k8s.types.input.core.v1.ResourceQuotaSpec {
  const { cpu, memory, pods } = size.quota ?? { ...size.limits, pods: 1 };
  return {
    hard: {
      pods: String(pods),
      "limits.cpu": cpu,
      "limits.memory": memory,
      "requests.cpu": cpu,
      "requests.memory": memory,
      ...(pods === 1 ? { "limits.ephemeral-storage": temporary } : {}),
      persistentvolumeclaims: "2",
      ...counts,
      // Doors that go around sign-in.
      "services.loadbalancers": "0",
      "services.nodeports": "0",
    },
  };
}

/** What a container gets that asks for nothing, the most that one may ask for, and what a pod of several may write. */
export function limitRange(size: Size, temporary: string): k8s.types.input.core.v1.LimitRangeSpec {
  const { requests, limits } = containerResources(size, temporary);
  return {
    limits: [
      { type: "Container", defaultRequest: requests, default: limits, max: limits },
      { type: "Pod", max: { "ephemeral-storage": temporary } },
    ],
  };
}
