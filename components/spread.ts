import type * as k8s from "@pulumi/kubernetes";

/** Pods with these labels go to as many nodes as there are, where that is possible: one node's end is not everybody's. */
export const spread = (
  labels: Record<string, string>,
): k8s.types.input.core.v1.TopologySpreadConstraint[] => [
  {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: labels },
  },
];
