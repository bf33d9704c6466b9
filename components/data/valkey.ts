import { createHash } from "node:crypto";

import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { containerSecurity, podSecurity } from "../security";
import { externalStore, type Connection, type ExternalStore, type Place } from "./connection";
import { monitorRole, type Exporters } from "./exporters";
import { files } from "./files";
import { ownStore } from "./store";

/** Valkey in a pod of our own, which keeps what it holds on a volume. */
export interface OwnValkey {
  kind: "own";
  /** Image of Valkey. */
  image: string;
  /** Size of its volume, a Kubernetes quantity. It can grow, and never shrinks. */
  size: string;
  /** Another number makes another password, and the server takes it at once. */
  passwordVersion: number;
}

export const valkeyPort = 6379;
const store = "valkey" as const;
const aclFile = "users.acl";
/** The user `valkey` of the official image. */
const valkeyId = 999;

/**
 * A Valkey, or a server that speaks Redis's protocol.
 *
 * @param exporters shows its figures, where the server is our own
 */
export function valkey(
  name: string,
  args: OwnValkey | ExternalStore,
  place: Place,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
  exporters?: Exporters,
): Connection {
  if (args.kind === "external") return externalStore(name, store, args, place, opts);
  return ownStore(
    name,
    {
      store,
      port: valkeyPort,
      username: "default",
      passwordVersion: args.passwordVersion,
      volumes: { [store]: args.size },
      secretFiles: { [aclFile]: accessList },
      config: files(store, ["valkey.conf"]),
      pod: valkeyPod(args.image),
      exporter: exporters && { image: exporters.valkey, scrapers: exporters.scrapers },
    },
    place,
    opts,
  ).connection;
}

/**
 * Who may do what: clients everything but to run the server, the probes to ask whether it is there, and who shows
 * figures to ask for these.
 */
export function accessList(password: string, monitorPassword?: string): string {
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  return [
    `user default on sanitize-payload #${hash(password)} ~* &* +@all -@admin`,
    "user probe on nopass sanitize-payload resetchannels -@all +ping",
    ...(monitorPassword === undefined
      ? []
      : [
          `user ${monitorRole} on sanitize-payload #${hash(monitorPassword)} resetchannels -@all +ping +info +latency|latest`,
        ]),
    "",
  ].join("\n");
}

const answers = {
  // With -e it ends with 1 where the answer is an error, such as LOADING.
  exec: {
    command: ["valkey-cli", "-e", "--no-auth-warning", "--user", "probe", "--pass", "none", "ping"],
  },
  timeoutSeconds: 5,
};

/** Valkey's pod. */
export function valkeyPod(image: string): k8s.types.input.core.v1.PodSpec {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(valkeyId),
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        name: store,
        image,
        command: ["valkey-server", "/etc/valkey/valkey.conf"],
        ports: [{ name: store, containerPort: valkeyPort }],
        // To rewrite its log it forks, and what is written meanwhile is there twice.
        resources: { requests: { cpu: "25m", memory: "64Mi" }, limits: { cpu: "500m", memory: "320Mi" } },
        startupProbe: { ...answers, periodSeconds: 1, failureThreshold: 120 },
        readinessProbe: { ...answers, periodSeconds: 5 },
        livenessProbe: { ...answers, periodSeconds: 10, failureThreshold: 6 },
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "config", mountPath: "/etc/valkey", readOnly: true },
          { name: "data", mountPath: "/data" },
        ],
      },
    ],
    volumes: [
      {
        name: "config",
        projected: {
          sources: [
            { configMap: { name: store, items: [{ key: "valkey.conf", path: "valkey.conf" }] } },
            { secret: { name: store, items: [{ key: aclFile, path: `access/${aclFile}` }] } },
          ],
        },
      },
      { name: "data", persistentVolumeClaim: { claimName: store } },
    ],
  };
}
