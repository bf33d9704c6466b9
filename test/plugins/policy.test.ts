import * as fs from "node:fs/promises";
import * as path from "node:path";
import { z } from "zod";

import { parseConfig } from "../../infra/config";
import { checkout } from "../../local/paths";
import { policyArgs } from "../../local/pulumi/policy";
import { Stack } from "./engine";

jest.setTimeout(180_000);

// Nobody is there: a preview goes on without an API server, and says so.
const nowhere = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:9" } }],
  users: [{ name: "c", user: {} }],
  contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
  "current-context": "c",
});
const labels = `{
  "app.kubernetes.io/name": "x", "app.kubernetes.io/instance": "x",
  "app.kubernetes.io/part-of": "vibecode", "app.kubernetes.io/managed-by": "pulumi",
}`;
const service = (spec: string) =>
  `new k8s.core.v1.Service("door", { metadata: { name: "door", namespace: "a", labels: ${labels} }, spec: ${spec} });`;
const configMap = (value: string, own = labels) =>
  `new k8s.core.v1.ConfigMap("c", { metadata: { name: "c", namespace: "a", labels: ${own} }, data: { a: ${value} } });`;
const claim = (spec: string) =>
  `new k8s.core.v1.PersistentVolumeClaim("home", { metadata: { name: "home", namespace: "ws-alice", labels: ${labels} }, spec: ${spec} });`;

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.create({ program: "", config: { "kubernetes:kubeconfig": nowhere } });
});
afterAll(() => stack.remove());

/** Writes the pack's settings for the next run, and gives the arguments. */
async function withPack(settings: object = {}): Promise<string[]> {
  const file = path.join(stack.folder, "policy.json");
  await fs.writeFile(file, JSON.stringify(settings));
  return ["--policy-pack", path.join(checkout, "policy"), "--policy-pack-config", file];
}

/** What was said of one rule: `[mandatory]  service-door  (...)` and the lines of its message. */
const saidOf = (text: string, rule: string) => new RegExp(`\\[(\\w+)\\]\\s+${rule}\\s[^[]*`).exec(text);

test("a mandatory rule stops a preview, and says what to change where", async () => {
  await stack.program(service('{ type: "NodePort", ports: [{ port: 80 }] }'));
  const run = await stack.preview(...(await withPack()));
  expect(run.exitCode).not.toBe(0);
  const [said = "", level] = saidOf(run.text, "service-door") ?? [];
  expect(level).toBe("mandatory");
  expect(said).toContain(
    "door (Service), spec.type is NodePort, a door past sign-in: leave it out, and route",
  );
});

test("it stops an `up` before the object is touched", async () => {
  const run = await stack.up(...(await withPack()));
  expect(run.exitCode).not.toBe(0);
  expect(run.text).toContain("spec.type is NodePort");
  expect(run.steps.map(({ name }) => name)).not.toContain("door");
  expect(await stack.resources()).toEqual([]);
});

test("the same rule only warns where the config makes it advisory", async () => {
  const run = await stack.preview(...(await withPack({ "service-door": "advisory" })));
  expect(run).toMatchObject({ exitCode: 0, changes: { create: 1 } });
  expect(saidOf(run.text, "service-door")?.[1]).toBe("advisory");
});

test("it says nothing of a Service that the config names", async () => {
  const settings = { "service-door": { doors: ["door"] } };
  const run = await stack.preview(...(await withPack(settings)));
  expect(run.exitCode).toBe(0);
  expect(saidOf(run.text, "service-door")).toBeNull();
});

test("a setting that does not fit its schema stops the run before anything is judged", async () => {
  const run = await stack.preview(...(await withPack({ "service-door": { doors: "door" } })));
  expect(run.exitCode).not.toBe(0);
  expect(run.text).toMatch(/service-door.*doors/);
});

test("an object without labels is mended on its way", async () => {
  await stack.program(
    configMap('"b"', '{ "app.kubernetes.io/name": "x", "app.kubernetes.io/instance": "x" }'),
  );
  const run = await stack.preview("--json", ...(await withPack()));
  expect(run.exitCode).toBe(0);
  expect(run.text).toMatch(/"app\.kubernetes\.io\/part-of": "vibecode"/);
  const plain = await stack.preview("--json");
  expect(plain.text).not.toMatch(/part-of/);
});

test("a type that only `up` will know stops a preview", async () => {
  await stack.program(`
    const random = require("@pulumi/random");
    const drawn = new random.RandomId("r", { byteLength: 4 });
    ${service("{ type: drawn.hex, ports: [{ port: 80 }] }")}`);
  const run = await stack.preview(...(await withPack()));
  expect(run.exitCode).not.toBe(0);
  const [said = "", level] = saidOf(run.text, "service-door") ?? [];
  expect(level).toBe("mandatory");
  expect(said).toContain("spec.type is not known before `up`");
});

