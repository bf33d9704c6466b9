import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { z } from "zod";

import { leaveReplicas, type DatadogPlace } from "../../infra/monitoring-datadog";
import { everything, keys, make, only, place, type Made } from "./datadog-component";
import { at } from "./mocks";

const scope = "kube_cluster_name:production";
const tags = ["vibecode:production", "managed-by:pulumi"];
const named = (made: readonly Made[], kind: string) =>
  made.filter((one) => one.kind === kind).map(({ name }) => name);
const spec = (made: readonly Made[]) => at(only(made, "DatadogAgent", "datadog-agent").inputs, "spec");
const policy = (made: readonly Made[], name: string) =>
  at(only(made, "NetworkPolicy", `datadog-${name}-network`).inputs, "spec");

let plain: Made[];
let all: Made[];
beforeAll(async () => {
  plain = await make(place());
  all = await make(place(everything));
});

test("a stack that does not ask for Datadog has nothing of it", async () => {
  expect(await make({ ...place(), monitoring: {} })).toEqual([]);
});

test("what is in the cluster when nothing but the site is said", () => {
  const inCluster = plain
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ kind, name }) => `${kind} ${name}`);
  expect(inCluster.sort()).toEqual([
    "ConfigMap datadog-checks",
    "DatadogAgent datadog-agent",
    "Namespace datadog-namespace",
    "NetworkPolicy datadog-agent-network",
    "NetworkPolicy datadog-authelia-network",
    "NetworkPolicy datadog-cluster-agent-network",
    "NetworkPolicy datadog-deny-first-network",
    "NetworkPolicy datadog-operator-network",
    "NetworkPolicy datadog-traefik-network",
    "Release datadog-operator",
    "Secret datadog-keys",
  ]);
});

describe("the keys", () => {
  test("are secret wherever they are", () => {
    for (const made of [plain, all])
      for (const { name, inputs, secrets } of made)
        for (const key of Object.values(keys)) {
          if (!JSON.stringify(inputs).includes(key)) continue;
          expect(["datadog-keys", "datadog-account"]).toContain(name);
          expect(secrets.length).toBeGreaterThan(0);
          expect(JSON.stringify(without(inputs, secrets))).not.toContain(key);
        }
  });

  test("reach the agents by a Secret, and the account by a provider of the stack's own", () => {
    expect(only(plain, "Secret", "datadog-keys")).toMatchObject({
      inputs: { stringData: { "api-key": keys.datadogApiKey, "app-key": keys.datadogAppKey } },
    });
    expect(at(spec(plain), "global", "credentials")).toEqual({
      apiSecret: { secretName: "datadog-keys", keyName: "api-key" },
      appSecret: { secretName: "datadog-keys", keyName: "app-key" },
    });
    const account = plain.filter(({ type }) => type.startsWith("datadog:"));
    expect(account.length).toBeGreaterThan(10);
    for (const { name, provider } of account) expect([name, provider]).toEqual([name, "datadog-account"]);
    expect(only(plain, "datadog", "datadog-account")).toMatchObject({
      inputs: { apiUrl: "https://api.datadoghq.eu/" },
      secrets: expect.arrayContaining(["apiKey", "appKey"]) as unknown,
    });
  });
});

/** The inputs less what is secret in them. */
function without(inputs: unknown, secrets: readonly string[]): unknown {
  return JSON.parse(
    JSON.stringify(inputs, (key, value: unknown) =>
      secrets.some((path) => path === key || path.startsWith(`${key}.`)) ? undefined : value,
    ),
  );
}

