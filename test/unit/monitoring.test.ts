import { parse } from "yaml";
import { z } from "zod";

import { at, find, minimal, runProgram, type Registered, type Run } from "./mocks";
import { violations } from "./restricted";

const domain = "dev.example.com";
const network = { apiServer: ["192.0.2.1/32"], nodes: ["10.1.0.0/24"], pods: [], services: [], dns: [] };
const receivers = {
  mail: {
    severities: ["page"],
    to: ["ops@example.com", "boss@example.com"],
    from: "alerts@example.com",
    address: "submission://mail.example.com",
    username: "alerts",
  },
  slack: { channel: "#alerts" },
  webhook: { severities: ["info"] },
};
const monitoringSecrets = {
  smtpPassword: "pa55word",
  slackUrl: "https://hooks.example.com/t0ken",
  webhookUrl: "https://receiver.example.com:8443/t0ken",
};
const everything = {
  ...minimal,
  domain,
  cluster: { context: "test", name: "test", network },
  auth: { kind: "authelia" },
  storage: { class: "fast" },
  monitoring: { prometheus: { kind: "own", alerts: receivers } },
  monitoringSecrets,
};

const run = (change: Record<string, unknown> = {}) => runProgram({ ...everything, ...change });
const ours = (of: Run) =>
  of.resources.filter(({ type, name }) => type.startsWith("kubernetes:") && name.startsWith("monitoring-"));
const pods = (of: Run) => ours(of).filter(({ type }) => /:(?:Deployment|StatefulSet|DaemonSet)$/.test(type));
const specOf = ({ inputs }: Registered) => at(inputs, "spec", "template", "spec");
const containersOf = (made: Registered) => z.array(z.looseObject({})).parse(at(specOf(made), "containers"));
const hash = (of: Run, kind: string, name: string) =>
  at(find(of, kind, name).inputs, "spec", "template", "metadata", "annotations", "vibecode/config-hash");
const policy = (of: Run, name: string) => at(find(of, "NetworkPolicy", name).inputs, "spec");

let made: Run;
beforeAll(async () => {
  made = await run();
});

test("a stack that says nothing has nothing of it, and nobody who may read metrics", async () => {
  const other = await run({ monitoring: {}, monitoringSecrets: {} });
  expect(other.resources.filter(({ name }) => /monitor|exporter|grafana/.test(name))).toEqual([]);
  expect(JSON.stringify(policy(other, "ingress-network"))).not.toContain("8084");
  expect(JSON.stringify(policy(other, "sign-in-network"))).not.toContain("9959");
});

test("what runs is Prometheus, Alertmanager, Grafana, kube-state-metrics and a node-exporter on each node", () => {
  expect(pods(made).map(({ type, name }) => [type.split(":").at(-1), name])).toEqual(
    expect.arrayContaining([
      ["StatefulSet", "monitoring-prometheus"],
      ["StatefulSet", "monitoring-alertmanager"],
      ["Deployment", "monitoring-grafana"],
      ["Deployment", "monitoring-kube-state-metrics"],
      ["DaemonSet", "monitoring-node-exporter"],
    ]),
  );
  expect(pods(made)).toHaveLength(5);
});

