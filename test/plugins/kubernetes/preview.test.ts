import { exists, fresh, get, kubectl, namespace, program, removeNamespaces, stackOf } from "./cluster";

afterAll(removeNamespaces);

test("a preview asks the API server, and changes nothing", async () => {
  const name = await namespace();
  const port = (value: string) =>
    `new k8s.core.v1.Service("s", { metadata: { namespace, name: "s" }, spec: { ports: [{ port: ${value} }] } }, opts);`;
  const stack = await stackOf(port("70000"), { namespace: name });
  const refused = await stack.preview();
  expect(refused.exitCode).not.toBe(0);
  expect(refused.errors.join()).toContain("spec.ports[0].port: Invalid value: 70000");
  await stack.program(program(port("80, prot: 1")));
  const misspelt = await stack.preview();
  expect(misspelt.errors.join()).toContain("prot");

  await stack.program(program(port("80")));
  expect(await stack.preview()).toMatchObject({ exitCode: 0, changes: { create: 3 } });
  expect(await exists("service", "s", "-n", name)).toBe(false);
  expect(await stack.up()).toMatchObject({ exitCode: 0 });

  await stack.program(program(port("81")));
  const changed = await stack.preview("--diff");
  expect(changed).toMatchObject({
    exitCode: 0,
    steps: [{ op: "update", diff: { "spec.ports[0].port": "update" } }],
  });
  expect(await get("service", "s", "-n", name)).toMatchObject({ spec: { ports: [{ port: 80 }] } });
  await stack.program(program(port("81, protocol: 'SMTP'")));
  expect((await stack.preview()).errors.join()).toContain("spec.ports[0].protocol");
  await stack.destroy();
  await stack.remove();
}, 120_000);

test("what an up will draw is unknown in a preview, what is known is shown", async () => {
  const name = await namespace();
  const stack = await stackOf(
    `
      const s = new k8s.core.v1.Service("s", { metadata: { namespace, name: "s" }, spec: { ports: [{ port: 80 }] } }, opts);
      const c = new k8s.core.v1.ConfigMap("c", { metadata: { namespace, name: "c" }, data: { ip: s.spec.clusterIP } }, opts);
      return { ip: s.spec.clusterIP, port: s.spec.ports[0].targetPort, uid: c.metadata.uid, name: c.metadata.name };
    `,
    { namespace: name },
  );
  const shown = (await stack.preview()).text;
  expect(shown).toMatch(/ip *: \[unknown\]|ip *: output<string>/);
  expect(shown).toMatch(/name *: "c"/);
  expect(shown).toMatch(/port *: 80/);
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  const outputs = await stack.outputs();
  expect(await get("configmap", "c", "-n", name)).toMatchObject({ data: { ip: outputs["ip"] } });
  await stack.destroy();
  await stack.remove();
}, 120_000);

const nowhere = JSON.stringify({
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:9" } }],
  contexts: [{ name: "x", context: { cluster: "c" } }],
  "current-context": "x",
});

test("without a cluster a preview shows the inputs, and an up says so in one line", async () => {
  const stack = await stackOf(
    `
      const ns = new k8s.core.v1.Namespace("ns", { metadata: { name: "away" } }, opts);
      const c = new k8s.core.v1.ConfigMap("c", { metadata: { namespace: ns.metadata.name, name: "c" }, data: { a: "1" } }, opts);
      new k8s.apiextensions.CustomResource("x", { apiVersion: "example.com/v1", kind: "X", metadata: { name: "x", namespace: "away" } }, opts);
      return { name: c.metadata.name };
    `,
    { config: { kubeconfig: nowhere } },
  );
  const preview = await stack.preview();
  expect(preview).toMatchObject({ exitCode: 0, changes: { create: 5 } });
  expect(preview.warnings).toEqual([expect.stringContaining("127.0.0.1:9 cannot be reached")]);
  expect(preview.text).toMatch(/name: "c"/);
  const up = await stack.up();
  expect(up.exitCode).not.toBe(0);
  expect(up.errors.filter((error) => error.includes("https://127.0.0.1:9 cannot be reached"))).toHaveLength(
    2,
  );
  expect(up.text).not.toMatch(/ at .*\.ts:\d+/);
  await stack.remove();
}, 120_000);

test("a kubeconfig that is missing is named", async () => {
  const stack = await stackOf(`new k8s.core.v1.ConfigMap("c", {}, opts);`, {
    config: { kubeconfig: `/tmp/${fresh()}` },
  });
  const up = await stack.up();
  expect(up.exitCode).not.toBe(0);
  expect(up.errors.join()).toMatch(/the kubeconfig is missing: there is no file \/tmp\/plugin-/);
  await stack.remove();
}, 60_000);

test("moving to another cluster makes every object anew, unless the cluster has an identifier", async () => {
  const name = await namespace();
  const body = `new k8s.core.v1.ConfigMap("c", { metadata: { namespace, name: "c" } }, opts);`;
  const stack = await stackOf(body, { namespace: name });
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  await stack.pulumi("config", "set", "kubeconfig", nowhere);
  expect((await stack.preview()).steps.map(({ op }) => op)).toContain("replace");
  await stack.pulumi("config", "set", "kubeconfig", String(process.env["VIBECODE_TEST_KUBECONFIG"]));
  await stack.pulumi("config", "set", "provider", '{"clusterIdentifier":"one"}');
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { update: 1, same: 2 } });
  await stack.pulumi("config", "set", "kubeconfig", nowhere);
  expect((await stack.preview()).changes).toEqual({ update: 1, same: 2 });
  await kubectl("delete", "configmap", "c", "-n", name);
  await stack.remove();
}, 120_000);
