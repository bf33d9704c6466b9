import { signInNamespace, type SignIn } from "../components/auth";
import type { DataArgs } from "../components/data";
import { cookieGuard, ingressNamespace, type IngressArgs } from "../components/ingress";
import {
  grafanaHost,
  grafanaTarget,
  ownPrometheus,
  watchesOf,
  type MonitoringArgs,
  type Scraper,
} from "../components/monitoring";
import type { Place } from "./config";
import { datadogOf } from "./monitoring-datadog";
import { amount } from "./quantity";

/** Who may read the metrics of the platform's parts. */
export function scrapersOf({ monitoring: { prometheus } }: Pick<Place, "monitoring">): Scraper[] {
  switch (prometheus.kind) {
    case "none":
      return [];
    case "own":
      return [ownPrometheus];
    case "operator":
      return [{ namespace: prometheus.namespace, pods: { "app.kubernetes.io/name": "prometheus" } }];
  }
}

/** What shows figures of the stores, where somebody reads them. */
export function exportersOf(place: Pick<Place, "monitoring" | "images">): DataArgs["exporters"] {
  const scrapers = scrapersOf(place);
  const { postgresExporter: postgres, valkeyExporter: valkey } = place.images;
  return scrapers.length === 0 ? undefined : { postgres, valkey, scrapers };
}

/** Grafana's host for the ingress, behind the guard of administrators. */
export function pagesOf(place: Place, auth: Pick<SignIn, "guardAdmins" | "cookies">): IngressArgs["pages"] {
  const { prometheus } = place.monitoring;
  if (prometheus.kind !== "own" || !prometheus.grafana.enabled || auth.guardAdmins === undefined)
    return undefined;
  const { namespace, port } = grafanaTarget;
  const route = {
    name: "grafana",
    host: grafanaHost(place.domain),
    service: `grafana.${namespace}.svc.${place.cluster.domain}`,
    port,
    middlewares: [...auth.guardAdmins(), ...cookieGuard(auth.cookies)],
  };
  return { routes: [route], egress: [grafanaTarget] };
}

/** Monitoring as the component takes it, where a stack has it. */
export function monitoringOf(place: Place): MonitoringArgs | undefined {
  const { monitoring, auth, data, cluster } = place;
  const common = {
    cluster: cluster.name,
    domain: place.domain,
    httpsPort: place.ingress.httpsPort,
    clusterDomain: cluster.domain,
    watched: {
      ingressNamespace,
      signInNamespace,
      authelia: auth.kind === "authelia",
      postgres: auth.kind === "authelia" && data.postgres.kind === "own",
      valkey: auth.kind !== "basic" && data.valkey.kind === "own",
    },
    runbooks: monitoring.runbooks,
    thresholds: monitoring.thresholds,
    prices: monitoring.prices,
    network: cluster.network,
    nodeSelector: place.ingress.nodeSelector,
  };
  const prometheus = prometheusOf(place);
  const datadog = datadogOf(place, watchesOf(common));
  return prometheus === undefined && datadog === undefined ? undefined : { ...common, prometheus, datadog };
}

function prometheusOf(place: Place): MonitoringArgs["prometheus"] {
  const { images, storage, auth, monitoringSecrets: secrets } = place;
  const { prometheus } = place.monitoring;
  switch (prometheus.kind) {
    case "none":
      return undefined;
    case "operator":
      return prometheus;
    case "own":
      return {
        kind: prometheus.kind,
        images,
        retention: { time: prometheus.retention.time, bytes: Math.floor(bytes(prometheus.retention.size)) },
        storage: prometheus.storage,
        memory: prometheus.memory,
        volume: storage,
        receivers: prometheus.alerts,
        secrets,
        grafana: prometheus.grafana.enabled ? { userHeader: userHeader(auth) } : undefined,
      };
  }
}

/** The header in which sign-in tells who is there; Traefik takes away a caller's own. */
const userHeader = ({ kind }: Place["auth"]): string =>
  kind === "oauth2-proxy" ? "X-Auth-Request-Email" : "Remote-User";

function bytes(size: string): number {
  const found = amount(size);
  if (found === undefined) throw new Error("sizes were checked before");
  return found;
}
