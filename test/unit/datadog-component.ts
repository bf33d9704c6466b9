import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import { datadog as registerDatadog } from "../../components/monitoring/datadog";
import { watches } from "../../components/monitoring/watched";
import { datadog, datadogOf, type DatadogPlace } from "../../infra/monitoring-datadog";
import { reveal } from "./reveal";

/** One resource as the component registered it. */
export interface Made {
  /** `datadog:index/monitor:Monitor`. */
  type: string;
  /** From the type's last colon on: `Monitor`. */
  kind: string;
  name: string;
  /** Secrets are unwrapped; `secrets` tells which they were. */
  inputs: unknown;
  secrets: string[];
  /** Name of the provider that it goes to; empty for a default one. */
  provider: string;
}

export const keys = {
  datadogApiKey: "0123456789abcdef0123456789abcdef",
  datadogAppKey: "fedcba9876543210fedcba9876543210fedcba98",
};

/** A cluster with Datadog: nothing but its site is said of it. */
export function place(settings: Record<string, unknown> = {}): DatadogPlace {
  return {
    domain: "dev.example.com",
    cluster: {
      name: "production",
      domain: "cluster.local",
      network: { apiServer: ["10.0.0.1/32"], dns: ["169.254.20.10/32"], nodes: ["10.20.0.0/16"] },
    },
    ingress: { replicas: 2, httpsPort: 443, nodeSelector: { pool: "system" } },
    auth: { kind: "authelia", replicas: 2 },
    monitoring: { datadog: datadog.parse({ site: "datadoghq.eu", ...settings }) },
    monitoringSecrets: keys,
  };
}

/** All that can be switched on, at once. */
export const everything = {
  env: "prod",
  tags: { team: "platform" },
  registry: "registry.example.com/datadog",
  logs: { enabled: true, dailyLimit: 100_000 },
  apm: true,
  process: true,
  network: true,
  externalMetrics: true,
  notify: ["@slack-platform", "@ops@example.com"],
  autoscaling: {
    traefik: {
      kind: "watermark",
      max: 6,
      cpu: { low: "100m", high: "400m" },
      memory: { low: "100Mi", high: "300Mi" },
      metric: { query: "sum:vibecode.traefik_entrypoint_requests.count{*}.as_rate()", low: "20", high: "80" },
    },
    authelia: { kind: "datadog", max: 4, cpu: 60 },
    controller: "./charts/watermarkpodautoscaler",
  },
  signInPage: { locations: ["aws:eu-central-1", "aws:eu-west-1"] },
  downtimes: {
    nights: {
      rule: "FREQ=WEEKLY;BYDAY=SU",
      start: "2026-12-06T02:00:00",
      duration: "2h",
      timezone: "Europe/Berlin",
    },
  },
};

const watched = ({ cluster, domain }: DatadogPlace) => ({
  cluster: cluster.name,
  domain,
  signInNamespace: "vibecode-auth",
  ingressNamespace: "vibecode-ingress",
  monitoringNamespace: "vibecode-monitoring",
});

/** Registers the component with mocked providers, the names of workspaces among what there is. */
export async function make(where: DatadogPlace, preview = false): Promise<Made[]> {
  const made: Made[] = [];
  await pulumi.runtime.setMocks(
    {
      call: () => ({}),
      newResource({ type, name, inputs, provider = "" }) {
        const secrets: string[] = [];
        const plain = z.record(z.string(), z.unknown()).parse(reveal(inputs, "", secrets));
        const kind = type.slice(type.lastIndexOf(":") + 1);
        made.push({ type, kind, name, inputs: plain, secrets, provider: provider.split("::").at(-2) ?? "" });
        return { id: preview ? undefined : String(1000 + made.length), state: plain };
      },
    },
    "vibecode",
    "test",
    preview,
    "organization",
  );
  const args = datadogOf(where, watches(watched(where)));
  const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
  if (args !== undefined) registerDatadog("datadog", args, { parent, dependsOn: [] });
  await pulumi.runtime.disconnect();
  return made.filter(({ kind }) => kind !== "Parent");
}

/** The one resource of that kind and name. */
export function only(made: readonly Made[], kind: string, name: string): Made {
  const found = made.filter((one) => one.kind === kind && one.name === name);
  if (found[0] === undefined || found.length > 1) throw new Error(`${found.length} of ${kind} ${name}`);
  return found[0];
}