test("text of a ConfigMap that only `up` will know is a warning", async () => {
  await stack.program(`
    const random = require("@pulumi/random");
    ${configMap('new random.RandomId("r", { byteLength: 4 }).hex')}`);
  const run = await stack.preview(...(await withPack()));
  expect(run.exitCode).toBe(0);
  const [said = "", level] = saidOf(run.text, "plain-secret") ?? [];
  expect(level).toBe("advisory");
  expect(said).toMatch(/can't run policy 'plain-secret'.*data\.a/s);
});

test("a rule about the whole stack judges a preview", async () => {
  await stack.program(`new k8s.core.v1.Pod("p", { metadata: { name: "p", namespace: "a", labels: ${labels} }, spec: {
    automountServiceAccountToken: false, containers: [] } });`);
  const run = await stack.preview(...(await withPack()));
  expect(run.exitCode).not.toBe(0);
  expect(run.text).toContain("p (Pod) has pods in a that no NetworkPolicy selects for Ingress");
});

test("a pack that cannot start fails the run with its own words", async () => {
  const broken = path.join(stack.folder, "broken");
  await fs.mkdir(broken);
  await fs.writeFile(path.join(broken, "PulumiPolicy.yaml"), "runtime: nodejs\n");
  await fs.writeFile(path.join(broken, "index.js"), 'throw new Error("no such rule");');
  const run = await stack.preview("--policy-pack", broken);
  expect(run.exitCode).not.toBe(0);
  expect(run.text).toContain("no such rule");
});

describe("a volume with somebody's work", () => {
  const config = parseConfig({
    "vibecode:domain": "dev.localhost",
    "vibecode:users": '["alice"]',
    "vibecode:cluster": '{"context":"test"}',
    "vibecode:images": '{"workspace":"localhost/workspace:1"}',
  });
  const spec = '{ accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } }';

  /** A run with the pack, which is told what the stack holds. */
  async function preview(): Promise<{ exitCode: number; text: string }> {
    const state = await stack.pulumi("stack", "export");
    return stack.preview(...policyArgs({ stack: "local", config, state, folder: stack.folder }));
  }

  beforeAll(async () => {
    // As an `up` would leave it.
    const exported = z
      .looseObject({ deployment: z.looseObject({}) })
      .parse(JSON.parse(await stack.pulumi("stack", "export")));
    const urn = (type: string, name: string) => `urn:pulumi:test::plugins::${type}::${name}`;
    const provider = urn("pulumi:providers:kubernetes", "default_4_34_2");
    const root = urn("pulumi:pulumi:Stack", "plugins-test");
    const inputs = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "home", namespace: "ws-alice" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    };
    const pvc = "kubernetes:core/v1:PersistentVolumeClaim";
    const resources = [
      { urn: root, custom: false, type: "pulumi:pulumi:Stack" },
      {
        urn: provider,
        custom: true,
        id: "p",
        type: "pulumi:providers:kubernetes",
        inputs: { kubeconfig: nowhere, version: "4.34.2" },
        outputs: { kubeconfig: nowhere, version: "4.34.2" },
      },
      {
        urn: urn(pvc, "home"),
        custom: true,
        id: "ws-alice/home",
        type: pvc,
        inputs,
        outputs: inputs,
        parent: root,
        provider: `${provider}::p`,
      },
    ];
    const file = path.join(stack.folder, "state.json");
    const deployment = { ...exported.deployment, resources };
    await fs.writeFile(file, JSON.stringify({ ...exported, deployment }));
    await stack.pulumi("stack", "import", "--file", file);
  });

  test("stays where it is: nothing is said", async () => {
    await stack.program(claim(spec));
    const run = await preview();
    expect(run.text).not.toContain("[mandatory]");
    expect(run.exitCode).toBe(0);
  });

  test("is not replaced", async () => {
    await stack.program(claim(spec.replace("{", '{ storageClassName: "fast",')));
    const run = await preview();
    expect(run.exitCode).not.toBe(0);
    expect(run.text).toContain(
      "home (PersistentVolumeClaim), spec.storageClassName was not set, and cannot change",
    );
  });

  test("is not deleted", async () => {
    await stack.program("");
    const run = await preview();
    expect(run.exitCode).not.toBe(0);
    expect(run.text).toContain("no longer has home (PersistentVolumeClaim), which would be deleted");
  });
});