describe("every pod", () => {
  test("keeps to pod security restricted, but node-exporter, which sees the node's folders and no more", () => {
    for (const pod of pods(made)) {
      const found = violations(specOf(pod));
      if (pod.name === "monitoring-node-exporter")
        expect([...new Set(found.map((line) => line.replace(/proc|sys|root/, "*")))]).toHaveLength(1);
      else expect([pod.name, found]).toEqual([pod.name, []]);
    }
    const exporter = specOf(find(made, "DaemonSet", "monitoring-node-exporter"));
    expect(at(exporter, "hostNetwork")).toBeUndefined();
    expect(at(exporter, "hostPID")).toBeUndefined();
    const mounts = z
      .array(z.looseObject({ readOnly: z.boolean() }))
      .parse(at(exporter, "containers", 0, "volumeMounts"));
    expect(mounts).toHaveLength(3);
    expect(mounts.every(({ readOnly }) => readOnly)).toBe(true);
  });

  test("says when it is ready and when it hangs, asks for room, is limited, and is named by digest", () => {
    for (const container of pods(made).flatMap(containersOf)) {
      expect(container).toMatchObject({
        image: expect.stringMatching(/@sha256:[0-9a-f]{64}$/) as unknown,
        readinessProbe: { httpGet: {} },
        livenessProbe: { httpGet: {} },
      });
      for (const kind of ["requests", "limits"])
        for (const key of ["cpu", "memory"]) expect(at(container, "resources", kind, key)).toMatch(/^\d/);
    }
  });

  test("but who asks the API server has no token of it", () => {
    const accounts = pods(made).map((pod) => [pod.name, at(specOf(pod), "serviceAccountName")]);
    expect(Object.fromEntries(accounts)).toEqual({
      "monitoring-prometheus": "prometheus",
      "monitoring-kube-state-metrics": "kube-state-metrics",
      "monitoring-alertmanager": undefined,
      "monitoring-grafana": undefined,
      "monitoring-node-exporter": undefined,
    });
    for (const pod of pods(made))
      expect(at(specOf(pod), "automountServiceAccountToken")).toBe(
        at(specOf(pod), "serviceAccountName") === undefined ? false : undefined,
      );
  });

  test("is in a namespace that is shut but for what a policy of its own opens", () => {
    for (const name of ["monitoring-closed", "monitoring-node-exporter-closed"])
      expect(policy(made, name)).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    for (const pod of pods(made)) {
      const own = policy(made, `${pod.name}-network`);
      expect(at(own, "policyTypes")).toEqual(["Ingress", "Egress"]);
      expect(at(own, "podSelector", "matchLabels")).toEqual(
        at(pod.inputs, "spec", "selector", "matchLabels"),
      );
      const from = z.array(z.looseObject({ from: z.array(z.unknown()).min(1) })).parse(at(own, "ingress"));
      expect(from.length).toBeGreaterThan(0);
    }
    const labels = (name: string) => at(find(made, "Namespace", name).inputs, "metadata", "labels");
    expect(labels("monitoring-namespace")).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
    });
    expect(labels("monitoring-node-exporter-namespace")).toMatchObject({
      "pod-security.kubernetes.io/enforce": "privileged",
    });
  });
});