describe("the agents", () => {
  const features = ["logCollection", "apm", "liveProcessCollection", "npm"];
  const enabled = (made: readonly Made[], feature: string) => at(spec(made), "features", feature, "enabled");

  test("send no logs, traces, processes or network unless that is asked for", async () => {
    expect(features.map((feature) => enabled(plain, feature))).toEqual([false, false, false, false]);
    expect(features.map((feature) => enabled(all, feature))).toEqual([true, true, true, true]);
    const switches = { logs: { enabled: true }, apm: true, process: true, network: true };
    for (const [index, [name, value]] of Object.entries(switches).entries()) {
      const made = await make(place({ [name]: value }));
      expect(features.filter((feature) => enabled(made, feature) === true)).toEqual([features[index]]);
    }
  });

  test("have nothing on that nobody asked for: whatever the operator would switch on by itself is said", () => {
    const said = z.record(z.string(), z.unknown()).parse(at(spec(plain), "features"));
    const on = Object.entries(said).flatMap(([name, feature]) =>
      at(feature, "enabled") === true ? [name] : [],
    );
    expect(on.sort()).toEqual(["clusterChecks", "kubeStateMetricsCore"]);
    // Of the operator 1.31, whose defaults these are.
    for (const name of [
      "admissionController",
      "apm",
      "controlPlaneMonitoring",
      "dataPlane",
      "liveContainerCollection",
      "orchestratorExplorer",
      "processDiscovery",
      "remoteConfiguration",
    ])
      expect([name, at(said[name], "enabled")]).toEqual([name, false]);
    expect(at(said["dogstatsd"], "unixDomainSocketConfig", "enabled")).toBe(false);
  });

  const environment = (made: readonly Made[], ...path: string[]) =>
    Object.fromEntries(
      z
        .array(z.object({ name: z.string(), value: z.string() }))
        .parse(at(spec(made), ...path, "env"))
        .map(({ name, value }) => [name, value]),
    );
  const onNodes = (made: readonly Made[]) => environment(made, "override", "nodeAgent");

  test("do no check that a pod asks for, and tell none what is in their environment", async () => {
    const logs = await make(place({ logs: { enabled: true, workspaces: true } }));
    for (const made of [plain, all, logs]) {
      // Of every agent: the keys are in the environment of each.
      expect(environment(made, "global")).toEqual({ DD_AD_DISABLE_ENV_VAR_RESOLUTION: "true" });
      const { DD_CONTAINER_EXCLUDE_METRICS: excluded = "", DD_CONTAINER_INCLUDE: included } = onNodes(made);
      const [kind, pattern = "$."] = excluded.split(/:(.*)/);
      expect(kind).toBe("name");
      for (const container of ["editor", "traefik", "a", "x-1"])
        expect(container).toMatch(new RegExp(pattern));
      // Else the containers' CPU and memory would go with the checks.
      expect(included).toBe(excluded);
      // It weighs more than the exclusion, for checks as well.
      expect(onNodes(made)).not.toHaveProperty("DD_CONTAINER_INCLUDE_METRICS");
      // The cluster agent must not know of it: the checks of Services would go too.
      expect(at(spec(made), "override", "clusterAgent", "env")).toBeUndefined();
    }
  });

  /** Namespaces whose logs are sent, by Datadog's rule: what is included is, though it be excluded as well. */
  const logged = (made: readonly Made[], namespaces: readonly string[]) => {
    const { DD_CONTAINER_EXCLUDE_LOGS: excluded, DD_CONTAINER_INCLUDE_LOGS: included = "" } = onNodes(made);
    expect(excluded).toBe("name:.*");
    const patterns = included.split(" ").map((one) => one.replace(/^kube_namespace:/, ""));
    return namespaces.filter((name) => patterns.some((pattern) => new RegExp(pattern).test(name)));
  };

  test("read the logs of the platform's own namespaces, and of workspaces where that is asked for", async () => {
    const own = ["vibecode-ingress", "vibecode-auth", "vibecode-datadog"];
    const others = ["kube-system", "default", "shop", "my-vibecode-1", "aws-load-balancer"];
    const namespaces = [...own, ...others, "ws-alice"];
    expect(logged(all, namespaces)).toEqual(own);
    const workspaces = await make(place({ logs: { enabled: true, workspaces: true } }));
    expect(logged(workspaces, namespaces)).toEqual([...own, "ws-alice"]);
    for (const name of ["DD_CONTAINER_EXCLUDE_LOGS", "DD_CONTAINER_INCLUDE_LOGS"])
      expect(onNodes(plain)).not.toHaveProperty(name);
  });

  test("say of all that they send where it is from", () => {
    expect(at(spec(plain), "global")).toMatchObject({
      site: "datadoghq.eu",
      clusterName: "production",
      tags: ["env:production"],
    });
    expect(at(spec(all), "global")).toMatchObject({
      tags: ["env:prod", "team:platform"],
      registry: "registry.example.com/datadog",
    });
  });

  test("answer autoscalers only where one asks", () => {
    expect(at(spec(plain), "features", "externalMetricsServer", "enabled")).toBe(false);
    expect(at(spec(all), "features", "externalMetricsServer")).toEqual({
      enabled: true,
      wpaController: true,
      useDatadogMetrics: true,
      registerAPIService: true,
    });
    // Datadog's own needs a word before pods are admitted, and changes none that does not ask for it.
    expect(at(spec(all), "features", "admissionController")).toMatchObject({
      enabled: true,
      mutateUnlabelled: false,
      failurePolicy: "Ignore",
    });
  });

  test("ask Traefik, Authelia and the certificate by their Services' names, never whoever says so of himself", () => {
    const files = z
      .record(z.string(), z.string())
      .parse(at(only(plain, "ConfigMap", "datadog-checks").inputs, "data"));
    expect(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [name, parse(text) as unknown])),
    ).toEqual({
      "traefik.yaml": {
        cluster_check: true,
        advanced_ad_identifiers: [
          { kube_endpoints: { name: "traefik", namespace: "vibecode-ingress", resolve: "ip" } },
        ],
        init_config: {},
        instances: [
          {
            openmetrics_endpoint: "http://%%host%%:8084/metrics",
            namespace: "vibecode",
            metrics: ["traefik_entrypoint_requests", "traefik_service_requests"],
            rename_labels: { service: "traefik_service" },
          },
        ],
      },
      "authelia.yaml": {
        cluster_check: true,
        advanced_ad_identifiers: [
          { kube_endpoints: { name: "authelia", namespace: "vibecode-auth", resolve: "ip" } },
        ],
        init_config: {},
        instances: [
          {
            openmetrics_endpoint: "http://%%host%%:9959/metrics",
            namespace: "vibecode",
            metrics: ["authelia_request", "authelia_authn", "authelia_authn_second_factor"],
          },
        ],
      },
      "certificate.yaml": {
        cluster_check: true,
        init_config: {},
        instances: [
          {
            server: "traefik.vibecode-ingress.svc.cluster.local",
            port: 443,
            server_hostname: "dev.example.com",
            tls_verify: false,
          },
        ],
      },
    });
    expect(at(spec(plain), "override", "clusterAgent", "extraConfd", "configMap")).toEqual({
      name: "datadog-checks",
      items: [
        { key: "traefik.yaml", path: "openmetrics.d/traefik.yaml" },
        { key: "authelia.yaml", path: "openmetrics.d/authelia.yaml" },
        { key: "certificate.yaml", path: "tls.d/certificate.yaml" },
      ],
    });
  });
});

