import type * as k8s from "@pulumi/kubernetes";

import { containerSecurity, podSecurity } from "../security";
import { storeSelector, type PostgresConnection } from "./connection";
import { configFolder, dumpsFolder, postgresId } from "./postgres-pod";

/** When dumps are made and how many stay. */
export interface Backups {
  /** Five fields of cron, UTC: `17 3 * * *`. */
  schedule: string;
  /** Days after which a dump goes, once there is a newer one. */
  keep: number;
  /** Size of the dumps' volume, a Kubernetes quantity. It can grow, and never shrinks. */
  size: string;
}

/** Name of the CronJob, its pods and its volume. */
export const dumps = "postgres-dump";

export interface DumpPodArgs {
  /** Image of Postgres, the server's own: an older pg_dump refuses a newer server. */
  image: string;
  connection: Pick<PostgresConnection, "host" | "port" | "username" | "database" | "passwordSecret">;
  /** Days. */
  keep: number;
}

/** The pod that makes one dump. */
export function dumpPod({ image, connection, keep }: DumpPodArgs): k8s.types.input.core.v1.PodSpec {
  const { host, port, username, database, passwordSecret } = connection;
  const variables = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: username,
    PGDATABASE: database,
    PGCONNECT_TIMEOUT: "30",
    DUMPS: dumpsFolder,
    KEEP_DAYS: String(keep),
  };
  return {
    // The Job makes another: a failed pod stays, with its log.
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(postgresId),
    // The server mounts the dumps too, and a volume is on one node at a time.
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            topologyKey: "kubernetes.io/hostname",
            labelSelector: { matchLabels: storeSelector("postgres") },
          },
        ],
      },
    },
    containers: [
      {
        name: "dump",
        image,
        command: ["sh", `${configFolder}/dump.sh`],
        env: [
          ...Object.entries(variables).map(([name, value]) => ({ name, value })),
          { name: "PGPASSWORD", valueFrom: { secretKeyRef: passwordSecret } },
        ],
        resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "1", memory: "256Mi" } },
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "config", mountPath: configFolder, readOnly: true },
          { name: "dumps", mountPath: dumpsFolder },
        ],
      },
    ],
    volumes: [
      { name: "config", configMap: { name: "postgres", items: [{ key: "dump.sh", path: "dump.sh" }] } },
      { name: "dumps", persistentVolumeClaim: { claimName: dumps } },
    ],
  };
}