describe("Prometheus", () => {
  const args = (of: Run) =>
    at(specOf(find(of, "StatefulSet", "monitoring-prometheus")), "containers", 0, "args");
  const file = (of: Run, name: string): unknown =>
    parse(String(at(find(of, "ConfigMap", "monitoring-prometheus-config").inputs, "data", name)));
  const jobs = (of: Run) =>
    z
      .object({ scrape_configs: z.array(z.looseObject({ job_name: z.string() })) })
      .parse(file(of, "prometheus.yml")).scrape_configs;
  const names = (of: Run) => jobs(of).map(({ job_name }) => job_name);

  test("keeps what it has for so long and so much, on a volume of the stack's class that outlives it", async () => {
    expect(args(made)).toEqual(
      expect.arrayContaining([
        "--storage.tsdb.retention.time=15d",
        "--storage.tsdb.retention.size=8589934592B",
      ]),
    );
    const claim = find(made, "PersistentVolumeClaim", "monitoring-prometheus-volume");
    expect(claim.retainOnDelete).toBe(true);
    expect(at(claim.inputs, "spec")).toMatchObject({
      storageClassName: "fast",
      resources: { requests: { storage: "10Gi" } },
    });
    const other = await run({
      storage: { retain: false },
      monitoring: {
        prometheus: { kind: "own", retention: { time: "90d", size: "40Gi" }, storage: "50Gi", memory: "4Gi" },
      },
      monitoringSecrets: {},
    });
    expect(args(other)).toEqual(
      expect.arrayContaining([
        "--storage.tsdb.retention.time=90d",
        "--storage.tsdb.retention.size=42949672960B",
      ]),
    );
    expect(find(other, "PersistentVolumeClaim", "monitoring-prometheus-volume").retainOnDelete).toBe(false);
    expect(find(other, "Namespace", "monitoring-namespace").retainOnDelete).toBe(false);
  });

  test("scrapes every job that alerts and dashboards know, and those of what the stack has", async () => {
    const always = [
      "prometheus",
      "alertmanager",
      "kubernetes-apiserver",
      "kubelet",
      "cadvisor",
      "kubelet-probes",
      "node",
      "kube-state-metrics",
      "traefik",
      "platform",
    ];
    expect(names(made).sort()).toEqual([...always, "authelia", "postgres", "valkey"].sort());
    const basic = await run({
      auth: { kind: "basic" },
      monitoring: { prometheus: { kind: "own", grafana: { enabled: false } } },
      monitoringSecrets: {},
    });
    expect(names(basic).sort()).toEqual([...always].sort());
  });

  test("has a limit of samples for each job", () => {
    for (const job of jobs(made))
      expect([job.job_name, at(job, "sample_limit")]).toEqual([job.job_name, expect.any(Number)]);
  });

  test("finds pods of the platform's own namespaces, none of a workspace, and nobody's Secret", () => {
    const roles = made.resources.filter(
      ({ type, name }) => /:(?:Cluster)?Role$/.test(type) && name.startsWith("monitoring-prometheus"),
    );
    const rules = roles.map(({ inputs }) => [
      at(inputs, "metadata", "namespace") ?? "everywhere",
      z
        .array(z.looseObject({ resources: z.array(z.string()).default([]) }))
        .parse(at(inputs, "rules"))
        .flatMap(({ resources }) => resources),
    ]);
    expect(Object.fromEntries(rules)).toEqual({
      everywhere: ["nodes", "nodes/metrics"],
      default: ["endpointslices", "services", "pods"],
      "vibecode-monitoring": ["pods"],
      "vibecode-node-exporter": ["pods"],
      "vibecode-ingress": ["pods"],
      "vibecode-auth": ["pods"],
    });
    expect(JSON.stringify(jobs(made))).not.toContain('"ws-');
  });

  test("reaches kubelets, the API server and the pods that it scrapes, each at its port", () => {
    const { egress } = z
      .object({ egress: z.array(z.looseObject({ to: z.array(z.unknown()).min(1) })) })
      .parse(policy(made, "monitoring-prometheus-network"));
    expect(egress).toContainEqual({
      to: [{ ipBlock: { cidr: "10.1.0.0/24" } }],
      ports: [{ protocol: "TCP", port: 10250 }],
    });
    const text = JSON.stringify(egress);
    for (const port of [9090, 9093, 8080, 9100, 3000, 8084, 9959, 9187, 9121])
      expect(text).toContain(`"port":${port}`);
    expect(text).not.toContain("ws-");
  });

  test("judges the rules that are watched, and starts again with other rules and no others", async () => {
    const groups = z
      .object({ groups: z.array(z.object({ name: z.string(), rules: z.array(z.unknown()).min(1) })) })
      .parse(file(made, "rules.yml")).groups;
    expect(groups.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["vibecode-recordings", "vibecode-workspaces", "vibecode-shared"]),
    );
    const before = hash(made, "StatefulSet", "monitoring-prometheus");
    const again = await run();
    expect(hash(again, "StatefulSet", "monitoring-prometheus")).toBe(before);
    const other = await run({
      monitoring: {
        runbooks: "https://wiki.example.com/runbooks",
        prometheus: { kind: "own", alerts: receivers },
      },
    });
    expect(hash(other, "StatefulSet", "monitoring-prometheus")).not.toBe(before);
    expect(hash(other, "StatefulSet", "monitoring-alertmanager")).toBe(
      hash(made, "StatefulSet", "monitoring-alertmanager"),
    );
    expect(JSON.stringify(file(other, "rules.yml"))).toContain(
      "https://wiki.example.com/runbooks/workspace-crash-loop.md",
    );
  });
});

describe("Alertmanager", () => {
  const secret = (of: Run) => find(of, "Secret", "monitoring-alertmanager-secret");
  const config = (of: Run): unknown => parse(String(at(secret(of).inputs, "stringData", "alertmanager.yml")));

  test("is told whom to tell, by a Secret that is secret", () => {
    expect(secret(made).secrets).toEqual(["stringData"]);
    expect(at(secret(made).inputs, "stringData")).toMatchObject({
      "smtp-password": "pa55word",
      "slack-url": "https://hooks.example.com/t0ken",
    });
    const open = ours(made)
      .filter(({ type }) => !type.endsWith(":Secret"))
      .map(({ inputs }) => JSON.stringify(inputs));
    expect(open.filter((text) => /t0ken|pa55word/.test(text))).toEqual([]);
  });

  test("tells each receiver of its severities, and nobody of the rest", () => {
    expect(at(config(made), "route", "receiver")).toBe("nobody");
    expect(at(config(made), "route", "routes")).toEqual([
      { receiver: "mail", matchers: ['severity=~"page"'], continue: true },
      { receiver: "slack", matchers: ['severity=~"page|ticket"'], continue: true },
      { receiver: "webhook", matchers: ['severity=~"info"'], continue: true },
    ]);
    const found = z.array(z.looseObject({ name: z.string() })).parse(at(config(made), "receivers"));
    expect(found.map(({ name }) => name)).toEqual(["nobody", "mail", "slack", "webhook"]);
    expect(at(found[1], "email_configs", 0)).toMatchObject({
      to: "ops@example.com, boss@example.com",
      smarthost: "mail.example.com:587",
      require_tls: true,
      auth_username: "alerts",
      auth_password_file: "/etc/alertmanager/smtp-password",
    });
    expect(at(found[2], "slack_configs", 0)).toMatchObject({
      api_url_file: "/etc/alertmanager/slack-url",
      channel: "#alerts",
    });
    expect(at(found[3], "webhook_configs", 0)).toMatchObject({ url: monitoringSecrets.webhookUrl });
  });

  test("may leave the cluster for their ports, and for none where there is nobody to tell", async () => {
    const outside = (of: Run) =>
      z
        .array(z.looseObject({ to: z.unknown().optional(), ports: z.unknown() }))
        .parse(at(policy(of, "monitoring-alertmanager-network"), "egress"))
        .filter(({ to }) => to === undefined)
        .map(({ ports }) => ports);
    expect(outside(made)).toEqual([[443, 587, 8443].map((port) => ({ protocol: "TCP", port }))]);
    const silent = await run({ monitoring: { prometheus: { kind: "own" } }, monitoringSecrets: {} });
    expect(outside(silent)).toEqual([]);
    expect(at(config(silent), "receivers")).toEqual([{ name: "nobody" }]);
  });

  test("starts again with another secret", async () => {
    const other = await run({ monitoringSecrets: { ...monitoringSecrets, smtpPassword: "other" } });
    expect(hash(other, "StatefulSet", "monitoring-alertmanager")).not.toBe(
      hash(made, "StatefulSet", "monitoring-alertmanager"),
    );
  });
});