describe("the charts", () => {
  test("are the operator's, pinned, from Datadog's repository", () => {
    expect(named(plain, "Release")).toEqual(["datadog-operator"]);
    expect(only(plain, "Release", "datadog-operator").inputs).toMatchObject({
      name: "datadog-operator",
      namespace: "vibecode-datadog",
      chart: "datadog-operator",
      version: "2.30.0",
      repositoryOpts: { repo: "https://helm.datadoghq.com" },
      atomic: true,
    });
  });

  test("are those of a folder without a version, with images from a mirror", async () => {
    const made = await make(place({ ...everything, chart: "./charts/datadog-operator" }));
    const { inputs } = only(made, "Release", "datadog-operator");
    expect([at(inputs, "chart"), at(inputs, "version"), at(inputs, "repositoryOpts")]).toEqual([
      "./charts/datadog-operator",
      undefined,
      undefined,
    ]);
    expect(at(inputs, "values", "image", "repository")).toBe("registry.example.com/datadog/operator");
    expect(named(made, "Release").sort()).toEqual(["datadog-operator", "datadog-watermark"]);
  });

  test("install the kinds that the stack asks for and no others", () => {
    const crds = z
      .record(z.string(), z.boolean())
      .parse(at(only(plain, "Release", "datadog-operator").inputs, "values", "datadogCRDs", "crds"));
    const installed = Object.entries(crds).flatMap(([name, install]) => (install ? [name] : []));
    expect(installed.sort()).toEqual([
      "datadogAgentInternals",
      "datadogAgents",
      "datadogMetrics",
      "datadogPodAutoscalers",
    ]);
  });
});

