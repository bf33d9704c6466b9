import * as fs from "node:fs";
import * as path from "node:path";

import { kept } from "../../components/monitoring/prometheus/kept";
import {
  alertName,
  datadogChecks,
  datadogMonitors,
  inhibitRules,
  recordings,
  ruleGroups,
  watches,
} from "../../components/monitoring/watched";
import { metricsIn } from "../platform/promql";
import { watchOptions } from "./watch-options";

const all = watches(watchOptions);
const find = (id: string) => {
  const found = all.find((watch) => watch.id === id);
  if (found === undefined) throw new Error(`no watch ${id}`);
  return found;
};
const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");

/** Jobs of which some metrics are thrown away, and which these are. */
const keptMetrics = new Map<string, readonly string[]>(Object.entries(kept));

test("everything that can go wrong is watched", () => {
  expect(all.map(({ id }) => id).sort()).toEqual([
    "alert-delivery-failing",
    "backup-late",
    "certificate-expiry",
    "ingress-errors",
    "monitoring-down",
    "node-pressure",
    "prometheus-rules-failing",
    "prometheus-storage",
    "sign-in-brute-force",
    "sign-in-errors",
    "workspace-crash-loop",
    "workspace-disk-filling",
    "workspace-disk-full-soon",
    "workspace-not-ready",
    "workspace-out-of-memory",
    "workspace-quota-reached",
  ]);
});

describe.each(all)("$id", (watch) => {
  test("has its page among the runbooks, and the index leads to it", () => {
    expect(watch.runbook).toBe(`docs/runbooks/${watch.id}.md`);
    const folder = path.join(__dirname, "../../docs/runbooks");
    const page = fs.readFileSync(path.join(folder, `${watch.id}.md`), "utf8");
    expect(page).toContain(alertName(watch.id));
    expect(page.split("\n").filter((line) => line.startsWith("## "))).toEqual([
      "## What it means",
      "## See",
      "## Mend",
      "## When it is nothing",
    ]);
    expect(fs.readFileSync(path.join(folder, "README.md"), "utf8")).toContain(`(${watch.id}.md)`);
  });

  test("says nothing of a label that its alert does not have", () => {
    const said = places(watch.summary + watch.description).filter((place) => place !== "value");
    expect(watch.by).toEqual(expect.arrayContaining(said));
  });

  test("asks for metrics that Prometheus stores", () => {
    for (const { name, job } of metricsIn(watch.expr)) {
      const stored = keptMetrics.get(job);
      if (stored !== undefined && name !== "up") expect(stored).toContain(name);
    }
  });
});

test("what is recorded asks for metrics that Prometheus stores", () => {
  const asked = recordings().rules.flatMap(({ expr }) => metricsIn(expr));
  expect(asked.length).toBeGreaterThan(8);
  for (const { name, job } of asked) expect(keptMetrics.get(job)).toContain(name);
});

test("nobody is told twice: what follows from an alert is kept back in its namespace while that one fires", () => {
  expect(inhibitRules(all)).toEqual([
    {
      source_matchers: ['alertname="VibecodeWorkspaceCrashLoop"'],
      target_matchers: ['alertname=~"VibecodeWorkspaceNotReady"'],
      equal: ["cluster", "namespace"],
    },
    {
      source_matchers: ['alertname="VibecodeWorkspaceOutOfMemory"'],
      target_matchers: ['alertname=~"VibecodeWorkspaceCrashLoop|VibecodeWorkspaceNotReady"'],
      equal: ["cluster", "namespace"],
    },
  ]);
});

test("a rule carries severity, cluster and the address of its page", () => {
  const [group] = ruleGroups(
    watches({ ...watchOptions, runbooks: "https://git.example.com/runbooks" }).filter(
      ({ id }) => id === "workspace-disk-filling",
    ),
    "production",
  );
  expect(group).toMatchObject({
    name: "vibecode-workspaces",
    rules: [
      {
        alert: "VibecodeWorkspaceDiskFilling",
        for: "300s",
        labels: { severity: "ticket", cluster: "production" },
        annotations: {
          summary:
            'The volume {{ $labels.persistentvolumeclaim }} of {{ $labels.namespace }} is {{ printf "%.0f" $value }} % full',
          runbook_url: "https://git.example.com/runbooks/workspace-disk-filling.md",
        },
      },
    ],
  });
});

