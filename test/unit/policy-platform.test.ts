import { readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { monitoring } from "../../infra/monitoring-schema";
import { configSchema, policies } from "../../policy/pack";
import { rules } from "../../policy/rules";
import { budget as budgetRule } from "../../policy/rules/budget";
import { everything as datadog, keys } from "./datadog-component";
import { minimal, runProgram } from "./mocks";
import { judged, settingsOf } from "./policy-judged";
import { clouds, stackConfig, stacks } from "./stack-files";

const digest = `@sha256:${"0123456789abcdef".repeat(4)}`;

const everything = {
  ...minimal,
  cluster: { context: "test", network: { apiServer: ["10.0.0.1/32"] } },
  images: { workspace: `registry.example.com/team/workspace:1${digest}` },
  users: [
    "alice",
    { name: "bob", state: "stopped", sshKey: true, dotfiles: "https://git.example.com/bob/dotfiles.git" },
    { name: "carol", size: "large", kubernetesAccess: "edit" },
  ],
  secretEnv: { alice: { API_TOKEN: "ghp_012345678901234567890123456789abcdef" } },
  claudeToken: "sk-ant-0123456789abcdefghijklmnop",
  claude: { settings: { env: { HTTP_PROXY: "http://proxy.example.com:3128" } } },
  ingress: { replicas: 2 },
};

const github = {
  kind: "oauth2-proxy",
  provider: { type: "github", clientId: "Ov23liA1b2C3d4E5f6G7", organisation: "example", teams: [] },
};

describe.each([
  ["with the fewest settings", minimal],
  ["of one machine", stackConfig("local")],
  ["with Authelia", { ...minimal, auth: { kind: "authelia" } }],
  [
    "with Authelia and stores of somebody else",
    {
      ...minimal,
      auth: { kind: "authelia" },
      data: {
        postgres: { kind: "external", host: "pg.example.com", addresses: ["192.0.2.7/32"] },
      },
      dataSecrets: { postgres: "a password" },
    },
  ],
  [
    "with GitHub's sign-in",
    {
      ...minimal,
      users: [{ name: "alice", email: "alice@example.com" }],
      auth: github,
      authSecrets: { clientSecret: "hush" },
    },
  ],
])("what the platform makes of a stack %s", (_, config) => {
  test("keeps to every rule", async () => {
    expect(judged(await runProgram(config))).toEqual([]);
  });

  test("keeps to every rule in a preview, and nothing of it is unknown to a rule", async () => {
    expect(judged(await runProgram(config, { preview: true }))).toEqual([]);
  });
});

/** What the policy's config of a stack says. */
const configOf = (stack: string): Record<string, unknown> =>
  z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(readFileSync(join(__dirname, `../../policy/config/${stack}.json`), "utf8")));

describe("with monitoring", () => {
  const monitored = {
    ...minimal,
    auth: { kind: "authelia" },
    monitoring: { prometheus: { kind: "own", alerts: { webhook: {} } } },
    monitoringSecrets: { webhookUrl: "https://hooks.example.com/0123456789abcdefghijklmnop" },
  };
  const settings = { ...configOf("dev"), "image-registry": {} };

  test.each([
    ["a Prometheus of its own", monitored],
    [
      "the cluster's operator",
      { ...monitored, monitoring: { prometheus: { kind: "operator" } }, monitoringSecrets: {} },
    ],
  ])("by %s it keeps to every rule but those that dev excepts it from", async (_, config) => {
    expect(judged(await runProgram(config), settings)).toEqual([]);
    expect(judged(await runProgram(config, { preview: true }), settings)).toEqual([]);
  });

  test("what is excepted is node-exporter and its namespace", async () => {
    const found = judged(await runProgram(monitored)).map((line) => /^[\w-]+: [\w-]+/.exec(line)?.[0]);
    expect([...new Set(found)].sort()).toEqual([
      "host-path: monitoring-node-exporter",
      "pod-security: monitoring-node-exporter",
      "pod-security: monitoring-node-exporter-namespace",
    ]);
  });
});

