import type * as k8s from "@pulumi/kubernetes";

import { containerSecurity, podSecurity } from "../../security";
import { ports } from "../names";
import { paths } from "./configuration";

export interface PodArgs {
  image: string;
  /** What is older goes, and what is too much: a duration such as `15d`, and bytes. */
  retention: { time: string; bytes: number };
  /** The most memory that it may use, a Kubernetes quantity; `ownMemory` at least. */
  memory: string;
  nodeSelector: Record<string, string>;
}

const name = "prometheus";

/** The memory that is set aside for it, the least that it may use. */
export const ownMemory = "400Mi";

/** Prometheus' pod. It writes to its volume alone. */
export function podSpec(args: PodArgs): k8s.types.input.core.v1.PodSpec {
  const probe = (path: string) => ({ httpGet: { path, port: "http" } });
  return {
    serviceAccountName: name,
    enableServiceLinks: false,
    securityContext: podSecurity(65534),
    nodeSelector: args.nodeSelector,
    dnsConfig: { options: [{ name: "ndots", value: "1" }] },
    // What is only in memory is written before it ends.
    terminationGracePeriodSeconds: 120,
    containers: [
      {
        name,
        image: args.image,
        command: ["/bin/prometheus"],
        args: [
          `--config.file=${paths.configuration}`,
          `--storage.tsdb.path=${paths.data}`,
          `--storage.tsdb.retention.time=${args.retention.time}`,
          `--storage.tsdb.retention.size=${args.retention.bytes}B`,
          `--web.listen-address=:${ports[name]}`,
          // A dashboard that asks for too much fails alone.
          "--query.max-samples=20000000",
          "--query.timeout=30s",
        ],
        ports: [{ name: "http", containerPort: ports[name] }],
        resources: {
          requests: { cpu: "100m", memory: ownMemory },
          limits: { cpu: "2", memory: args.memory },
        },
        // It answers while it still reads its log of what was not yet in a block, and is ready after that.
        startupProbe: { ...probe("/-/healthy"), periodSeconds: 2, failureThreshold: 150 },
        readinessProbe: { ...probe("/-/ready"), periodSeconds: 5 },
        livenessProbe: { ...probe("/-/healthy"), periodSeconds: 15, failureThreshold: 6 },
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "config", mountPath: "/etc/prometheus", readOnly: true },
          { name: "data", mountPath: paths.data },
        ],
      },
    ],
    volumes: [
      { name: "config", configMap: { name } },
      { name: "data", persistentVolumeClaim: { claimName: name } },
    ],
  };
}
