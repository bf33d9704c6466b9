import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { stringify } from "yaml";

import { dashboards, queriesOf } from "../../components/monitoring/dashboards";

jest.setTimeout(120_000);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-dashboards-"));
const all = dashboards({
  domain: "dev.example.com",
  ingressNamespace: "vibecode-ingress",
  prices: { cpuHour: 0.5, memoryGiBHour: 0.25, diskGiBMonth: 73, currency: "EUR" },
});
const queries = queriesOf(all);

afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

/** promtool's answer, that of a failure too. */
function promtool(command: "check" | "test", content: unknown): string {
  const file = path.join(folder, `${command}.yaml`);
  fs.writeFileSync(file, stringify(content));
  try {
    return execFileSync("promtool", [command, "rules", file], { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    if (error instanceof Error && "stdout" in error && "stderr" in error)
      return `${String(error.stdout)}${String(error.stderr)}`;
    throw error;
  }
}

const asked = (dashboard: string, panel: string) => {
  const found = queries.find((query) => query.dashboard === dashboard && query.panel === panel);
  if (found === undefined) throw new Error(`no ${panel} in ${dashboard}`);
  return found.expr;
};

test("Prometheus' own parser takes every expression of the dashboards", () => {
  const rules = queries.map(({ expr }, index) => ({ record: `query_${index}`, expr }));
  expect(promtool("check", { groups: [{ name: "dashboards", rules }] })).toContain(
    `SUCCESS: ${rules.length} rules found`,
  );
  expect(
    promtool("check", { groups: [{ name: "wrong", rules: [{ record: "x", expr: "sum(" }] }] }),
  ).toContain("FAILED");
});

test("a day costs what was asked for, hour by hour, times the prices", () => {
  const gib = 2 ** 30;
  // Ran for six hours of the day; the volume was there all the time.
  const ran = (value: number) => `_x1079 ${value}x360`;
  const test = {
    interval: "1m",
    input_series: [
      { series: 'vibecode:workspace_cpu_requested:cores{namespace="ws-alice"}', values: ran(2) },
      { series: 'vibecode:workspace_memory_requested:bytes{namespace="ws-alice"}', values: ran(4 * gib) },
      {
        series: 'vibecode:workspace_disk_requested:bytes{namespace="ws-alice"}',
        values: `${10 * gib}x1500`,
      },
    ],
    promql_expr_test: [
      {
        expr: `round(${asked("cost", "The last 24 hours, by user")}, 0.01)`,
        eval_time: "24h",
        // 6 h of 2 cores, 6 h of 4 GiB, 24 h of 10 GiB at 73 / 730 an hour.
        exp_samples: [{ labels: '{user="alice"}', value: 6 * 2 * 0.5 + 6 * 4 * 0.25 + 24 * 10 * 0.1 }],
      },
    ],
  };
  expect(promtool("test", { evaluation_interval: "1m", tests: [test] })).toContain("SUCCESS");
});

test("the number of workspaces in a state is there when there is none", () => {
  const test = {
    interval: "1m",
    input_series: [
      { series: 'vibecode:workspace:state{namespace="ws-alice",state="running"}', values: "1x10" },
      { series: 'vibecode:workspace:state{namespace="ws-bob",state="running"}', values: "1x10" },
    ],
    promql_expr_test: [
      {
        expr: asked("fleet", "Running"),
        eval_time: "5m",
        exp_samples: [{ labels: "{}", value: 2 }],
      },
      { expr: asked("fleet", "Failing"), eval_time: "5m", exp_samples: [{ labels: "{}", value: 0 }] },
    ],
  };
  expect(promtool("test", { evaluation_interval: "1m", tests: [test] })).toContain("SUCCESS");
});
