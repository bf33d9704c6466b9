import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { stringify } from "yaml";

import { alertName, recordings, ruleGroups, watches, type Watch } from "../../components/monitoring/watched";
import { cases, type Case } from "./alert-cases";
import { promtool } from "./promtool";

jest.setTimeout(120_000);

const cluster = "production";
const all = watches({
  cluster,
  domain: "ide.example.com",
  ingressNamespace: "vibecode-ingress",
  signInNamespace: "vibecode-auth",
  monitoringNamespace: "vibecode-monitoring",
});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-alerts-"));

const file = (name: string) => path.join(folder, name);
const groups = [recordings(), ...ruleGroups(all, cluster)];

beforeAll(() => {
  fs.writeFileSync(file("rules.yaml"), stringify({ groups }));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

const asked = (tests: readonly unknown[], rules = "rules.yaml") => ({
  rule_files: [rules],
  evaluation_interval: "1m",
  tests,
});
const seriesOf = (series: Case["series"]) =>
  Object.entries(series).map(([name, values]) => ({ series: name, values }));

test("Prometheus takes every rule", () => {
  const count = groups.flatMap(({ rules }) => rules).length;
  expect(promtool("check", file("check.yaml"), { groups })).toContain(`SUCCESS: ${count} rules found`);
});

test("each watch has a case in which it tells, and one in which it does not", () => {
  expect(Object.keys(cases).sort()).toEqual(all.map(({ id }) => id).sort());
  for (const ofWatch of Object.values(cases))
    expect(new Set(ofWatch.map(({ fires }) => fires.length > 0)).size).toBe(2);
});

describe.each(all)("$id", (watch) => {
  const ofWatch = cases[watch.id] ?? [];
  let said: string;

  // Of all cases at once, by this rule alone: every other would be judged at each minute too.
  beforeAll(() => {
    fs.writeFileSync(file("one.yaml"), stringify({ groups: ruleGroups([watch], cluster) }));
    const tests = ofWatch.map((one) => judged(watch, one));
    said = promtool("test", file("test.yaml"), asked(tests, "one.yaml"));
  });

  test.each(ofWatch.filter(({ fires }) => fires.length > 0))("fires when $when", ({ when }) => {
    expect(wrong(said)).not.toContain(when);
  });

  test.each(ofWatch.filter(({ fires }) => fires.length === 0))("is silent when $when", ({ when }) => {
    expect(wrong(said)).not.toContain(when);
  });
});

function judged({ id, severity }: Watch, { when, series, at, fires }: Case) {
  const always = { alertname: alertName(id), alertstate: "firing", severity, cluster };
  return {
    interval: "1m",
    input_series: seriesOf(series),
    promql_expr_test: [
      {
        // promtool repeats the query of what fails, the comment with it.
        expr: `ALERTS{alertname="${always.alertname}",alertstate="firing"} # ${when}`,
        eval_time: `${at}m`,
        exp_samples: fires.map((labels) => ({
          labels: `ALERTS{${Object.entries({ ...labels, ...always })
            .map(([label, value]) => `${label}="${value}"`)
            .join(",")}}`,
          value: 1,
        })),
      },
    ],
  };
}

/** Which cases promtool found wrong. */
function wrong(said: string): string[] {
  if (said.includes("SUCCESS")) return [];
  const found = [...said.matchAll(/expr: ".* # (.*)", time:/g)].map(([, when]) => when ?? "");
  if (found.length === 0) throw new Error(said);
  return found;
}

test("an alert says what is wrong where, and what mends it", () => {
  const [disk] = cases["workspace-disk-filling"] ?? [];
  const test = {
    interval: "1m",
    input_series: seriesOf(disk?.series ?? {}),
    alert_rule_test: [
      {
        eval_time: "6m",
        alertname: "VibecodeWorkspaceDiskFilling",
        exp_alerts: [
          {
            exp_labels: {
              namespace: "ws-alice",
              persistentvolumeclaim: "home",
              severity: "ticket",
              cluster,
            },
            exp_annotations: {
              summary: "The volume home of ws-alice is 86 % full",
              description:
                "A full one lets its person save nothing. Give the user a larger `home` in the stack's file and run `pulumi up`: it grows while they work. Or let them delete: `du -xh -d2 ~ | sort -h | tail` shows what is large.",
              runbook_url: "docs/runbooks/workspace-disk-filling.md",
            },
          },
        ],
      },
    ],
  };
  expect(promtool("test", file("words.yaml"), asked([test]))).toContain("SUCCESS");
});

test("what is recorded of a workspace is right, whatever state it is in", () => {
  const ksm = 'job="kube-state-metrics"';
  const deployment = (user: string, replicas: number, available: number) => [
    {
      series: `kube_deployment_spec_replicas{${ksm},namespace="ws-${user}",deployment="editor"}`,
      values: `${replicas}x10`,
    },
    {
      series: `kube_deployment_status_replicas_available{${ksm},namespace="ws-${user}",deployment="editor"}`,
      values: `${available}x10`,
    },
  ];
  const ofPod = `${ksm},namespace="ws-alice",pod="editor-1"`;
  const test = {
    interval: "1m",
    input_series: [
      ...deployment("alice", 1, 1),
      ...deployment("bob", 0, 0),
      ...deployment("carol", 1, 0),
      ...deployment("dave", 1, 0),
      {
        series: `kube_pod_container_status_waiting_reason{${ksm},namespace="ws-dave",pod="editor-2",container="editor",reason="ImagePullBackOff"}`,
        values: "1x10",
      },
      ...["editor-1", "editor-0"].map((name) => ({
        series: `kube_pod_container_resource_requests{${ksm},namespace="ws-alice",pod="${name}",container="editor",resource="cpu"}`,
        values: "0.5x10",
      })),
      { series: `kube_pod_status_phase{${ofPod},phase="Running"}`, values: "1x10" },
      // It has ended, and asks for nothing any more.
      {
        series: `kube_pod_status_phase{${ksm},namespace="ws-alice",pod="editor-0",phase="Running"}`,
        values: "0x10",
      },
      { series: `kube_pod_created{${ofPod}}`, values: "100x10" },
      { series: `kube_pod_status_ready_time{${ofPod}}`, values: "107x10" },
    ],
    promql_expr_test: [
      {
        expr: "vibecode:workspace:state",
        eval_time: "5m",
        exp_samples: Object.entries({
          alice: "running",
          bob: "stopped",
          carol: "waiting",
          dave: "failing",
        }).map(([user, state]) => ({
          labels: `vibecode:workspace:state{namespace="ws-${user}",state="${state}"}`,
          value: 1,
        })),
      },
      {
        expr: "vibecode:workspace_cpu_requested:cores",
        eval_time: "5m",
        exp_samples: [{ labels: 'vibecode:workspace_cpu_requested:cores{namespace="ws-alice"}', value: 0.5 }],
      },
      {
        expr: "vibecode:workspace_start:seconds",
        eval_time: "5m",
        exp_samples: [
          { labels: 'vibecode:workspace_start:seconds{namespace="ws-alice",pod="editor-1"}', value: 7 },
        ],
      },
    ],
  };
  expect(promtool("test", file("recorded.yaml"), asked([test]))).toContain("SUCCESS");
});
