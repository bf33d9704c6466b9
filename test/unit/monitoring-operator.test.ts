import { z } from "zod";

import { at, find, minimal, runProgram, type Run } from "./mocks";

const domain = "dev.example.com";
const run = (change: object = {}) =>
  runProgram({
    ...minimal,
    domain,
    auth: { kind: "authelia" },
    monitoring: {
      prometheus: { kind: "operator", namespace: "watching", labels: { release: "stack" }, ...change },
    },
  });

/** The keys of the operator's own kinds that are used: what is not here is a mistake. */
const relabelings = z.array(
  z.strictObject({
    sourceLabels: z.array(z.string()).optional(),
    targetLabel: z.string().optional(),
    replacement: z.string().optional(),
    regex: z.string().optional(),
    action: z.literal("keep").optional(),
  }),
);
const labelled = z.strictObject({ matchLabels: z.record(z.string(), z.string()) });
const monitorSpec = z.strictObject({
  namespaceSelector: z.strictObject({ matchNames: z.tuple([z.string()]) }),
  selector: labelled,
  podMetricsEndpoints: z.tuple([
    z.strictObject({
      port: z.string(),
      interval: z.string().regex(/^\d+s$/),
      relabelings,
      metricRelabelings: relabelings.optional(),
    }),
  ]),
});
const texts = z.record(z.string(), z.string());
const rule = z.union([
  z.strictObject({ alert: z.string(), expr: z.string(), for: z.string(), labels: texts, annotations: texts }),
  z.strictObject({ record: z.string(), expr: z.string() }),
]);
const ruleSpec = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(rule).min(1) })),
});

let made: Run;
beforeAll(async () => {
  made = await run();
});
const ours = (of: Run, kind: string) =>
  of.resources.filter(({ type, name }) => type.endsWith(`:${kind}`) && name.startsWith("monitoring-"));
const rules = (of: Run) => ruleSpec.parse(at(find(of, "PrometheusRule", "monitoring-rules").inputs, "spec"));
const exprs = (of: Run) => rules(of).groups.flatMap((group) => group.rules.map(({ expr }) => expr));

test("nothing runs that the cluster has already, but what shows figures of the stores", () => {
  const pods = made.resources.filter(({ type }) => /:(?:Deployment|StatefulSet|DaemonSet)$/.test(type));
  expect(
    pods
      .map(({ name }) => name)
      .filter((name) => /monitoring|exporter/.test(name))
      .sort(),
  ).toEqual(["data-postgres-exporter", "data-valkey-exporter"]);
  expect(made.resources.map(({ name }) => name)).not.toContain("ingress-grafana-route");
});

test("the cluster's Prometheus is told of each part, by the labels that it looks for, under our names of jobs", () => {
  const monitors = ours(made, "PodMonitor").map(({ inputs }) => {
    const { selector, namespaceSelector, podMetricsEndpoints } = monitorSpec.parse(at(inputs, "spec"));
    const [{ port, relabelings: labels }] = podMetricsEndpoints;
    expect(at(inputs, "apiVersion")).toBe("monitoring.coreos.com/v1");
    expect(at(inputs, "metadata", "namespace")).toBe("vibecode-monitoring");
    expect(at(inputs, "metadata", "labels", "release")).toBe("stack");
    return [
      labels.find(({ targetLabel }) => targetLabel === "job")?.replacement,
      namespaceSelector.matchNames[0],
      selector.matchLabels["app.kubernetes.io/name"],
      port,
    ];
  });
  expect(monitors.sort()).toEqual([
    ["authelia", "vibecode-auth", "authelia", "metrics"],
    ["postgres", "vibecode-auth", "postgres-exporter", "http"],
    ["traefik", "vibecode-ingress", "traefik", "metrics"],
    ["valkey", "vibecode-auth", "valkey-exporter", "http"],
  ]);
});

test("each port that a monitor names is one of the pods that it selects", () => {
  for (const { inputs } of ours(made, "PodMonitor")) {
    const { selector, podMetricsEndpoints } = monitorSpec.parse(at(inputs, "spec"));
    const pods = made.resources.filter(({ type, inputs: pod }) => {
      const labels = at(pod, "spec", "template", "metadata", "labels");
      return (
        type.includes(":apps/v1:") &&
        Object.entries(selector.matchLabels).every(([key, value]) => at(labels, key) === value)
      );
    });
    expect(pods).toHaveLength(1);
    const ports = z
      .array(z.looseObject({ name: z.string() }))
      .parse(at(pods[0]?.inputs, "spec", "template", "spec", "containers", 0, "ports"));
    expect(ports.map(({ name }) => name)).toContain(podMetricsEndpoints[0].port);
  }
});

test.each([
  ["ingress-network", 8084],
  ["sign-in-network", 9959],
  ["data-postgres-exporter-network", 9187],
  ["data-valkey-exporter-network", 9121],
])("its pods alone are let in by %s", (name, port) => {
  const ingress = z
    .array(z.looseObject({ ports: z.array(z.unknown()) }))
    .parse(at(find(made, "NetworkPolicy", name).inputs, "spec", "ingress"));
  expect(ingress.filter(({ ports }) => JSON.stringify(ports).includes(String(port)))).toEqual([
    {
      from: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "watching" } },
          podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
        },
      ],
      ports: [{ protocol: "TCP", port }],
    },
  ]);
});

describe("its rules", () => {
  test("are the same, but for those about a Prometheus of our own", () => {
    const alerts = rules(made).groups.flatMap((group) =>
      group.rules.flatMap((each) => ("alert" in each ? [each.alert] : [])),
    );
    expect(alerts).toEqual(
      expect.arrayContaining([
        "VibecodeWorkspaceCrashLoop",
        "VibecodeSignInErrors",
        "VibecodeMonitoringDown",
      ]),
    );
    expect(alerts).not.toContain("VibecodePrometheusStorage");
  });

  test("ask for jobs by the names that kube-prometheus-stack gives them", () => {
    const text = exprs(made).join("\n");
    for (const job of ["node-exporter", "kubelet", "kube-state-metrics", "traefik"])
      expect(text).toContain(`job="${job}"`);
    for (const job of ["node", "cadvisor", "kubernetes-apiserver"])
      expect(text).not.toContain(`job="${job}"`);
  });

  test("and by others where the stack says so", async () => {
    const other = await run({ jobs: { node: "machines" } });
    expect(exprs(other).join("\n")).toContain('job="machines"');
  });
});

test("dashboards are found by Grafana's label, and ask for the same jobs", () => {
  const maps = ours(made, "ConfigMap");
  expect(maps).toHaveLength(5);
  for (const { inputs } of maps) {
    expect(at(inputs, "metadata", "labels", "grafana_dashboard")).toBe("1");
    const [text = ""] = Object.values(texts.parse(at(inputs, "data")));
    expect(at(JSON.parse(text), "panels", 0)).toBeDefined();
    expect(text).not.toContain('job=\\"node\\"');
    expect(text).not.toContain('job=\\"cadvisor\\"');
  }
  expect(JSON.stringify(maps)).toContain("node-exporter");
});
