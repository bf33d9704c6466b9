import type * as datadog from "@pulumi/datadog";

/** How long logs are kept, and how many. */
export interface LogSettings {
  /** Days after which a log is deleted. */
  retentionDays: number;
  /** Logs a day beyond which none is kept, against the bill of a loop; absent: no limit. */
  dailyLimit?: number | undefined;
}

interface LogArgs extends LogSettings {
  /** The cluster's name. */
  clusterName: string;
  tags: string[];
}

/** The cluster's own index. Traefik's health checks are asked every few seconds, and say nothing. */
export function logIndex(args: LogArgs): datadog.LogsIndexArgs {
  const { clusterName, tags, retentionDays, dailyLimit } = args;
  return {
    name: `vibecode-${clusterName}`,
    filters: [{ query: `kube_cluster_name:${clusterName}` }],
    retentionDays,
    ...(dailyLimit === undefined ? { disableDailyLimit: true } : { dailyLimit }),
    exclusionFilters: [
      {
        name: "health checks",
        isEnabled: true,
        filters: [{ query: "@http.url_details.path:(/ping OR /api/health OR /healthz)", sampleRate: 1 }],
      },
    ],
    tags,
  };
}

/** Reads what Traefik and Authelia write, JSON both, into Datadog's own attributes. */
export function logPipeline({ clusterName, tags }: LogArgs): datadog.LogsCustomPipelineArgs {
  const attribute = (source: string, target: string) => ({
    attributeRemapper: {
      name: `${source} is ${target}`,
      isEnabled: true,
      sources: [source],
      sourceType: "attribute",
      target,
      targetType: "attribute",
      preserveSource: false,
      overrideOnConflict: false,
    },
  });
  return {
    name: `VibeCode ${clusterName}: ingress and sign-in`,
    isEnabled: true,
    filters: [
      { query: `kube_cluster_name:${clusterName} kube_namespace:(vibecode-ingress OR vibecode-auth)` },
    ],
    processors: [
      { dateRemapper: { name: "when", isEnabled: true, sources: ["time", "StartUTC"] } },
      { statusRemapper: { name: "how bad", isEnabled: true, sources: ["level"] } },
      { messageRemapper: { name: "what", isEnabled: true, sources: ["msg", "message"] } },
      attribute("RequestMethod", "http.method"),
      attribute("DownstreamStatus", "http.status_code"),
      attribute("RequestPath", "http.url"),
      attribute("RequestHost", "http.url_details.host"),
      attribute("Duration", "duration"),
      attribute("remote_ip", "network.client.ip"),
      {
        urlParser: {
          name: "parts of the URL",
          isEnabled: true,
          sources: ["http.url"],
          target: "http.url_details",
          normalizeEndingSlashes: true,
        },
      },
    ],
    tags,
  };
}
