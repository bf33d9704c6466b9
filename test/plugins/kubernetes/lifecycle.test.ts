import { exists, fresh, get, kubectl, namespace, program, removeNamespaces, stackOf } from "./cluster";

afterAll(removeNamespaces);

const workload = (data: string, label: string) => `
  const ns = new k8s.core.v1.Namespace("ns", { metadata: { name: namespace } }, opts);
  const inside = { ...opts, dependsOn: ns };
  const generated = new k8s.core.v1.ConfigMap("generated", { metadata: { namespace: ns.metadata.name }, data: { a: "${data}" } }, opts);
  new k8s.core.v1.ConfigMap("chosen", { metadata: { namespace, name: "chosen" }, data: { a: "${data}" } }, inside);
  new k8s.core.v1.ServiceAccount("account", { metadata: { namespace, name: "account", labels: { a: "${label}" } } }, inside);
  new k8s.core.v1.Secret("secret", { metadata: { namespace, name: "secret" }, stringData: { password: config.requireSecret("password") } }, inside);
  new k8s.apps.v1.Deployment("web", {
    metadata: { namespace, name: "web" },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [
        { name: "web", image: "none", env: [{ name: "TOKEN", value: config.requireSecret("password") }], resources: { requests: { cpu: "1000m" } } },
      ] } },
    },
  }, inside);
  return { name: generated.metadata.name, uid: generated.metadata.uid };
`;

test("a stack comes up, stays the same, changes and goes", async () => {
  const name = fresh();
  const stack = await stackOf(workload("1", "1"), { namespace: name, config: { password: "sesame" } });

  const preview = await stack.preview();
  expect(preview).toMatchObject({ exitCode: 0, changes: { create: 8 }, warnings: [] });
  expect(await exists("namespace", name)).toBe(false);

  const up = await stack.up();
  expect(up).toMatchObject({ exitCode: 0, changes: { create: 8 }, warnings: [] });
  const outputs = await stack.outputs();
  expect(outputs["name"]).toMatch(/^generated-[0-9a-f]{8}$/);
  const generated = String(outputs["name"]);
  expect(await get("configmap", generated, "-n", name)).toMatchObject({
    data: { a: "1" },
    metadata: { uid: outputs["uid"], annotations: { "pulumi.com/autonamed": "true" } },
  });
  const fields = await get("configmap", "chosen", "-n", name, "--show-managed-fields");
  expect(fields).toMatchObject({
    metadata: {
      managedFields: [
        { operation: "Apply", manager: expect.stringMatching(/^pulumi-kubernetes-/) as string },
      ],
    },
  });

  const state = JSON.stringify(await stack.resources());
  expect(state).not.toContain("sesame");
  expect(state).not.toContain(Buffer.from("sesame").toString("base64"));

  expect(await stack.up()).toMatchObject({ exitCode: 0, steps: [], changes: { same: 8 } });
  const refreshed = await stack.refresh();
  expect(refreshed).toMatchObject({ exitCode: 0, changes: { same: 8 } });
  expect(await stack.up()).toMatchObject({ exitCode: 0, steps: [], changes: { same: 8 } });

  await stack.program(program(workload("2", "2")));
  const wanted = { replace: 2, update: 1, same: 5 };
  expect(await stack.preview()).toMatchObject({ exitCode: 0, changes: wanted });
  const changed = await stack.up();
  expect(changed).toMatchObject({ exitCode: 0, changes: wanted });
  const order = (resource: string) =>
    changed.steps.filter((step) => step.name === resource).map(({ op }) => op);
  expect(order("chosen")).toEqual(["delete-replaced", "replace", "create-replacement"]);
  expect(order("generated")).toEqual(["create-replacement", "replace", "delete-replaced"]);
  expect(changed.steps.find((step) => step.op === "update")).toMatchObject({
    name: "account",
    diff: { "metadata.labels.a": "update" },
  });
  expect(await exists("configmap", generated, "-n", name)).toBe(false);
  expect(await get("configmap", "chosen", "-n", name)).toMatchObject({ data: { a: "2" } });

  expect(await stack.destroy()).toMatchObject({ exitCode: 0, changes: { delete: 8 } });
  expect(await exists("namespace", name)).toBe(false);
  await stack.remove();
}, 120_000);

