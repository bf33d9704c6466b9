import { parse } from "yaml";
import { z } from "zod";

import { everything, keys } from "./datadog-component";
import { at, find, minimal, runProgram, type Run } from "./mocks";

const without = {
  ...minimal,
  domain: "dev.example.com",
  cluster: { context: "test", name: "production" },
  ingress: { replicas: 2 },
  auth: { kind: "authelia", replicas: 2 },
};
const config = (settings: object) => ({
  ...without,
  monitoring: { datadog: { site: "datadoghq.eu", ...settings } },
  monitoringSecrets: keys,
});

const ofDatadog = ({ resources }: Run) =>
  resources.filter(({ name, type }) => name.includes("datadog") || type.startsWith("datadog:"));

test("a stack's config brings Datadog as a part of monitoring, and no Prometheus with it", async () => {
  const run = await runProgram(config(everything));
  const made = ofDatadog(run);
  expect(made.length).toBeGreaterThan(40);
  for (const { name, parent } of made)
    expect([name, parent]).toEqual([name, "vibecode:monitoring:Monitoring monitoring"]);
  expect(run.resources.filter(({ name }) => name.includes("prometheus"))).toEqual([]);
  expect(at(find(run, "DatadogAgent", "monitoring-datadog-agent").inputs, "spec", "global")).toMatchObject({
    clusterName: "production",
    tags: ["env:prod", "team:platform"],
  });
  for (const { name, type, provider } of made)
    if (type.startsWith("kubernetes:")) expect([name, provider]).toEqual([name, "cluster"]);
});

test("a stack that does not name Datadog has nothing of it, with Prometheus or without", async () => {
  expect(ofDatadog(await runProgram(without))).toEqual([]);
  const prometheus = await runProgram({ ...without, monitoring: { prometheus: { kind: "own" } } });
  expect(ofDatadog(prometheus)).toEqual([]);
});

test("a stack may have both", async () => {
  const both = config({});
  const run = await runProgram({
    ...both,
    monitoring: { ...both.monitoring, prometheus: { kind: "own" } },
  });
  expect(ofDatadog(run).length).toBeGreaterThan(20);
  expect(find(run, "StatefulSet", "monitoring-prometheus").type).toBe("kubernetes:apps/v1:StatefulSet");
});

test("Traefik sends traces where the agents take them, and nowhere unless that is asked for", async () => {
  const traefik = (run: Run) =>
    at(parse(String(at(find(run, "ConfigMap", "ingress-config").inputs, "data", "traefik.yaml"))), "tracing");
  const egress = (run: Run) => at(find(run, "NetworkPolicy", "ingress-network").inputs, "spec", "egress");
  const inDatadog = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "vibecode-datadog" } },
  };

  const run = await runProgram(config({ apm: true }));
  const { name, namespace } = z
    .object({ name: z.string(), namespace: z.string() })
    .parse(at(find(run, "DatadogAgent", "monitoring-datadog-agent").inputs, "metadata"));
  expect(traefik(run)).toMatchObject({
    // The operator makes the Service, of this name.
    otlp: { http: { endpoint: `http://${name}-agent.${namespace}.svc.cluster.local:4318/v1/traces` } },
  });
  const agents = find(run, "NetworkPolicy", "monitoring-datadog-agent-network").inputs;
  expect(egress(run)).toContainEqual({
    to: [{ ...inDatadog, podSelector: at(agents, "spec", "podSelector") }],
    ports: [{ protocol: "TCP", port: 4318 }],
  });
  expect(at(agents, "spec", "ingress", 0, "ports")).toEqual([{ protocol: "TCP", port: 4318 }]);

  for (const settings of [config({}), without]) {
    const quiet = await runProgram(settings);
    expect(traefik(quiet)).toBeUndefined();
    expect(JSON.stringify(egress(quiet))).not.toContain("vibecode-datadog");
  }
});

test("all that is wrong is said at once, in the config's one message, and no key is quoted", async () => {
  const wrong = runProgram({
    ...config({ site: "nowhere", notify: ["#ops"] }),
    monitoringSecrets: { datadogApiKey: keys.datadogAppKey },
  });
  await expect(wrong).rejects.toThrow("vibecode:monitoring.datadog.site");
  const message = await wrong.catch((error: unknown) => String(error));
  expect(message).toContain("vibecode:monitoring.datadog.notify[0]");
  expect(message).toContain("vibecode:monitoringSecrets.datadogApiKey");
  expect(message).toContain("this looks like the other key");
  expect(message).not.toContain(keys.datadogAppKey);
  const keyless = runProgram({ ...config({}), monitoringSecrets: {} });
  await expect(keyless).rejects.toThrow("vibecode:monitoringSecrets.datadogAppKey");
});
