import type * as k8s from "@pulumi/kubernetes";

import { containerSecurity, podSecurity } from "../../security";
import { spread } from "../../spread";
import { metricsPort, paths, port } from "./configuration";
import { firstKey, previousKey, secretVariables } from "./secrets";

export interface PodArgs {
  /** Name of the ConfigMap, the Secret and the container. */
  name: string;
  image: string;
  /** Files of the Secret, the users' file not among them. */
  secretFiles: readonly string[];
  /** Whether the users' file is in the Secret. */
  usersFile: boolean;
  /** Whether the ConfigMap has authorities of the stack's own. */
  authorities: boolean;
  nodeSelector: Record<string, string>;
  /** Labels that find all of Authelia's pods. */
  selector: Record<string, string>;
}

/** Names in the ConfigMap. */
export const files = { configuration: "configuration.yml", authorities: "authorities.crt" };

const id = 65532;
const health = { httpGet: { path: "/api/health", port: "http" } };
const asItself = (key: string) => ({ key, path: key });

/**
 * Ports for its connections to Valkey. It opens four for each request that Traefik asks about, since up to 4.39.26 its
 * client takes a connection for idle after 300 nanoseconds, meant as seconds (authelia/authelia#12920), and each port
 * rests for 60 s. Linux finds a free one quickly while half of them are free: for 115 requests a second, a replica, and
 * with its usual range for 59. Where none is left, sessions are lost. `restricted` allows this setting.
 */
const portRange = { name: "net.ipv4.ip_local_port_range", value: "10000 65535" };

/** Authelia's pod: configuration and secrets are mounted, and nothing in it can be written but notifications. */
export function podSpec(args: PodArgs): k8s.types.input.core.v1.PodSpec {
  const { name, image } = args;
  const program = {
    image,
    // The image's own entry point would change the owner of what is mounted.
    command: ["authelia"],
    env: secretVariables(args.secretFiles),
    securityContext: containerSecurity,
    volumeMounts: [
      { name: "config", mountPath: "/config", readOnly: true },
      { name: "secrets", mountPath: paths.secrets, readOnly: true },
      { name: "notifications", mountPath: paths.notifications },
      ...(args.authorities ? [{ name: "authorities", mountPath: paths.authorities, readOnly: true }] : []),
    ],
  };
  const secretKeys = [...args.secretFiles, ...(args.usersFile ? ["users.yml"] : [])];
  return {
    // It asks the API server for nothing.
    automountServiceAccountToken: false,
    // Kubernetes would set AUTHELIA_PORT and others, which Authelia takes for configuration.
    enableServiceLinks: false,
    securityContext: { ...podSecurity(id), sysctls: [portRange] },
    nodeSelector: args.nodeSelector,
    // Stores are named in full: asked as they are, not first below each of the pod's search domains.
    dnsConfig: { options: [{ name: "ndots", value: "1" }] },
    terminationGracePeriodSeconds: 30,
    topologySpreadConstraints: spread(args.selector),
    ...(args.secretFiles.includes(previousKey)
      ? {
          initContainers: [
            {
              ...program,
              name: "encryption-key",
              command: ["/bin/sh", "-c", changeKey],
              resources: {
                requests: { cpu: "10m", memory: "64Mi" },
                limits: { cpu: "1", memory: "256Mi" },
              },
            },
          ],
        }
      : {}),
    containers: [
      {
        ...program,
        name,
        args: [`--config=${paths.configuration}`],
        ports: [
          { name: "http", containerPort: port },
          { name: "metrics", containerPort: metricsPort },
        ],
        // Checking one argon2id hash takes 64 MiB.
        resources: {
          requests: { cpu: "50m", memory: "128Mi" },
          limits: { cpu: "2", memory: "512Mi" },
        },
        startupProbe: { ...health, periodSeconds: 1, failureThreshold: 120 },
        readinessProbe: { ...health, periodSeconds: 5 },
        livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 6 },
      },
    ],
    volumes: [
      { name: "config", configMap: { name, items: [asItself(files.configuration)] } },
      { name: "secrets", secret: { secretName: name, items: secretKeys.map(asItself), defaultMode: 0o440 } },
      { name: "notifications", emptyDir: { sizeLimit: "16Mi" } },
      ...(args.authorities
        ? [{ name: "authorities", configMap: { name, items: [asItself(files.authorities)] } }]
        : []),
    ],
  };
}

/**
 * Encrypts the database anew where it is not yet by the newest key: from the one before, or from the first, which is
 * what it was left with for another kind of sign-in. Whatever goes wrong, Authelia itself looks at the key when it
 * starts, and does not start with a wrong one; an empty database is not wrong.
 */
const changeKey = [
  `check() { authelia storage encryption check --config ${paths.configuration} | grep -q SUCCESS; }`,
  "if check; then exit 0; fi",
  `new="$(cat ${paths.secrets}/STORAGE_ENCRYPTION_KEY)"`,
  `for key in ${previousKey} ${firstKey}; do`,
  `  export AUTHELIA_STORAGE_ENCRYPTION_KEY_FILE=${paths.secrets}/$key`,
  "  if check; then",
  `    exec authelia storage encryption change-key --config ${paths.configuration} --new-encryption-key "$new"`,
  "  fi",
  "done",
].join("\n");
