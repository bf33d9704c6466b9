import type * as k8s from "@pulumi/kubernetes";

import { containerSecurity, podSecurity } from "../security";
import { passwordKey } from "./connection";
import { monitorPasswordKey } from "./exporters";

export const postgresPort = 5432;
/** The user `postgres` of the official image, Debian's variant: the superuser's name must be the process's own. */
export const postgresId = 999;

/** Where the ConfigMap's files are, in every pod that has a part in Postgres. */
export const configFolder = "/etc/postgresql";
/** Where the dumps are, in the pods that write and that read them. */
export const dumpsFolder = "/dumps";

const name = "postgres";
const dataFolder = "/var/lib/postgresql/data";
const passwordFolder = "/etc/postgresql-password";
// Below the volume's root, where some file systems keep a folder of their own.
const pgdata = { name: "PGDATA", value: `${dataFolder}/pgdata` };

const resources = { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } };

/** Postgres's pod: an init container makes the database ready, then the server runs alone. */
export function postgresPod({
  image,
  database,
  monitored = false,
}: {
  image: string;
  database: string;
  /** Whether there is a role that may look at figures. */
  monitored?: boolean;
}): k8s.types.input.core.v1.PodSpec {
  // Over TCP, as clients come, and with a name that may: it ends before it would sign in, and is logged for no failure.
  const answers = {
    exec: {
      command: [
        "pg_isready",
        "--quiet",
        "--host=127.0.0.1",
        `--username=${database}`,
        `--dbname=${database}`,
      ],
    },
    timeoutSeconds: 5,
  };
  const mounts = [
    { name: "config", mountPath: configFolder, readOnly: true },
    { name: "data", mountPath: dataFolder },
    { name: "socket", mountPath: "/var/run/postgresql" },
    { name: "tmp", mountPath: "/tmp" },
  ];
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(postgresId),
    // The image asks to be stopped by SIGINT: the server sends its clients away and writes all it has.
    terminationGracePeriodSeconds: 120,
    initContainers: [
      {
        name: "prepare",
        image,
        command: ["sh", `${configFolder}/prepare.sh`],
        env: [
          pgdata,
          { name: "POSTGRES_DB", value: database },
          { name: "POSTGRES_PASSWORD_FILE", value: `${passwordFolder}/${passwordKey}` },
          ...(monitored
            ? [{ name: "MONITOR_PASSWORD_FILE", value: `${passwordFolder}/${monitorPasswordKey}` }]
            : []),
        ],
        resources,
        securityContext: containerSecurity,
        volumeMounts: [...mounts, { name: "password", mountPath: passwordFolder, readOnly: true }],
      },
    ],
    containers: [
      {
        name,
        image,
        command: ["postgres", "-c", `config_file=${configFolder}/postgresql.conf`],
        env: [pgdata],
        ports: [{ name, containerPort: postgresPort }],
        resources,
        startupProbe: { ...answers, periodSeconds: 2, failureThreshold: 300 },
        readinessProbe: { ...answers, periodSeconds: 5 },
        livenessProbe: { ...answers, periodSeconds: 10, failureThreshold: 6 },
        securityContext: containerSecurity,
        // Dumps are restored from here, where the superuser is.
        volumeMounts: [...mounts, { name: "dumps", mountPath: dumpsFolder, readOnly: true }],
      },
    ],
    volumes: [
      { name: "config", configMap: { name } },
      { name: "data", persistentVolumeClaim: { claimName: name } },
      { name: "dumps", persistentVolumeClaim: { claimName: `${name}-dump` } },
      {
        name: "password",
        secret: {
          secretName: name,
          items: [passwordKey, ...(monitored ? [monitorPasswordKey] : [])].map((key) => ({ key, path: key })),
        },
      },
      { name: "socket", emptyDir: { sizeLimit: "1Mi" } },
      { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
    ],
  };
}
