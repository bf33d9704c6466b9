import type * as k8s from "@pulumi/kubernetes";

import { containerSecurity, podSecurity } from "../../security";
import { ports } from "../names";
import { keyFile, paths } from "./settings";

const name = "grafana";
/** Names in the ConfigMap. */
export const files = { settings: "grafana.ini", dataSources: "data-sources.yaml", provider: "provider.yaml" };
/** The ConfigMap of the dashboards, which are long. */
export const dashboardsConfig = "grafana-dashboards";

/** Grafana's pod. What it keeps of whom it has seen is gone with it. */
export function podSpec(
  image: string,
  nodeSelector: Record<string, string>,
): k8s.types.input.core.v1.PodSpec {
  const answers = { httpGet: { path: "/api/health", port: "http" } };
  const volumes: [string, string, k8s.types.input.core.v1.Volume][] = [
    [
      "settings",
      "/etc/grafana",
      {
        name: "settings",
        configMap: {
          name,
          items: [
            { key: files.settings, path: "grafana.ini" },
            { key: files.dataSources, path: "provisioning/datasources/prometheus.yaml" },
            { key: files.provider, path: "provisioning/dashboards/vibecode.yaml" },
          ],
        },
      },
    ],
    ["dashboards", paths.dashboards, { name: "dashboards", configMap: { name: dashboardsConfig } }],
    [
      "secrets",
      paths.secrets,
      {
        name: "secrets",
        secret: { secretName: name, items: [{ key: keyFile, path: keyFile }], defaultMode: 0o440 },
      },
    ],
    ["data", paths.data, { name: "data", emptyDir: { sizeLimit: "256Mi" } }],
    ["tmp", "/tmp", { name: "tmp", emptyDir: { sizeLimit: "64Mi" } }],
  ];
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(472),
    nodeSelector,
    dnsConfig: { options: [{ name: "ndots", value: "1" }] },
    containers: [
      {
        name,
        image,
        env: [
          { name: "GF_PATHS_CONFIG", value: paths.settings },
          { name: "GF_PATHS_PROVISIONING", value: paths.provisioning },
        ],
        ports: [{ name: "http", containerPort: ports[name] }],
        resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } },
        // Its first start makes a database.
        startupProbe: { ...answers, periodSeconds: 2, failureThreshold: 90 },
        readinessProbe: { ...answers, periodSeconds: 10 },
        livenessProbe: { ...answers, periodSeconds: 15, failureThreshold: 6 },
        securityContext: containerSecurity,
        volumeMounts: volumes.map(([volume, mountPath]) => ({
          name: volume,
          mountPath,
          ...(volume === "data" || volume === "tmp" ? {} : { readOnly: true }),
        })),
      },
    ],
    volumes: volumes.map(([, , volume]) => volume),
  };
}
