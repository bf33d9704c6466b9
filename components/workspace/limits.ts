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
const ownDisk = "64Mi";

/** @param temporary what the container may write to the node's own disk, /tmp included: `4Gi` */
export function containerResources({ requests, limits }: Size, temporary: string) {
  return {
    requests: { ...requests, "ephemeral-storage": ownDisk },
    limits: { ...limits, "ephemeral-storage": temporary },
  };
}

/** The namespace's border: nothing beside the editor fits into it, unless the size has a quota of its own. */
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
      // Doors that go around sign-in.
      "services.loadbalancers": "0",
      "services.nodeports": "0",
    },
  };
}

/** What a container gets that asks for nothing, and the most that one may ask for. */
export function limitRange(size: Size, temporary: string): k8s.types.input.core.v1.LimitRangeSpec {
  const { requests, limits } = containerResources(size, temporary);
  return { limits: [{ type: "Container", defaultRequest: requests, default: limits, max: limits }] };
}
