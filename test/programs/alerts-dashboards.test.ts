import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { dashboards, queriesOf } from "../../components/monitoring/dashboards";
import { promtool } from "./promtool";

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

const check = (rules: unknown) =>
  promtool("check", path.join(folder, "check.yaml"), { groups: [{ name: "dashboards", rules }] });
const judge = (test: unknown) =>
  promtool("test", path.join(folder, "test.yaml"), { evaluation_interval: "1m", tests: [test] });

const asked = (dashboard: string, panel: string) => {
  const found = queries.find((query) => query.dashboard === dashboard && query.panel === panel);
  if (found === undefined) throw new Error(`no ${panel} in ${dashboard}`);
  return found.expr;
};

test("Prometheus' own parser takes every expression of the dashboards", () => {
  const rules = queries.map(({ expr }, index) => ({ record: `query_${index}`, expr }));
  expect(check(rules)).toContain(`SUCCESS: ${rules.length} rules found`);
  expect(check([{ record: "wrong", expr: "sum(" }])).toContain("FAILED");
});

test("a day costs what was asked for, hour by hour, times the prices", () => {
  const gib = 2 ** 30;
  // Ran for the last six hours; the volume was there all the time.
  const ran = (value: number) => `_x1081 ${value}x358`;
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
        // Not at a full ten minutes: there the test's Prometheus, older than 3, counts both ends.
        eval_time: "1443m",
        // 6 h of 2 cores, 6 h of 4 GiB, 24 h of 10 GiB at 73 / 730 an hour.
        exp_samples: [{ labels: '{user="alice"}', value: 6 * 2 * 0.5 + 6 * 4 * 0.25 + 24 * 10 * 0.1 }],
      },
    ],
  };
  expect(judge(test)).toContain("SUCCESS");
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
  expect(judge(test)).toContain("SUCCESS");
});
