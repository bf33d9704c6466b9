import { z } from "zod";

const container = z.looseObject({
  name: z.string(),
  securityContext: z
    .looseObject({
      allowPrivilegeEscalation: z.boolean().optional(),
      privileged: z.boolean().optional(),
      runAsNonRoot: z.boolean().optional(),
      runAsUser: z.number().optional(),
      capabilities: z
        .looseObject({ drop: z.array(z.string()).optional(), add: z.array(z.string()).optional() })
        .optional(),
      seccompProfile: z.looseObject({ type: z.string() }).optional(),
    })
    .optional(),
  ports: z.array(z.looseObject({ hostPort: z.number().optional() })).optional(),
});

const pod = z.looseObject({
  hostNetwork: z.boolean().optional(),
  hostPID: z.boolean().optional(),
  hostIPC: z.boolean().optional(),
  securityContext: z
    .looseObject({
      runAsNonRoot: z.boolean().optional(),
      runAsUser: z.number().optional(),
      seccompProfile: z.looseObject({ type: z.string() }).optional(),
    })
    .optional(),
  containers: z.array(container),
  initContainers: z.array(container).optional(),
  volumes: z.array(z.looseObject({ name: z.string() })).optional(),
});

const allowedVolumes = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const allowedSeccomp = ["RuntimeDefault", "Localhost"];

/** What a pod's spec has that pod security `restricted` refuses: a sentence each. */
export function violations(spec: unknown): string[] {
  const { hostNetwork, hostPID, hostIPC, securityContext = {}, ...rest } = pod.parse(spec);
  const found: string[] = [];
  if (hostNetwork === true || hostPID === true || hostIPC === true) found.push("shares a host namespace");
  if (securityContext.runAsUser === 0) found.push("the pod runs as root");
  for (const volume of rest.volumes ?? []) {
    const kind = Object.keys(volume).find((key) => key !== "name") ?? "emptyDir";
    if (!allowedVolumes.includes(kind)) found.push(`volume ${volume.name} is a ${kind}`);
  }
  for (const { name, securityContext: own = {}, ports } of [
    ...rest.containers,
    ...(rest.initContainers ?? []),
  ]) {
    if (own.allowPrivilegeEscalation !== false) found.push(`${name} may escalate privileges`);
    if (own.privileged === true) found.push(`${name} is privileged`);
    if (!(own.runAsNonRoot ?? securityContext.runAsNonRoot ?? false)) found.push(`${name} may run as root`);
    if (own.runAsUser === 0) found.push(`${name} runs as root`);
    if (!(own.capabilities?.drop?.includes("ALL") ?? false)) found.push(`${name} keeps capabilities`);
    if (own.capabilities?.add?.some((capability) => capability !== "NET_BIND_SERVICE") ?? false)
      found.push(`${name} adds capabilities`);
    if (!allowedSeccomp.includes((own.seccompProfile ?? securityContext.seccompProfile)?.type ?? ""))
      found.push(`${name} has no seccomp profile`);
    if (ports?.some(({ hostPort }) => (hostPort ?? 0) !== 0) ?? false)
      found.push(`${name} takes a host port`);
  }
  return found;
}