describe("the border", () => {
  test("is shut to whatever has no policy of its own", () => {
    expect(policy(plain, "deny-first")).toEqual({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      egress: [],
    });
  });

  test("lets the agents reach the nodes' kubelets, the checked pods, and Datadog", () => {
    expect(at(policy(plain, "agent"), "ingress")).toEqual([]);
    const egress = z.array(z.unknown()).parse(at(policy(plain, "agent"), "egress"));
    expect(egress.map((rule) => at(rule, "ports", 0, "port"))).toEqual([
      53, 443, 443, 10250, 5005, 8084, 9959, 8443,
    ]);
    expect(at(egress[3], "to")).toEqual([{ ipBlock: { cidr: "10.20.0.0/16" } }]);
    expect(at(egress[1], "to")).toEqual([{ ipBlock: { cidr: "10.0.0.1/32" } }]);
  });

  test("takes traces from Traefik alone, and only where they are asked for", () => {
    expect(at(policy(all, "agent"), "ingress")).toEqual([
      {
        from: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "vibecode-ingress" } },
            podSelector: {
              matchLabels: { "app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": "ingress" },
            },
          },
        ],
        ports: [{ protocol: "TCP", port: 4318 }],
      },
    ]);
    const receiver = (made: readonly Made[]) => at(spec(made), "features", "otlp", "receiver", "protocols");
    expect(receiver(all)).toEqual({
      http: { enabled: true, endpoint: "0.0.0.0:4318", hostPortConfig: { enabled: false } },
      grpc: { enabled: false, hostPortConfig: { enabled: false } },
    });
    expect(at(receiver(plain), "http", "enabled")).toBe(false);
  });

  test("is open to the API server only where it asks for something", () => {
    const openPorts = (made: readonly Made[]) =>
      z
        .array(z.unknown())
        .parse(at(policy(made, "cluster-agent"), "ingress"))
        .slice(1)
        .map((rule) => [at(rule, "from"), at(rule, "ports", 0, "port")]);
    expect(openPorts(plain)).toEqual([]);
    expect(openPorts(all)).toEqual([
      [undefined, 8443],
      [undefined, 8000],
    ]);
  });

  test("opens Traefik's and Authelia's metrics to the agents and nobody else", () => {
    for (const [name, namespace, port] of [
      ["traefik", "vibecode-ingress", 8084],
      ["authelia", "vibecode-auth", 9959],
    ] as const) {
      const { inputs } = only(plain, "NetworkPolicy", `datadog-${name}-network`);
      expect(at(inputs, "metadata", "namespace")).toBe(namespace);
      expect(at(inputs, "spec")).toMatchObject({
        podSelector: { matchLabels: { "app.kubernetes.io/name": name } },
        policyTypes: ["Ingress"],
        ingress: [
          {
            from: [
              {
                namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "vibecode-datadog" } },
                podSelector: { matchLabels: { "agent.datadoghq.com/component": "agent" } },
              },
            ],
            ports: [{ port }],
          },
        ],
      });
    }
  });
});

