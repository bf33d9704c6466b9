import type * as k8s from "@pulumi/kubernetes";

/**
 * What pod security `restricted` asks of a pod, and a fixed user besides.
 *
 * @param id uid and gid of every process, also the group that owns the volumes
 */
export function podSecurity(id: number): k8s.types.input.core.v1.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: id,
    runAsGroup: id,
    fsGroup: id,
    // Walking a large home at every start would take minutes; the root tells whether it was done.
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** No privileges, no capabilities, and nothing writable but the mounted volumes. */
export const containerSecurity: k8s.types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
};

/** Namespace labels that make the API server refuse every pod below `restricted`. */
export const restrictedNamespace: Record<string, string> = {
  "pod-security.kubernetes.io/enforce": "restricted",
  "pod-security.kubernetes.io/enforce-version": "latest",
  "pod-security.kubernetes.io/warn": "restricted",
};