test("a field the program no longer sets is taken away, those of others stay", async () => {
  const name = await namespace();
  const labelled = (labels: string) =>
    `new k8s.core.v1.ServiceAccount("a", { metadata: { namespace, name: "a", labels: ${labels} } }, opts);`;
  const stack = await stackOf(labelled("{ one: '1', two: '2' }"), { namespace: name });
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  await kubectl("label", "serviceaccount", "a", "-n", name, "theirs=3");
  await stack.program(program(labelled("{ one: '1' }")));
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  expect(await get("serviceaccount", "a", "-n", name)).toMatchObject({
    metadata: { labels: { one: "1", theirs: "3" } },
  });
  const account = await get("serviceaccount", "a", "-n", name);
  expect(JSON.stringify(account)).not.toContain("two");
  await stack.destroy();
  await stack.remove();
}, 60_000);

test("a kind and its first object come up in one run", async () => {
  const group = `${fresh()}.example.com`;
  const body = (size: number) => `
    const definition = new k8s.apiextensions.v1.CustomResourceDefinition("boxes", {
      metadata: { name: "boxes.${group}" },
      spec: {
        group: "${group}", scope: "Namespaced", names: { plural: "boxes", singular: "box", kind: "Box" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: {
          type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
        } } }],
      },
    }, opts);
    const box = new k8s.apiextensions.CustomResource("box", {
      apiVersion: "${group}/v1", kind: "Box", metadata: { name: "box" }, spec: { size: ${size} },
    }, { ...opts, dependsOn: definition });
    return { namespace: box.metadata.namespace };
  `;
  const name = await namespace();
  const stack = await stackOf(body(1), { provider: { namespace: name } });
  expect(await stack.preview()).toMatchObject({ exitCode: 0 });
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { create: 4 } });
  expect(await stack.outputs()).toEqual({ namespace: name });
  await stack.program(program(body(2)));
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { update: 1, same: 3 } });
  expect(await get(`boxes.${group}`, "box", "-n", name)).toMatchObject({ spec: { size: 2 } });
  expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
  await stack.remove();
}, 60_000);

test("an object that was made elsewhere is not taken over, unless the provider says so", async () => {
  const name = await namespace();
  await kubectl("create", "configmap", "theirs", "-n", name, "--from-literal=a=0");
  const body = `new k8s.core.v1.ConfigMap("mine", { metadata: { namespace, name: "theirs" }, data: { b: "1" } }, opts);`;
  const stack = await stackOf(body, { namespace: name });
  for (const run of [await stack.preview(), await stack.up()]) {
    expect(run.exitCode).not.toBe(0);
    expect(run.errors.join()).toContain(`v1 ConfigMap ${name}/theirs exists already`);
  }
  expect(await get("configmap", "theirs", "-n", name)).toMatchObject({ data: { a: "0" } });
  await stack.pulumi("config", "set", "provider", '{"upsertExistingObjects":true}');
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  expect(await get("configmap", "theirs", "-n", name)).toMatchObject({ data: { a: "0", b: "1" } });
  await stack.destroy();
  await stack.remove();
}, 60_000);

test.each([
  [
    "kubernetes:core/v1:ConfigMapPatch",
    `new k8s.core.v1.ConfigMapPatch("patch", { metadata: { name: "a" } }, opts);`,
  ],
  [
    "the component kubernetes:yaml/v2:ConfigGroup",
    `new k8s.yaml.v2.ConfigGroup("group", { yaml: "a: b" }, opts);`,
  ],
  ["the function kubernetes:yaml:decode", `new k8s.yaml.ConfigGroup("group", { yaml: "a: b" }, opts);`],
  ["enableServerSideApply: false", `new k8s.Provider("client", { enableServerSideApply: false });`],
])(
  "%s is refused by name",
  async (what, body) => {
    const stack = await stackOf(body);
    const run = await stack.preview();
    expect(run.exitCode).not.toBe(0);
    expect(run.text).toContain(`does not support ${what}`);
    await stack.remove();
  },
  60_000,
);
