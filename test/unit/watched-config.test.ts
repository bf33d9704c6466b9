import { parseConfig } from "../../infra/config";
import { ConfigError } from "../../infra/explain";
import { engineConfig, minimal, runProgram } from "./mocks";

const monitored = (thresholds: object) => ({
  ...minimal,
  domain: "dev.example.com",
  auth: { kind: "authelia" },
  monitoring: {
    prometheus: { kind: "own", alerts: {}, grafana: { enabled: true } },
    datadog: { site: "datadoghq.eu" },
    thresholds,
  },
  monitoringSecrets: { datadogApiKey: "0".repeat(32), datadogAppKey: "1".repeat(40) },
});

test("a stack's thresholds are Prometheus' and Datadog's", async () => {
  const { resources } = await runProgram(monitored({ disk: 72, certificate: 9 }));
  const rules = resources.filter(
    ({ type, inputs }) =>
      type.endsWith(":ConfigMap") && JSON.stringify(inputs).includes("VibecodeWorkspaceDiskFilling"),
  );
  expect(rules.length).toBe(1);
  expect(JSON.stringify(rules)).toContain("> 72");
  expect(JSON.stringify(rules)).toContain("< 9");
  const monitors = resources.filter(({ type }) => type === "datadog:index/monitor:Monitor");
  const said = monitors.map(({ inputs }) => JSON.stringify(inputs)).join("\n");
  expect(said).toContain(" > 72");
  expect(said).toContain(" < 9");
  expect(said).not.toContain(" > 85");
});

test.each([
  ["disk", 100],
  ["disk", 20],
  ["errors", 0],
  ["failedSignIns", 1],
  ["certificate", 30],
  ["backup", 0.5],
])("%s from %s on is a mistake", (name, value) => {
  const read = () => parseConfig(engineConfig(monitored({ [name]: value })));
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(`vibecode:monitoring.thresholds.${name}: ${value} must be`);
});
