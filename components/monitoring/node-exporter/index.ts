import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { labels } from "../../labels";
import { containerSecurity, podSecurity } from "../../security";
import { nodeExporterNamespace, ownPrometheus, ports } from "../names";
import { closed, from } from "../network";
import { workload } from "../workload";

const name = "node-exporter";
const answers = { httpGet: { path: "/", port: "http" } };

/** What is read of a node; everything else is off. */
const collectors = [
  "cpu",
  "diskstats",
  "filefd",
  "filesystem",
  "loadavg",
  "meminfo",
  "pressure",
  "stat",
  "time",
  "uname",
  "vmstat",
];

/** Folders of the node, and where the pod sees them. */
const folders = { proc: "/proc", sys: "/sys", root: "/" };

/**
 * node-exporter's pod, one on each node: nobody's user without a capability, who sees the node's files read-only, and
 * shares neither its network nor its processes.
 */
export function podSpec(image: string): k8s.types.input.core.v1.PodSpec {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(65534),
    // Nodes that are kept for workspaces too.
    tolerations: [{ operator: "Exists" }],
    containers: [
      {
        name,
        image,
        command: ["/bin/node_exporter"],
        args: [
          `--web.listen-address=:${ports[name]}`,
          "--path.procfs=/host/proc",
          "--path.sysfs=/host/sys",
          "--path.rootfs=/host/root",
          "--collector.disable-defaults",
          ...collectors.map((collector) => `--collector.${collector}`),
          // Of pods, whose volumes the kubelet knows better, and of what is no disk.
          "--collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys|var/lib/(containerd|docker|kubelet)/.+)($|/)",
          "--collector.filesystem.fs-types-exclude=^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tmpfs|tracefs)$",
          "--collector.diskstats.device-exclude=^(ram|loop|fd|nbd)\\d+$",
        ],
        ports: [{ name: "http", containerPort: ports[name] }],
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { cpu: "250m", memory: "96Mi" } },
        readinessProbe: { ...answers, periodSeconds: 10 },
        livenessProbe: { ...answers, periodSeconds: 30, failureThreshold: 4 },
        securityContext: containerSecurity,
        volumeMounts: Object.keys(folders).map((folder) => ({
          name: folder,
          mountPath: `/host/${folder}`,
          readOnly: true,
          // A disk that is mounted later is seen too.
          mountPropagation: "HostToContainer",
        })),
      },
    ],
    volumes: Object.entries(folders).map(([folder, path]) => ({ name: folder, hostPath: { path } })),
  };
}

/** node-exporter on every node, in a namespace where nothing else may run. */
export function nodeExporter(
  resourceName: string,
  args: { image: string },
  opts: { parent: pulumi.Resource },
): pulumi.Resource[] {
  const common = labels(name, "monitoring");
  const namespace = new k8s.core.v1.Namespace(
    `${resourceName}-${name}-namespace`,
    {
      metadata: {
        name: nodeExporterNamespace,
        labels: {
          ...common,
          // `restricted` and `baseline` refuse every folder of the node, read-only or not.
          "pod-security.kubernetes.io/enforce": "privileged",
          "pod-security.kubernetes.io/enforce-version": "latest",
        },
      },
    },
    opts,
  );
  const inside = { ...opts, dependsOn: [namespace] };
  const shut = new k8s.networking.v1.NetworkPolicy(
    `${resourceName}-${name}-closed`,
    { metadata: { name: "closed", namespace: nodeExporterNamespace, labels: common }, spec: closed },
    inside,
  );
  const server = workload(
    resourceName,
    {
      server: name,
      kind: "DaemonSet",
      namespace: nodeExporterNamespace,
      pod: podSpec(args.image),
      ingress: [from([ownPrometheus], ports[name])],
      egress: [],
    },
    { ...opts, dependsOn: [shut] },
  );
  return [namespace, server];
}