describe("Grafana", () => {
  const settings = (of: Run) =>
    String(at(find(of, "ConfigMap", "monitoring-grafana-config").inputs, "data", "grafana.ini"));
  const section = (of: Run, name: string) =>
    Object.fromEntries(
      (new RegExp(`\\[${name.replaceAll(".", "\\.")}\\]\\n((?:.+\\n?)*)`).exec(settings(of))?.[1] ?? "")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split(" = ")),
    ) as Record<string, string>;
  const middlewares = (of: Run) =>
    at(
      find(of, "Ingress", "ingress-grafana-route").inputs,
      "metadata",
      "annotations",
      "traefik.ingress.kubernetes.io/router.middlewares",
    );

  test("is at its host behind sign-in's guard of administrators, and sees none of its cookies", () => {
    expect(middlewares(made)).toBe("sign-in@file,session-cookie@file");
    const { inputs } = find(made, "Ingress", "ingress-grafana-route");
    expect(at(inputs, "spec", "rules", 0, "host")).toBe("grafana.dev.example.com");
    expect(at(find(made, "Service", "ingress-grafana-route").inputs, "spec", "externalName")).toBe(
      "grafana.vibecode-monitoring.svc.cluster.local",
    );
  });

  test("is reached by Traefik and Prometheus alone, so that nobody else can say who is there", () => {
    expect(at(policy(made, "monitoring-grafana-network"), "ingress")).toEqual([
      {
        from: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "vibecode-ingress" } },
            podSelector: { matchLabels: { "app.kubernetes.io/name": "traefik" } },
          },
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "vibecode-monitoring" } },
            podSelector: {
              matchLabels: {
                "app.kubernetes.io/name": "prometheus",
                "app.kubernetes.io/instance": "monitoring",
              },
            },
          },
        ],
        ports: [{ protocol: "TCP", port: 3000 }],
      },
    ]);
    const egress = policy(made, "ingress-network");
    expect(JSON.stringify(at(egress, "egress"))).toContain('"port":3000');
  });

  test("knows people by sign-in's header and by nothing else", () => {
    expect(section(made, "auth.proxy")).toMatchObject({
      enabled: "true",
      header_name: "Remote-User",
      auto_sign_up: "true",
      enable_login_token: "false",
    });
    expect(section(made, "auth")).toMatchObject({ disable_login_form: "true" });
    expect(section(made, "auth.anonymous")).toEqual({ enabled: "false" });
    expect(section(made, "auth.basic")).toEqual({ enabled: "false" });
    expect(section(made, "security")).toMatchObject({ disable_initial_admin_creation: "true" });
  });

  test("behind oauth2-proxy takes its header, and lets members of admins in", async () => {
    const other = await run({
      users: [{ name: "alice", email: "alice@example.com", groups: ["admins"] }],
      auth: {
        kind: "oauth2-proxy",
        provider: { type: "github", clientId: "Ov23liA1b2C3d4E5f6G7", organisation: "example" },
      },
      authSecrets: { clientSecret: "hush" },
    });
    expect(section(other, "auth.proxy")).toMatchObject({ header_name: "X-Auth-Request-Email" });
    expect(middlewares(other)).toBe("sign-in@file,sign-in--admins@file,session-cookie@file");
  });

  test("has the dashboards as files, and Prometheus as the one source of data", () => {
    const files = z
      .record(z.string(), z.string())
      .parse(at(find(made, "ConfigMap", "monitoring-dashboards").inputs, "data"));
    expect(Object.keys(files).sort()).toEqual(
      ["cost", "fleet", "ingress-and-sign-in", "nodes", "user"].map((name) => `${name}.json`),
    );
    for (const text of Object.values(files)) expect(at(JSON.parse(text), "panels", 0)).toBeDefined();
    // What a ConfigMap may hold.
    expect(Object.values(files).join("").length).toBeLessThan(900_000);
    const source: unknown = parse(
      String(at(find(made, "ConfigMap", "monitoring-grafana-config").inputs, "data", "data-sources.yaml")),
    );
    expect(at(source, "datasources")).toEqual([
      expect.objectContaining({
        uid: "prometheus",
        url: "http://prometheus.vibecode-monitoring.svc.cluster.local:9090",
      }),
    ]);
  });

  test("is not there where the stack does not want it, and neither is its host", async () => {
    const other = await run({
      monitoring: { prometheus: { kind: "own", alerts: receivers, grafana: { enabled: false } } },
    });
    expect(other.resources.filter(({ name }) => name.includes("grafana"))).toEqual([]);
    expect(JSON.stringify(policy(other, "monitoring-prometheus-network"))).not.toContain("grafana");
  });
});