describe.each(stacks)("the stack %s", (stack) => {
  const config = stackConfig(stack);

  test("keeps to every rule of its own policy, with what a run tells the rules of it", async () => {
    expect(judged(await runProgram(config), settingsOf(stack, config))).toEqual([]);
  });

  test("keeps to them in a preview", async () => {
    expect(judged(await runProgram(config, { preview: true }), settingsOf(stack, config))).toEqual([]);
  });
});

describe.each(clouds)("the budget of %s", (stack) => {
  test("is enough for the stack, and half of it is not", async () => {
    const config = stackConfig(stack);
    const { budget, ...others } = settingsOf(stack, config);
    const { most } = z.object({ most: z.number() }).parse(budget);
    const run = await runProgram(config);
    expect(judged(run, { ...others, budget })).toEqual([]);
    const found = judged(run, { ...others, budget: { ...budget, most: most / 2 } });
    expect(found).toEqual([expect.stringMatching(/^budget: .* more than the budget/)]);
  });
});

test("a budget's prices are those by which the dashboards tell what a user costs", () => {
  const { cpuHour, memoryGiBHour, diskGiBMonth } = monitoring.parse({}).prices;
  // 365 days have 12 months of 730 hours.
  expect(budgetRule.settings.parse({})).toMatchObject({
    cpu: cpuHour * 730,
    memory: memoryGiBHour * 730,
    disk: diskGiBMonth,
  });
  expect(stackConfig("production")["monitoring"]).toMatchObject({
    prices: { cpuHour, memoryGiBHour, diskGiBMonth },
  });
});

test("with Datadog, whose chart names its own tags, production's policy is kept", async () => {
  const config = {
    ...stackConfig("production"),
    monitoring: {
      datadog: { ...datadog, site: "datadoghq.eu", registry: "registry.example.com/mirror/datadog" },
    },
    monitoringSecrets: keys,
  };
  const run = await runProgram(config);
  const settings = settingsOf("production", config);
  expect(judged(run, settings)).toEqual([]);
  const found = judged(run, { ...settings, "image-pinned": { digest: true } });
  expect(found.map((line) => /^[\w-]+: [\w-]+/.exec(line)?.[0])).toEqual([
    "image-pinned: monitoring-datadog-watermark",
    "image-pinned: monitoring-datadog-operator",
  ]);
});

test("what it makes of a stack that uses much of it keeps to every rule of production", async () => {
  const settings = {
    "image-pinned": { digest: true },
    "image-registry": {
      registries: [
        "registry.example.com/team",
        "docker.io/library/traefik",
        "docker.io/authelia",
        "docker.io/library/postgres",
        "docker.io/valkey",
      ],
    },
    "data-protected": { required: true, retained: true },
    budget: { most: 1000 },
    quota: { users: { carol: { cpu: "4", memory: "8Gi", pods: 1 } } },
  };
  expect(judged(await runProgram(everything), settings)).toEqual([]);
});

test("nothing of it hides behind what a preview does not know", async () => {
  expect(
    judged(await runProgram(everything, { preview: true }), {
      "image-registry": { registries: ["registry.example.com", "docker.io"] },
    }),
  ).toEqual([]);
});

test("the same objects are caught where they break a rule", async () => {
  const run = await runProgram({
    ...minimal,
    images: { workspace: "evil.example.com/workspace:1" },
    storage: { retain: false },
  });
  const found = judged(run, {
    "data-protected": { required: true },
    budget: { most: 10 },
    "image-pinned": { digest: true },
  });
  expect([...new Set(found.map((line) => line.split(":")[0]))].sort()).toEqual([
    "budget",
    "data-protected",
    "image-pinned",
    "image-registry",
  ]);
});

test("every rule's settings are a schema that the engine can hold a config against", () => {
  expect(
    policies(rules).map(({ name, configSchema: schema }) => [
      name,
      Object.keys(schema?.properties ?? {}).at(-1),
    ]),
  ).toEqual(rules.map(({ name }) => [name, "exceptions"]));
  for (const rule of rules)
    expect(Object.keys(configSchema(rule).properties)).not.toContain("enforcementLevel");
});