test("a threshold is the same for Prometheus and for Datadog", () => {
  const [changed] = watches({ ...watchOptions, thresholds: { disk: 70 } }).filter(
    ({ id }) => id === "workspace-disk-filling",
  );
  expect(changed?.expr).toContain("> 70");
  expect(changed?.expr).not.toContain("> 85");
  expect(changed === undefined ? [] : datadogMonitors([changed], "c").map(({ query }) => query)).toEqual([
    expect.stringMatching(/ > 70$/),
    expect.stringMatching(/ > 70$/),
  ]);
});

test("a prefix with a special character is matched as it is", () => {
  const [first] = watches({ ...watchOptions, namespacePrefix: "w.s-" });
  expect(first?.expr).toContain('namespace=~"w\\\\.s-.+"');
});

describe("Datadog", () => {
  const monitors = datadogMonitors(all, "production", "@slack-platform");

  test("watches all that Prometheus does but Prometheus itself", () => {
    const missing = all.filter(({ id }) => !monitors.some((monitor) => monitor.id === id));
    expect(missing.map(({ id }) => id)).toEqual([
      "prometheus-storage",
      "alert-delivery-failing",
      "prometheus-rules-failing",
    ]);
  });

  test("has a name for each monitor", () => {
    expect(new Set(monitors.map(({ id }) => id)).size).toBe(monitors.length);
  });

  test.each(monitors.map((monitor) => [monitor.id, monitor] as const))(
    "%s asks for one cluster, and compares with its threshold",
    (_, { query, monitorThresholds }) => {
      expect(query).toContain("kube_cluster_name:production");
      expect(query.split(/ (?:>=|>|<) /)).toEqual([expect.any(String), monitorThresholds.critical]);
      // Each aggregate of Datadog's has its scope, or would look at every cluster.
      expect([...query.matchAll(/(?:max|min|sum|avg):[a-z_]+\.[a-z0-9_.]+/g)].length).toBe(
        [...query.matchAll(/\{kube_cluster_name:production/g)].length,
      );
    },
  );

  test.each(monitors.map((monitor) => [monitor.id, monitor] as const))(
    "%s names no tag that its query does not keep",
    (_, { name, message, query }) => {
      const kept = [...query.matchAll(/ by \{([^}]*)\}/g)].flatMap(([, tags]) => (tags ?? "").split(","));
      const said = [...(name + message).matchAll(/\{\{(\w+)\.name\}\}/g)].map(([, tag]) => tag);
      expect(kept).toEqual(expect.arrayContaining(said));
      expect(name + message).not.toMatch(/(?<!\{)\{\w+\}(?!\})/);
    },
  );

  test("says where the page is and who is told", () => {
    expect(datadogMonitors([find("workspace-not-ready")], "production", "@slack-platform")).toEqual([
      {
        id: "workspace-not-ready",
        name: "[production] The workspace {{kube_namespace.name}} should run, and has not answered for a while",
        type: "query alert",
        query:
          "min(last_10m):max:kubernetes_state.deployment.replicas_desired{kube_cluster_name:production AND kube_namespace:ws-* AND kube_deployment:editor} by {kube_namespace} - max:kubernetes_state.deployment.replicas_available{kube_cluster_name:production AND kube_namespace:ws-* AND kube_deployment:editor} by {kube_namespace} > 0",
        message:
          "Its person cannot work. See what it waits for with `kubectl --namespace {{kube_namespace.name}} describe pods`.\n\ndocs/runbooks/workspace-not-ready.md\n\n@slack-platform",
        monitorThresholds: { critical: "0" },
        tags: [
          "team:platform",
          "part-of:vibecode",
          "cluster:production",
          "severity:ticket",
          "alert:VibecodeWorkspaceNotReady",
        ],
        priority: "3",
        notifyNoData: false,
        evaluationDelay: 60,
        requireFullWindow: false,
        includeTags: true,
      },
    ]);
  });

  test("asks of the agent's own checks only what the agent is told to measure", () => {
    const asked = monitors.flatMap(({ query }) =>
      [...query.matchAll(/vibecode\.([a-z_]+)\.count/g)].map(([, metric]) => metric ?? ""),
    );
    const measured = Object.values(datadogChecks.openMetrics).flat().sort();
    expect([...new Set(asked)].sort()).toEqual(measured);
  });
});
