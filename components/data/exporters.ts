import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { toDns } from "../egress";
import { fromScrapers, type Scraper } from "../scraper";
import { containerSecurity, podSecurity } from "../security";
import { storeLabels, storeSelector, type Place } from "./connection";

/** Programs that show what a store says of itself to those who read metrics. */
export interface Exporters {
  /** Image of postgres_exporter. */
  postgres: string;
  /** Image of redis_exporter, which knows Valkey too. */
  valkey: string;
  scrapers: readonly Scraper[];
}

/** The role in each store that may look at figures, and at nothing that is stored. */
export const monitorRole = "monitor";
/** The key of a store's Secret that holds its password. */
export const monitorPasswordKey = "monitor-password";

export interface ExporterArgs {
  /** The store: `postgres`. */
  store: "postgres" | "valkey";
  image: string;
  scrapers: readonly Scraper[];
  /** Where the store answers. */
  address: { host: string; port: number };
  /** By which the pod starts again with another password. */
  passwordHash: pulumi.Input<string>;
}

export const exporterOf = (store: ExporterArgs["store"]): string => `${store}-exporter`;

const programs = { postgres: "/bin/postgres_exporter", valkey: "/redis_exporter" };
const ports = { postgres: 9187, valkey: 9121 };
const health = { postgres: "/", valkey: "/health" };

/** What each program reads its store's address and password from. */
function environment({ store, address }: Pick<ExporterArgs, "store" | "address">) {
  const { host, port } = address;
  const password = { valueFrom: { secretKeyRef: { name: store, key: monitorPasswordKey } } };
  const plain = (values: Record<string, string>) =>
    Object.entries(values).map(([name, value]) => ({ name, value }));
  return store === "postgres"
    ? [
        ...plain({
          DATA_SOURCE_URI: `${host}:${port}/postgres?sslmode=disable`,
          DATA_SOURCE_USER: monitorRole,
        }),
        { name: "DATA_SOURCE_PASS", ...password },
      ]
    : [
        ...plain({
          REDIS_ADDR: `redis://${host}:${port}`,
          REDIS_USER: monitorRole,
          // Its role may ask for INFO and nothing else.
          REDIS_EXPORTER_CONFIG_COMMAND: "-",
          REDIS_EXPORTER_SET_CLIENT_NAME: "false",
          REDIS_EXPORTER_EXCLUDE_LATENCY_HISTOGRAM_METRICS: "true",
          REDIS_EXPORTER_REDIS_ONLY_METRICS: "true",
        }),
        { name: "REDIS_PASSWORD", ...password },
      ];
}

/** An exporter's pod. */
export function exporterPod(
  args: Pick<ExporterArgs, "store" | "image" | "address">,
): k8s.types.input.core.v1.PodSpec {
  const { store } = args;
  const answers = { httpGet: { path: health[store], port: "http" } };
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(65534),
    dnsConfig: { options: [{ name: "ndots", value: "1" }] },
    containers: [
      {
        name: exporterOf(store),
        image: args.image,
        command: [programs[store]],
        env: environment(args),
        ports: [{ name: "http", containerPort: ports[store] }],
        resources: { requests: { cpu: "10m", memory: "24Mi" }, limits: { cpu: "200m", memory: "96Mi" } },
        readinessProbe: { ...answers, periodSeconds: 10 },
        livenessProbe: { ...answers, periodSeconds: 30, failureThreshold: 4 },
        securityContext: containerSecurity,
      },
    ],
  };
}

/** A store's exporter beside it, where the password is: it reaches its store, and who reads metrics reaches it. */
export function exporter(
  name: string,
  args: ExporterArgs,
  place: Pick<Place, "namespace" | "dns">,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): void {
  const { store } = args;
  const own = exporterOf(store);
  const selector = storeSelector(own);
  const metadata = { name: own, namespace: place.namespace, labels: storeLabels(own) };
  const policy = new k8s.networking.v1.NetworkPolicy(
    `${name}-exporter-network`,
    {
      metadata,
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ["Ingress", "Egress"],
        ingress: fromScrapers(args.scrapers, ports[store]),
        egress: [
          toDns(place.dns),
          {
            to: [{ podSelector: { matchLabels: storeSelector(store) } }],
            ports: [{ protocol: "TCP", port: args.address.port }],
          },
        ],
      },
    },
    opts,
  );
  new k8s.apps.v1.Deployment(
    `${name}-exporter`,
    {
      metadata,
      spec: {
        replicas: 1,
        revisionHistoryLimit: 2,
        selector: { matchLabels: selector },
        strategy: { type: "Recreate" },
        template: {
          metadata: {
            labels: storeLabels(own),
            annotations: { "vibecode/config-hash": args.passwordHash },
          },
          spec: exporterPod(args),
        },
      },
    },
    { ...opts, dependsOn: [...opts.dependsOn, policy] },
  );
}
