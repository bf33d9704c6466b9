import { ingressNamespace } from "../../components/ingress";
import { dashboards, queriesOf } from "../../components/monitoring/dashboards";
import { monitoring as settings } from "../../infra/monitoring-schema";
import { empty } from "../platform/deploy";
import { inWorkspace, podAddress } from "../platform/kubectl";
import * as monitoring from "../platform/monitoring";
import type { Guarded } from "../platform/sign-in";
import { visitor, type Visitor } from "../sign-in/portal";
import { eventually } from "./eventually";

jest.setTimeout(300_000);

let platform: Guarded;
let alice: Visitor;
let ada: Visitor;
const grafana = "grafana.test.localhost";

beforeAll(async () => {
  platform = await monitoring.deployMonitored("http://192.0.2.1/nobody");
  const arrive = async (name: string) => {
    const arriving = visitor(platform.portal, platform.portalHost);
    await arriving.signIn(name, platform.password(name));
    return arriving;
  };
  ada = await arrive("ada");
  alice = await arrive("alice");
}, 900_000);

afterAll(empty, 300_000);

/** Path and query of the stand-in's pages. */
const asked = (page: string, value: string) =>
  `${page}?${page === "/ask" ? "url" : "glob"}=${encodeURIComponent(value)}`;
const seen = async (who: Visitor, path: string) => platform.visit(who, { host: grafana, path });

test("everything that is to be scraped is there, and answers", async () => {
  await eventually(() => {
    const targets = monitoring.targets();
    expect(targets.filter(({ health }) => health !== "up")).toEqual([]);
    expect([...new Set(targets.map(({ labels }) => labels.job))].sort()).toEqual([
      "alertmanager",
      "authelia",
      "cadvisor",
      "kube-state-metrics",
      "kubelet",
      "kubelet-probes",
      "kubernetes-apiserver",
      "node",
      "platform",
      "postgres",
      "prometheus",
      "traefik",
      "valkey",
    ]);
    return Promise.resolve();
  }, 120);
});

test("no workspace is scraped, and none reaches what is, though its own pod's numbers are known", async () => {
  const addresses = ["alice", "carl"].map((user) => podAddress(`ws-${user}`, "app=editor"));
  expect(
    monitoring.targets().filter(({ scrapeUrl }) => addresses.some((one) => scrapeUrl.includes(one))),
  ).toEqual([]);
  const reach = (address: string) =>
    inWorkspace("alice", `curl --silent --max-time 3 --output /dev/null http://${address}; echo $?`).trim();
  const prometheus = podAddress(monitoring.namespace, "app.kubernetes.io/name=prometheus");
  for (const address of [
    `${prometheus}:9090/api/v1/query?query=up`,
    "prometheus.vibecode-monitoring:9090",
    "alertmanager.vibecode-monitoring:9093",
    "kube-state-metrics.vibecode-monitoring:8080",
    "node-exporter.vibecode-node-exporter:9100",
    `${podAddress("vibecode-auth", "app.kubernetes.io/name=authelia")}:9959/metrics`,
    `${podAddress("vibecode-ingress", "app.kubernetes.io/name=traefik")}:8084/metrics`,
  ])
    // 6, 7, 28: no such name, refused, no answer.
    expect([address, reach(address)]).toEqual([address, expect.stringMatching(/^(6|7|28)$/)]);
  await eventually(() => {
    expect(monitoring.value('sum(container_memory_working_set_bytes{namespace="ws-alice"})')).toBeGreaterThan(
      1e7,
    );
    expect(monitoring.value('sum(kubelet_volume_stats_used_bytes{namespace="ws-alice"})')).toBeGreaterThan(
      1e6,
    );
    return Promise.resolve();
  }, 120);
});

test("every rule can be judged", async () => {
  await eventually(() => {
    const rules = monitoring.rules();
    expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
    return Promise.resolve();
  }, 120);
});

test("a workspace costs Prometheus at most 400 series", () => {
  // Those of its own namespace, and those that other parts have for it.
  const all =
    'count({namespace="ws-alice"} or {exported_namespace="ws-alice"} or {service=~".*ws-alice.*|.*ports-alice.*"})';
  const series = monitoring.value(all);
  expect(series).toBeGreaterThan(20);
  expect(series).toBeLessThanOrEqual(400);
});

/** Panels that are empty here, and why. */
const emptyPanels: Readonly<Record<string, string>> = {
  "fleet: Alerts that fire": "none does",
  "user: Alerts that fire": "none does",
  "user: Read and written": "this node's kubelet does not measure what containers read and write",
  "user: Probes that failed, a minute": "none did",
  "ingress-and-sign-in: Services with errors": "no service has any",
};

test("every question of the dashboards has an answer, but those that are known to have none here", async () => {
  const { prices } = settings.parse({});
  const all = dashboards({ domain: platform.domain, ingressNamespace, prices });
  const asked = queriesOf(all).map((query) => ({ ...query, place: `${query.dashboard}: ${query.panel}` }));
  expect(asked.length).toBeGreaterThan(50);
  for (const place of Object.keys(emptyPanels)) expect(asked.map((query) => query.place)).toContain(place);
  let unanswered = asked.filter(({ place }) => emptyPanels[place] === undefined);

  const wrong = visitor(platform.portal, platform.portalHost);
  expect(await wrong.firstFactor("carl", "wrong")).toBe(false);
  // Costs look six times an hour, at full ten minutes. Asked as if the next of them were there, they see what was there
  // up to five minutes before: less to wait for.
  const tenMinutes = () => Math.ceil(Date.now() / 600_000) * 600 + 1;
  await eventually(async () => {
    await platform.visit(alice, { host: "alice.test.localhost", path: "/healthz" });
    unanswered = unanswered.filter(
      ({ expr }) => [...monitoring.query(expr), ...monitoring.query(expr, tenMinutes())].length === 0,
    );
    expect(unanswered).toEqual([]);
  }, 660);
}, 700_000);

describe("Grafana, in whose place is a program that tells what it was given", () => {
  test("is shown to administrators alone, and told who they are", async () => {
    expect((await seen(alice, "/")).status).toBe(403);
    const nobody = visitor(platform.portal, platform.portalHost);
    expect((await seen(nobody, "/")).status).toBe(302);
    const told = await seen(ada, "/");
    expect(told.status).toBe(200);
    expect(told.body).toContain('"Remote-User":["ada"]');
  });

  test("takes nobody's word for who they are", async () => {
    const headers = { "remote-user": "ada" };
    expect((await platform.visit(alice, { host: grafana, path: "/", headers })).status).toBe(403);
    const told = await platform.visit(ada, { host: grafana, path: "/", headers: { "remote-user": "root" } });
    expect(told.body).toContain('"Remote-User":["ada"]');
  });

  test("has its data source, which it reaches, and every dashboard", async () => {
    const source = await seen(ada, asked("/files", "/etc/grafana/provisioning/datasources/*"));
    const [, url = ""] = /url: (\S+)/.exec(source.body) ?? [];
    const answer = await seen(ada, asked("/ask", `${url}/api/v1/query?query=up`));
    expect(answer.body).toContain('"status":"success"');
    const files = await seen(ada, asked("/files", "/etc/grafana/dashboards/*.json"));
    expect(files.body).toContain("fleet");
  });
});
