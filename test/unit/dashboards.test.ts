import { dashboards, queriesOf } from "../../components/monitoring/dashboards";
import { kept } from "../../components/monitoring/prometheus/kept";
import { recordings, watches } from "../../components/monitoring/watched";
import { metricsIn } from "../platform/promql";

const options = {
  domain: "dev.example.com",
  ingressNamespace: "vibecode-ingress",
  prices: { cpuHour: 0.04, memoryGiBHour: 0.005, diskGiBMonth: 0.1, currency: "EUR" },
};
const all = dashboards(options);
const queries = queriesOf(all);
const json = JSON.stringify(all);

interface Placed {
  type: string;
  title?: string | undefined;
  id?: number | undefined;
  gridPos?: { x: number; y: number; w: number; h: number } | undefined;
}

test("there is a dashboard for all, for one user, for what comes in, for nodes and for cost", () => {
  expect(Object.entries(all).map(([name, { uid, title }]) => [name, uid, title])).toEqual([
    ["fleet", "vibecode-fleet", "VibeCode: all workspaces"],
    ["user", "vibecode-user", "VibeCode: one user"],
    ["ingress-and-sign-in", "vibecode-ingress-and-sign-in", "VibeCode: ingress and sign-in"],
    ["nodes", "vibecode-nodes", "VibeCode: nodes"],
    ["cost", "vibecode-cost", "VibeCode: cost"],
  ]);
});

test("the same options give the same dashboards, to the letter", () => {
  expect(JSON.stringify(dashboards(options))).toBe(json);
});

test("all of them fit into one ConfigMap", () => {
  expect(Buffer.byteLength(json)).toBeLessThan(1_000_000);
});

test("every address within them is that of a dashboard that there is", () => {
  const led = [...json.matchAll(/\/d\/([a-z-]+)/g)].map(([, uid]) => uid);
  expect(led.length).toBeGreaterThan(1);
  expect(Object.values(all).map(({ uid }) => uid)).toEqual(expect.arrayContaining(led));
});

describe.each(Object.entries(all))("%s", (name, { panels = [], templating }) => {
  const shown: Placed[] = panels;

  test("numbers its panels, and lays them out without a gap in a line or one over another", () => {
    expect(new Set(shown.map(({ id }) => id)).size).toBe(shown.length);
    const cells = new Set<string>();
    let area = 0;
    for (const { gridPos } of shown) {
      if (gridPos === undefined) throw new Error("a panel without a place");
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      area += gridPos.w * gridPos.h;
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) cells.add(`${x} ${y}`);
    }
    expect(cells.size).toBe(area);
    const lines = new Map<number, number>();
    for (const { gridPos } of shown)
      if (gridPos) lines.set(gridPos.y, (lines.get(gridPos.y) ?? 0) + gridPos.w);
    expect([...new Set(lines.values())]).toEqual([24]);
  });

  test("asks Prometheus alone, under the name that Grafana knows it by", () => {
    const sources = [...JSON.stringify(panels).matchAll(/"datasource":(\{[^}]*\})/g)].map(([, one]) => one);
    expect(new Set(sources)).toEqual(new Set(['{"type":"prometheus","uid":"prometheus"}']));
  });

  test("uses the choices that it offers", () => {
    for (const variable of templating.list ?? [])
      expect(JSON.stringify(panels)).toContain(`$${variable.name}`);
  });

  test("has a unit for every number, and something to ask in every panel", () => {
    for (const panel of panels) {
      if (panel.type === "row") continue;
      const asked = queries.filter(
        ({ dashboard, panel: title }) => dashboard === name && title === panel.title,
      );
      expect(asked.length).toBeGreaterThan(0);
      if (panel.type !== "table" && "fieldConfig" in panel)
        expect(panel.fieldConfig.defaults.unit).toEqual(expect.any(String));
    }
  });
});

describe("queriesOf", () => {
  test("leaves nothing of Grafana's in an expression", () => {
    expect(queries.length).toBeGreaterThan(70);
    for (const { expr } of queries) expect(expr.replaceAll('"$1"', "")).not.toContain("$");
  });

  test("puts in who is asked for", () => {
    const ofBob = queriesOf({ user: all.user }, { user: "bob" });
    expect(ofBob.some(({ expr }) => expr.includes('namespace="ws-bob"'))).toBe(true);
    expect(ofBob.some(({ expr }) => expr.includes("alice"))).toBe(false);
  });

  test("names where each is asked, also of a choice", () => {
    expect(queries).toContainEqual({
      dashboard: "nodes",
      panel: "variable node",
      expr: 'kube_node_info{job="kube-state-metrics"}',
      instant: true,
    });
  });
});

test("every metric that is asked for is one that Prometheus stores or records", () => {
  const stored = new Map<string, readonly string[]>(Object.entries(kept));
  const names = new Set(recordings().rules.flatMap((rule) => ("record" in rule ? [rule.record] : [])));
  for (const { expr } of queries) {
    for (const { name, job } of metricsIn(expr)) {
      if (job !== "" && stored.has(job)) expect(stored.get(job)).toContain(name);
      if (job === "" && name !== "ALERTS") expect([...names]).toContain(name);
    }
    for (const [name] of expr.matchAll(/vibecode:[\w:]+/g)) expect([...names]).toContain(name);
  }
});

test("Prometheus stores nothing of a job that nobody asks for", () => {
  const places = {
    cluster: "c",
    domain: options.domain,
    ingressNamespace: options.ingressNamespace,
    signInNamespace: "vibecode-auth",
    monitoringNamespace: "vibecode-monitoring",
  };
  const asked = [...queries, ...recordings().rules, ...watches(places)].flatMap(({ expr }) =>
    metricsIn(expr).map(({ job, name }) => `${job} ${name}`),
  );
  const stored = Object.entries(kept).flatMap(([job, names]) => names.map((name) => `${job} ${name}`));
  expect(stored.length).toBeGreaterThan(40);
  expect(asked).toEqual(expect.arrayContaining(stored));
});

test("prices are the stack's", () => {
  const cost = queries.filter(({ dashboard }) => dashboard === "cost").map(({ expr }) => expr);
  expect(cost.join()).toContain("vibecode:workspace_cpu_requested:cores * 0.04");
  expect(JSON.stringify(all.cost)).toContain("currency:EUR ");
});
