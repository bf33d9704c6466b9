import * as fs from "node:fs";
import * as path from "node:path";

import { drafts, watches, type Sign } from "../../components/monitoring/watched";
import { metricsIn } from "../platform/promql";
import { watchOptions } from "./watch-options";

/** What Prometheus asks for, and what Datadog knows the same by. */
const same: Readonly<Record<string, string>> = {
  authelia_authn: "vibecode.authelia_authn.count",
  authelia_authn_second_factor: "vibecode.authelia_authn_second_factor.count",
  authelia_request: "vibecode.authelia_request.count",
  container_oom_events_total: "container.memory.oom_events",
  kube_deployment_spec_replicas: "kubernetes_state.deployment.replicas_desired",
  kube_deployment_status_condition: "kubernetes_state.deployment.condition",
  kube_deployment_status_replicas_available: "kubernetes_state.deployment.replicas_available",
  kube_node_status_condition: "kubernetes_state.node.by_condition",
  kube_pod_container_status_last_terminated_reason: "kubernetes.containers.last_state.terminated",
  kube_pod_container_status_restarts_total: "kubernetes.containers.restarts",
  kube_pod_container_status_waiting_reason: "kubernetes_state.container.status_report.count.waiting",
  kubelet_volume_stats_available_bytes: "kubernetes.kubelet.volume.stats.available_bytes",
  kubelet_volume_stats_capacity_bytes: "kubernetes.kubelet.volume.stats.capacity_bytes",
  kubelet_volume_stats_inodes: "kubernetes.kubelet.volume.stats.inodes",
  kubelet_volume_stats_inodes_free: "kubernetes.kubelet.volume.stats.inodes_free",
  node_filesystem_avail_bytes: "kubernetes.node.filesystem.usage_pct",
  node_filesystem_size_bytes: "kubernetes.node.filesystem.usage_pct",
  node_memory_MemAvailable_bytes: "system.mem.pct_usable",
  node_memory_MemTotal_bytes: "system.mem.pct_usable",
  traefik_entrypoint_requests_total: "vibecode.traefik_entrypoint_requests.count",
  traefik_service_requests_total: "vibecode.traefik_service_requests.count",
};

const unique = (names: readonly string[]) => [...new Set(names)].sort();
const prometheusAsks = ({ expr }: Sign) =>
  unique(
    metricsIn(expr)
      .map(({ name }) => name)
      .filter((name) => name !== "up")
      .map((name) => same[name] ?? name),
  );
const datadogAsks = ({ datadog }: Sign) =>
  unique(
    (datadog ?? []).flatMap(({ query }) =>
      [...query.matchAll(/\b(?:max|min|sum|avg):([a-z0-9_.]+)\{/g)].map(([, name]) => name ?? ""),
    ),
  );
/** With what both compare: `> 85`, but not what guards against a counter that did not grow, `> 0`. */
const compared = (text: string) =>
  unique([...text.matchAll(/[<>]=? (\d+(?:\.\d+)?)/g)].map(([, number]) => number ?? "")).filter(
    (number) => Number(number) > 0,
  );

const signs = drafts(watchOptions).flatMap(({ id, signs: all }) =>
  all.map((sign, at) => ({ id: `${id}, ${at + 1}`, sign })),
);

test.each(signs.filter(({ sign }) => sign.differs === undefined))(
  "Prometheus and Datadog ask for the same, or say what is other: $id",
  ({ sign }) => {
    expect(datadogAsks(sign)).toEqual(prometheusAsks(sign));
    const numbers = unique((sign.datadog ?? []).map(({ critical }) => String(critical)));
    expect(numbers).toEqual(expect.arrayContaining(compared(sign.expr)));
  },
);

test("docs/datadog.md says all that Datadog does not see or sees otherwise, and no more", () => {
  const page = fs.readFileSync(path.join(__dirname, "../../docs/datadog.md"), "utf8");
  const [, section = ""] = page.split("\n## Where its alerts are not Prometheus'\n");
  const [list = ""] = section.split("\n## ");
  const listed = list
    .replaceAll(/\n +/g, " ")
    .split("\n")
    .filter((line) => line.startsWith("- "));
  const said = watches(watchOptions).flatMap(({ id, differs }) =>
    differs.length === 0 ? [] : [`- \`${id}\`: ${differs.join(" ")}`],
  );
  expect(listed).toEqual(said);
});

test("without Authelia nobody asks for what it alone counts, or looks for its pods' log", () => {
  const others = watches({ ...watchOptions, authelia: false });
  expect(others.map(({ id }) => id)).toEqual(watches(watchOptions).map(({ id }) => id));
  for (const { expr, datadog, description } of others) {
    expect(metricsIn(expr).map(({ job }) => job)).not.toContain("authelia");
    expect(datadog.map(({ query }) => query).join()).not.toContain("vibecode.authelia");
    expect(description).not.toContain("authelia");
  }
});
