import type * as k8s from "@pulumi/kubernetes";

import { containerSecurity, podSecurity } from "../security";
import { spread } from "../spread";
import { pluginVolumes } from "./plugins";
import { dynamicFolder, ports } from "./traefik";

/** The Secret with the wildcard certificate where it is made here, of type `kubernetes.io/tls`. */
export const certificateSecret = "wildcard-certificate";
/**
 * The same where somebody else writes it. Another name: a stack that goes over to the other way would delete, at the
 * end of its `up`, what the other had just written.
 */
export const requestedSecret = "requested-certificate";
/** The Secret with sign-in's middlewares, and its one key. */
export const signInSecret = "sign-in";
export const signInFile = "sign-in.yaml";

const name = "traefik";
const traefikId = 65532;
const ping = { httpGet: { path: "/ping", port: "ping" } };

export interface PodArgs {
  image: string;
  /** Name of the Secret with the certificate. */
  certificate: string;
  nodeSelector: Record<string, string>;
  /** Labels that find all of Traefik's pods. */
  selector: Record<string, string>;
}

/** Traefik's pod: its configuration is mounted, nothing in it can be written. */
export function podSpec(args: PodArgs): k8s.types.input.core.v1.PodSpec {
  const { image, certificate, nodeSelector, selector } = args;
  return {
    serviceAccountName: name,
    enableServiceLinks: false,
    securityContext: podSecurity(traefikId),
    nodeSelector,
    // Routes name their Services in full: asked as they are, not first below each of the pod's search domains.
    dnsConfig: { options: [{ name: "ndots", value: "1" }] },
    terminationGracePeriodSeconds: 30,
    topologySpreadConstraints: spread(selector),
    containers: [
      {
        name,
        image,
        // Traefik looks for the source of its local plugins below the folder it is started in.
        workingDir: "/etc/traefik",
        args: ["--configFile=/etc/traefik/config/traefik.yaml"],
        ports: Object.entries(ports).map(([port, containerPort]) => ({
          name: port,
          containerPort,
        })),
        resources: {
          requests: { cpu: "100m", memory: "96Mi" },
          limits: { cpu: "2", memory: "512Mi" },
        },
        startupProbe: { ...ping, periodSeconds: 1, failureThreshold: 60 },
        readinessProbe: { ...ping, periodSeconds: 5 },
        livenessProbe: { ...ping, periodSeconds: 10, failureThreshold: 6 },
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "config", mountPath: "/etc/traefik/config", readOnly: true },
          { name: "dynamic", mountPath: dynamicFolder, readOnly: true },
          ...pluginVolumes.map((plugin) => ({
            name: plugin.name,
            mountPath: `/etc/traefik/${plugin.path}`,
            readOnly: true,
          })),
        ],
      },
    ],
    volumes: [
      { name: "config", configMap: { name, items: [asItself("traefik.yaml")] } },
      { name: "dynamic", projected: { sources: dynamicSources(certificate) } },
      ...pluginVolumes.map((plugin) => ({ name: plugin.name, configMap: { name, items: plugin.items } })),
    ],
  };
}

function asItself(file: string) {
  return { key: file, path: file };
}

// In a folder below the volume's root: there Traefik sees each file once. At the root it would see it twice,
// as a link and in the dated folder behind the link, and warn at every load. The certificate is among them, so that
// Traefik, which watches this folder, reads a new one; it takes files of that ending for no configuration.
const dynamicSources = (certificate: string) => [
  { configMap: { name, items: [{ key: "middlewares.yaml", path: "files/middlewares.yaml" }] } },
  { secret: { name: signInSecret, items: [{ key: signInFile, path: `files/${signInFile}` }] } },
  {
    secret: {
      name: certificate,
      items: ["tls.crt", "tls.key"].map((file) => ({ key: file, path: `tls/${file}` })),
    },
  },
];
