import { at } from "../../../local/plugins/kubernetes/objects";
import { apply, exists, get, kubectl, namespace, program, removeNamespaces, stackOf } from "./cluster";

afterAll(removeNamespaces);

const two = `
  new k8s.core.v1.ConfigMap("kept", { metadata: { namespace, name: "kept", labels: { a: "1" } } }, opts);
  new k8s.core.v1.ServiceAccount("gone", { metadata: { namespace, name: "gone" } }, opts);
`;

test("refresh notices what was deleted and shows what was changed; up mends both", async () => {
  const name = await namespace();
  const stack = await stackOf(two, { namespace: name });
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  await kubectl("delete", "serviceaccount", "gone", "-n", name);
  await kubectl("label", "configmap", "kept", "-n", name, "--overwrite", "a=2", "other=3");

  // Without a look at the cluster there is nothing to do, and nothing is asked.
  expect(await stack.up()).toMatchObject({ exitCode: 0, steps: [] });
  const refresh = await stack.refresh();
  expect(refresh).toMatchObject({ exitCode: 0, changes: { delete: 1, update: 1 } });
  // kubectl owns the label now: it is not taken from it silently.
  for (const refused of [await stack.preview(), await stack.up()]) {
    expect(refused.exitCode).not.toBe(0);
    expect(refused.steps).toContainEqual(
      expect.objectContaining({ op: "update", name: "kept", diff: { "metadata.labels.a": "update" } }),
    );
    expect(refused.errors.join()).toMatch(/conflict with "kubectl-label".*pulumi\.com\/patchForce/s);
  }
  await stack.program(
    program(two.replace('labels: { a: "1" }', '$&, annotations: { "pulumi.com/patchForce": "true" }')),
  );
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  expect(await get("configmap", "kept", "-n", name)).toMatchObject({
    metadata: { labels: { a: "1", other: "3" } },
  });
  expect(await exists("serviceaccount", "gone", "-n", name)).toBe(true);
  await stack.destroy();
  await stack.remove();
}, 120_000);

test("an object that was deleted by hand is no hindrance to destroy", async () => {
  const name = await namespace();
  const stack = await stackOf(two, { namespace: name });
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  await kubectl("delete", "serviceaccount", "gone", "-n", name);
  expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
  expect(await exists("configmap", "kept", "-n", name)).toBe(false);
  await stack.remove();
}, 120_000);

const scaled = (image: string, ignore: string) => `
  new k8s.apps.v1.Deployment("web", {
    metadata: { namespace, name: "web", annotations: { "pulumi.com/skipAwait": "true" } },
    spec: {
      replicas: 0, selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "${image}" }] } },
    },
  }, { ...opts, ignoreChanges: ${ignore} });
`;

test("an ignored property stays as others have set it", async () => {
  const name = await namespace();
  const stack = await stackOf(scaled("one", '["spec.replicas"]'), { namespace: name });
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  await kubectl("scale", "deployment", "web", "-n", name, "--replicas=3");
  await stack.program(program(scaled("two", '["spec.replicas"]')));
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { update: 1 } });
  expect(await get("deployment", "web", "-n", name)).toMatchObject({
    spec: { replicas: 3, template: { spec: { containers: [{ image: "two" }] } } },
  });
  expect(await stack.refresh()).toMatchObject({ exitCode: 0 });
  expect(await stack.up()).toMatchObject({ exitCode: 0, steps: [] });
  await stack.destroy();
  await stack.remove();
}, 120_000);

test("import: by the option and by the command, the state holds what the cluster has", async () => {
  const name = await namespace();
  await apply(
    { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: name, name: "one" }, data: { a: "1" } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace: name, name: "two" },
      stringData: { password: "sesame" },
    },
  );
  const body = (data: string, option: string) =>
    `new k8s.core.v1.ConfigMap("one", { metadata: { namespace, name: "one" }, data: { ${data} } }, { ...opts${option} });`;
  const stack = await stackOf(body('a: "1"', ', import: namespace + "/missing"'), { namespace: name });
  const missing = await stack.up();
  expect(missing.exitCode).not.toBe(0);
  expect(missing.errors.join()).toContain("does not exist");

  const annotations = ', ignoreChanges: ["metadata.annotations"]';
  await stack.program(program(body('a: "1"', `, import: namespace + "/one"${annotations}`)));
  const imported = await stack.up();
  expect(imported).toMatchObject({ exitCode: 0, steps: [{ op: "import", name: "one" }] });
  await stack.program(program(body('a: "2"', annotations)));
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { replace: 1 } });
  expect(await get("configmap", "one", "-n", name)).toMatchObject({ data: { a: "2" } });

  const command = await stack.import(
    "kubernetes:core/v1:Secret",
    "two",
    `${name}/two`,
    "--provider",
    "k8s=" + (await providerUrn(stack)),
  );
  expect(command).toMatchObject({ exitCode: 0 });
  const state = JSON.stringify(await stack.resources());
  expect(state).toContain("::two");
  expect(state).not.toContain(Buffer.from("sesame").toString("base64"));
  expect(state).not.toContain("sesame");
  await stack.destroy();
  expect(await exists("secret", "two", "-n", name)).toBe(false);
  await stack.remove();
}, 120_000);

/** The provider `k8s` of a stack, as the import command wants it. */
async function providerUrn(stack: { pulumi: (...args: string[]) => Promise<string> }): Promise<string> {
  const state = await stack.pulumi("stack", "export");
  return /"(urn:pulumi:test::plugins::pulumi:providers:kubernetes::k8s)"/.exec(state)?.[1] ?? "";
}

test("a protected object that is kept on delete is found again", async () => {
  const name = await namespace();
  const claim = `new k8s.core.v1.PersistentVolumeClaim("home", {
    metadata: { namespace, name: "home", annotations: { "pulumi.com/skipAwait": "true" } },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  }, { ...opts, retainOnDelete: true });`;
  const stack = await stackOf(claim, { namespace: name });
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  const before = await get("pvc", "home", "-n", name);
  await stack.program(program(""));
  expect((await stack.up()).exitCode).toBe(0);
  await stack.program(program(claim));
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { create: 1 } });
  expect(await get("pvc", "home", "-n", name)).toMatchObject({
    metadata: { uid: at(before, "metadata", "uid") },
  });
  await stack.remove();
}, 120_000);