describe("what is measured of the platform's parts", () => {
  const scraper = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "vibecode-monitoring" } },
    podSelector: {
      matchLabels: { "app.kubernetes.io/name": "prometheus", "app.kubernetes.io/instance": "monitoring" },
    },
  };

  test.each([
    ["Traefik", "ingress-network", 8084],
    ["Authelia", "sign-in-network", 9959],
    ["Postgres", "data-postgres-exporter-network", 9187],
    ["Valkey", "data-valkey-exporter-network", 9121],
  ])("of %s is told to Prometheus alone", (_, name, port) => {
    const rules = z
      .array(z.looseObject({ ports: z.array(z.unknown()) }))
      .parse(at(policy(made, name), "ingress"));
    const found = rules.filter(({ ports }) => JSON.stringify(ports).includes(String(port)));
    expect(found).toEqual([{ from: [scraper], ports: [{ protocol: "TCP", port }] }]);
  });

  test.each(["postgres", "valkey"])("of %s comes by a role with a password of its own", (store) => {
    const { inputs, secrets } = find(made, "Secret", `data-${store}-secret`);
    const given = z.record(z.string(), z.string()).parse(at(inputs, "stringData"));
    expect(given["monitor-password"]).toBe(`password of data-${store}-monitor-password`);
    expect(given["monitor-password"]).not.toBe(given["password"]);
    expect(secrets).toEqual(["stringData"]);
    const pod = find(made, "Deployment", `data-${store}-exporter`);
    expect(violations(specOf(pod))).toEqual([]);
    expect(at(specOf(pod), "automountServiceAccountToken")).toBe(false);
    expect(JSON.stringify(specOf(pod))).toContain(`{"key":"monitor-password","name":"${store}"}`);
    expect(JSON.stringify(specOf(pod))).not.toContain('"key":"password"');
    const own = JSON.stringify(at(policy(made, `data-${store}-network`), "ingress"));
    expect(own).toContain(`"app.kubernetes.io/name":"${store}-exporter"`);
  });

  test("of Valkey may not be more than what it says of itself", () => {
    const list = String(at(find(made, "Secret", "data-valkey-secret").inputs, "stringData", "users.acl"));
    const monitor = list.split("\n").find((line) => line.startsWith("user monitor"));
    expect(monitor).toMatch(
      /^user monitor on sanitize-payload #[0-9a-f]{64} resetchannels -@all \+ping \+info \+latency\|latest$/,
    );
  });

  test("of a store of somebody else's is not our matter", async () => {
    const other = await run({
      data: { postgres: { kind: "external", host: "pg.example.com", addresses: ["192.0.2.7/32"] } },
      dataSecrets: { postgres: "given" },
    });
    expect(other.resources.filter(({ name }) => name.startsWith("data-postgres-exporter"))).toEqual([]);
    expect(find(other, "Deployment", "data-valkey-exporter").name).toBeDefined();
  });
});