describe("what is at Datadog", () => {
  const data = (made: readonly Made[], kind: string, name: string) =>
    only(made, kind, `datadog-${name}`).inputs;

  test("is a monitor of all that is watched, and tells whom the stack names", () => {
    const monitors = all.filter(({ kind }) => kind === "Monitor");
    expect(monitors.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "datadog-workspace-crash-loop",
        "datadog-workspace-not-ready",
        "datadog-workspace-out-of-memory",
        "datadog-workspace-disk-filling",
        "datadog-sign-in-errors",
        "datadog-sign-in-brute-force",
        "datadog-certificate-expiry",
        "datadog-ingress-errors",
        "datadog-node-pressure",
        "datadog-backup-late",
      ]),
    );
    for (const { inputs } of monitors) {
      expect(at(inputs, "query")).toContain(scope);
      expect(at(inputs, "tags")).toEqual(expect.arrayContaining(tags));
      expect(at(inputs, "message")).toContain("@slack-platform @ops@example.com");
    }
  });

  test("is an objective for sign-in, by the requests that did not fail", () => {
    const requests = `sum:vibecode.traefik_service_requests.count{traefik_service:vibecode-ingress-sign-in-*,`;
    expect(data(plain, "ServiceLevelObjective", "sign-in")).toEqual({
      name: "VibeCode production: sign-in answers",
      description: "Requests to sign-in that get an answer, of all of them. A wrong password is an answer.",
      type: "metric",
      query: {
        numerator: `${requests}!code:5*,${scope}}.as_count()`,
        denominator: `${requests}${scope}}.as_count()`,
      },
      timeframe: "30d",
      targetThreshold: 99.9,
      thresholds: [{ timeframe: "30d", target: 99.9 }],
      tags: [...tags, "env:production"],
    });
  });

  test("is an objective for the start of workspaces, by the monitor that tells when one does not", () => {
    const inputs = data(plain, "ServiceLevelObjective", "workspace-start");
    expect(inputs).toMatchObject({ type: "monitor", targetThreshold: 99, timeframe: "30d" });
    expect(at(inputs, "monitorIds")).toEqual([expect.any(Number)]);
    expect(at(inputs, "monitorIds", 0)).toBeGreaterThan(1000);
  });

  test("is a dashboard that finds what is the stack's by its tag", () => {
    const board: unknown = JSON.parse(String(at(data(plain, "DashboardJson", "dashboard"), "dashboard")));
    const groups = z.array(z.unknown()).parse(at(board, "widgets"));
    expect(groups.map((group) => at(group, "definition", "title"))).toEqual([
      "Promises",
      "Workspaces",
      "Ingress",
      "Sign-in",
      "Nodes",
    ]);
    const widgets = groups.flatMap((group) => z.array(z.unknown()).parse(at(group, "definition", "widgets")));
    expect(widgets.length).toBe(12);
    const text = JSON.stringify(board);
    expect(text).toContain("tag:(vibecode:production)");
    // Each formula names queries that there are, and each query is of this cluster alone.
    for (const request of widgets.flatMap((widget) =>
      z.array(z.unknown()).parse(at(widget, "definition", "requests") ?? []),
    )) {
      const queries = z
        .array(z.object({ name: z.string(), query: z.string() }))
        .safeParse(at(request, "queries"));
      if (!queries.success) continue;
      for (const { query } of queries.data) expect(query).toContain(scope);
      const names = queries.data.map(({ name }) => name);
      for (const formula of z.array(z.object({ formula: z.string() })).parse(at(request, "formulas")))
        expect(names).toEqual(expect.arrayContaining(formula.formula.match(/[a-z]\w*/g) ?? ["none"]));
    }
  });

  test("is an index and a pipeline where logs are sent, and neither where they are not", () => {
    expect([...named(plain, "LogsIndex"), ...named(plain, "LogsCustomPipeline")]).toEqual([]);
    expect(data(all, "LogsIndex", "index")).toMatchObject({
      name: "vibecode-production",
      filters: [{ query: scope }],
      retentionDays: 15,
      dailyLimit: 100_000,
    });
    const pipeline = data(all, "LogsCustomPipeline", "pipeline");
    expect(at(pipeline, "filters")).toEqual([
      { query: `${scope} kube_namespace:(vibecode-ingress OR vibecode-auth)` },
    ]);
    const kinds = z.array(z.record(z.string(), z.unknown())).parse(at(pipeline, "processors"));
    // What a log is of comes first: the rest reads it.
    expect(kinds.slice(0, 3).map((processor) => Object.keys(processor)[0])).toEqual([
      "dateRemapper",
      "statusRemapper",
      "messageRemapper",
    ]);
    for (const processor of kinds) expect(Object.keys(processor)).toHaveLength(1);
  });

  test("is a visit of the sign-in page where locations are named", () => {
    expect(named(plain, "SyntheticsTest")).toEqual([]);
    expect(data(all, "SyntheticsTest", "sign-in-page")).toMatchObject({
      type: "api",
      subtype: "http",
      status: "live",
      requestDefinition: { method: "GET", url: "https://auth.dev.example.com/" },
      assertions: [
        { type: "statusCode", operator: "is", target: "200" },
        { type: "responseTime", operator: "lessThan", target: "3000" },
        { type: "header", property: "content-type", operator: "contains", target: "text/html" },
      ],
      locations: ["aws:eu-central-1", "aws:eu-west-1"],
      optionsList: { tickEvery: 300, minLocationFailed: 2 },
    });
  });

  test("is a visit of the page that oauth2-proxy has for strangers, where sign-in is that", async () => {
    const url = async (auth: DatadogPlace["auth"], httpsPort: number) => {
      const where = place(everything);
      const made = await make({ ...where, auth, ingress: { ...where.ingress, httpsPort } });
      return at(data(made, "SyntheticsTest", "sign-in-page"), "requestDefinition", "url");
    };
    const page = "https://auth.dev.example.com/oauth2/sign_in";
    expect(await url({ kind: "oauth2-proxy" }, 443)).toBe(page);
    expect(await url({ kind: "oauth2-proxy" }, 8443)).toBe(page.replace(".com", ".com:8443"));
    expect(await url({ kind: "authelia" }, 8443)).toBe("https://auth.dev.example.com:8443/");
  });

  test("is silent at the times that the stack names, for this cluster's monitors alone", () => {
    expect(named(plain, "DowntimeSchedule")).toEqual([]);
    expect(data(all, "DowntimeSchedule", "downtime-nights")).toMatchObject({
      scope,
      monitorIdentifier: { monitorTags: ["vibecode:production"] },
      recurringSchedule: {
        recurrences: [{ rrule: "FREQ=WEEKLY;BYDAY=SU", duration: "2h", start: "2026-12-06T02:00:00" }],
        timezone: "Europe/Berlin",
      },
    });
  });
});

