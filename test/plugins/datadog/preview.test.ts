import * as fs from "node:fs";
import * as path from "node:path";

import { checkout } from "../../../local/paths";
import { placeholder } from "../../../local/pulumi/masked";
import { previewOffline, stackFile, writeStack } from "../preview-offline";

jest.setTimeout(300_000);

const stack = "offline-datadog-test";
const policy = path.join(checkout, "policy", "config", `${stack}.json`);

// Its keys are encrypted by a key in a cloud, and nobody here can ask Datadog.
const config = {
  "vibecode:domain": "ide.example.com",
  "vibecode:users": ["alice"],
  "vibecode:cluster": { context: "far-away", name: "far-away" },
  "vibecode:images": { workspace: `localhost/workspace:1@sha256:${"0123456789abcdef".repeat(4)}` },
  "vibecode:ingress": { replicas: 2 },
  "vibecode:auth": { kind: "authelia", replicas: 2 },
  "vibecode:monitoring": {
    datadog: {
      site: "datadoghq.eu",
      logs: { enabled: true },
      apm: true,
      autoscaling: {
        traefik: {
          kind: "watermark",
          max: 6,
          metric: { query: "sum:requests{*}.as_rate()", low: "20", high: "80" },
        },
        authelia: { kind: "datadog", max: 4 },
      },
      signInPage: { locations: ["aws:eu-central-1"] },
      downtimes: { nights: { rule: "FREQ=WEEKLY;BYDAY=SU", duration: "2h", timezone: "Europe/Berlin" } },
    },
  },
  "vibecode:monitoringSecrets": {
    datadogApiKey: { secure: "v1:kms:api" },
    datadogAppKey: { secure: "v1:kms:app" },
  },
};

/** What a preview would create: `datadog:index:Monitor workspace-crash-loop`. */
const created = (text: string) =>
  [...text.matchAll(/^ \+ +(\S+) monitoring-datadog-(\S+) create/gm)].map(
    ([, type, name]) => `${type} ${name}`,
  );

beforeAll(() => {
  writeStack(stack, config);
  fs.copyFileSync(path.join(checkout, "policy", "config", "dev.json"), policy);
  // The workspace's image of this test is in no registry.
  const rules: unknown = JSON.parse(fs.readFileSync(policy, "utf8"));
  fs.writeFileSync(policy, JSON.stringify(Object.assign({}, rules, { "image-registry": {} })));
});
afterAll(() => {
  fs.rmSync(stackFile(stack), { force: true });
  fs.rmSync(policy, { force: true });
});

test("a stack with Datadog is previewed without network, and keeps to the policy with its one exception", () => {
  const { code, text } = previewOffline(stack);
  expect(text).toContain("Policy: kept");
  expect(code).toBe(0);
  expect(created(text)).toEqual(
    expect.arrayContaining([
      "pulumi:providers:datadog account",
      "kubernetes:helm.sh/v3:Release operator",
      "kubernetes:datadoghq.com/v2alpha1:DatadogAgent agent",
      "kubernetes:datadoghq.com/v1alpha1:WatermarkPodAutoscaler traefik-WatermarkPodAutoscaler",
      "kubernetes:datadoghq.com/v1alpha1:DatadogMetric traefik-DatadogMetric",
      "kubernetes:datadoghq.com/v1alpha2:DatadogPodAutoscaler authelia-DatadogPodAutoscaler",
      "datadog:index:Monitor workspace-crash-loop",
      "datadog:index:ServiceLevelObjective sign-in",
      "datadog:index:ServiceLevelObjective workspace-start",
      "datadog:index:DashboardJson dashboard",
      "datadog:index:LogsIndex index",
      "datadog:index:LogsCustomPipeline pipeline",
      "datadog:index:SyntheticsTest sign-in-page",
      "datadog:index:DowntimeSchedule downtime-nights",
    ]),
  );
});

test("with every property it shows what would be sent, and neither key", () => {
  const { code, text } = previewOffline(stack, "DETAIL=1");
  expect(code).toBe(0);
  expect(text).toContain("https://auth.ide.example.com/");
  expect(text).toMatch(/apiKey *: \[secret\]/);
  expect(text).not.toContain(placeholder);
  expect(text).not.toContain("v1:kms");
});