test("sign-in without pages of its own is judged by all requests", async () => {
  const made = await make({ ...place(), auth: { kind: "basic" } });
  const objective = only(made, "ServiceLevelObjective", "datadog-sign-in").inputs;
  expect(at(objective, "query", "denominator")).toBe(
    `sum:vibecode.traefik_entrypoint_requests.count{entrypoint:websecure,${scope}}.as_count()`,
  );
  expect(named(made, "NetworkPolicy")).not.toContain("datadog-authelia-network");
});

test("a preview knows all of it but the number of a monitor", async () => {
  const made = await make(place(everything), true);
  expect(made.length).toBe(all.length);
  const differing = made.filter(
    ({ inputs }, index) => JSON.stringify(inputs) !== JSON.stringify(all[index]?.inputs),
  );
  expect(differing.map(({ name }) => name)).toEqual(["datadog-workspace-start"]);
});

test("an `up` leaves to the autoscalers how many pods there are, of the services that they decide about", async () => {
  const ignored: Record<string, string[]> = {};
  await pulumi.runtime.setMocks({ call: () => ({}), newResource: ({ name }) => ({ id: name, state: {} }) });
  await pulumi.runtime.runInPulumiStack(() => {
    leaveReplicas({ ...place(everything), prefix: "eu-" });
    leaveReplicas({ ...place(), prefix: "us-" });
    pulumi.runtime.registerStackTransformation(({ name, opts }) => {
      ignored[name] = opts.ignoreChanges ?? [];
      return undefined;
    });
    for (const name of ["eu-ingress-traefik", "eu-sign-in-authelia", "eu-alice-editor", "us-ingress-traefik"])
      new k8s.apps.v1.Deployment(name, { spec: { selector: {}, template: {} } });
    new k8s.core.v1.Service("eu-ingress-traefik-service", {});
    return Promise.resolve({});
  });
  await pulumi.runtime.disconnect();
  expect(ignored).toEqual({
    "eu-ingress-traefik": ["spec.replicas"],
    "eu-sign-in-authelia": ["spec.replicas"],
    "eu-alice-editor": [],
    "us-ingress-traefik": [],
    "eu-ingress-traefik-service": [],
  });
});
