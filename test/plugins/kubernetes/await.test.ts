import { setTimeout as pause } from "node:timers/promises";
import { apply, exists, get, kubectl, namespace, program, removeNamespaces, stackOf } from "./cluster";

afterAll(removeNamespaces);

const patient = (seconds: number, more = "") =>
  `annotations: { "pulumi.com/timeoutSeconds": "${seconds}"${more} }`;

const deployment = (fields: { timeout?: number; pod?: string; replicas?: number; annotations?: string }) => `
  new k8s.apps.v1.Deployment("web", {
    metadata: { namespace, name: "web", ${patient(fields.timeout ?? 5, fields.annotations)} },
    spec: {
      replicas: ${fields.replicas ?? 1}, selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { ${fields.pod ?? ""} containers: [{ name: "web", image: "registry.invalid/none:1", resources: { requests: { memory: "1Mi" }, limits: { memory: "1Mi" } } }] } },
    },
  }, opts);
`;

test.each([
  [
    "no node fits",
    "",
    'nodeSelector: { nowhere: "yes" },',
    /web-\S+: Unschedulable: 0\/\d+ nodes are available|no nodes available/,
  ],
  ["the quota is used up", "quota", "", /exceeded quota: none/],
  [
    "pod security forbids it",
    "restricted",
    "hostNetwork: true,",
    /violates PodSecurity "restricted:latest": host namespaces/,
  ],
])(
  "a Deployment that does not get ready says why: %s",
  async (_what, setting, pod, why) => {
    const name = await namespace();
    if (setting === "quota")
      await apply({
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { namespace: name, name: "none" },
        spec: { hard: { pods: "0" } },
      });
    if (setting === "restricted")
      await kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted");
    const stack = await stackOf(deployment({ pod }), { namespace: name });
    const up = await stack.up();
    expect(up.exitCode).not.toBe(0);
    expect(up.errors.join("\n")).toMatch(new RegExp(`apps/v1 Deployment ${name}/web is not ready after 5 s`));
    expect(up.errors.join("\n")).toMatch(why);

    // The object is in the state, and the next run goes on with it.
    const [kept] = await stack.resources();
    expect(kept?.initErrors?.join()).toMatch(why);
    await stack.program(program(deployment({ pod, replicas: 0 })));
    expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { update: 1 } });
    expect((await stack.resources())[0]?.initErrors).toBeUndefined();
    expect(await stack.up()).toMatchObject({ exitCode: 0, steps: [] });
    await stack.destroy();
    await stack.remove();
  },
  120_000,
);

test("the next up waits again for what did not get ready, also when the program is the same", async () => {
  const name = await namespace();
  await apply({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { namespace: name, name: "none" },
    spec: { hard: { pods: "0" } },
  });
  const stack = await stackOf(deployment({ timeout: 3 }), { namespace: name });
  expect((await stack.up()).exitCode).not.toBe(0);
  const again = await stack.up();
  expect(again.exitCode).not.toBe(0);
  expect(again.errors.join()).toContain("exceeded quota");
  const refresh = await stack.refresh();
  expect(refresh.changes).toMatchObject({ same: 3 });
  expect((await stack.resources())[0]?.initErrors?.join()).toContain("is not ready");
  await stack.destroy();
  await stack.remove();
}, 120_000);

test.each([
  ["skipAwait", deployment({ annotations: ', "pulumi.com/skipAwait": "true"' })],
  ["no replicas", deployment({ replicas: 0 })],
  [
    "a headless Service",
    `new k8s.core.v1.Service("s", { metadata: { namespace, name: "s" }, spec: { clusterIP: "None", selector: { a: "b" }, ports: [{ port: 80 }] } }, opts);`,
  ],
  [
    "a Service without a selector",
    `new k8s.core.v1.Service("s", { metadata: { namespace, name: "s" }, spec: { ports: [{ port: 80 }] } }, opts);`,
  ],
  [
    "a suspended Job",
    `new k8s.batch.v1.Job("j", { metadata: { namespace, name: "j" }, spec: { suspend: true, template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "none" }] } } } }, opts);`,
  ],
  [
    "a claim whose class waits for a pod",
    `
    const c = new k8s.storage.v1.StorageClass("c", { metadata: { name: namespace }, provisioner: "none/none", volumeBindingMode: "WaitForFirstConsumer" }, opts);
    new k8s.core.v1.PersistentVolumeClaim("p", { metadata: { namespace, name: "p" }, spec: { storageClassName: namespace, accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } }, { ...opts, dependsOn: c });
  `,
  ],
  [
    "a ConfigMap that nobody waits for",
    `new k8s.core.v1.ConfigMap("c", { metadata: { namespace, name: "c" } }, opts);`,
  ],
])(
  "what needs no waiting is not waited for: %s",
  async (_what, body) => {
    const name = await namespace();
    const stack = await stackOf(body, { namespace: name });
    const up = await stack.up();
    expect(up).toMatchObject({ exitCode: 0 });
    expect(up.seconds).toBeLessThan(30);
    expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
    await stack.remove();
  },
  120_000,
);

const ingress = `
  const s = new k8s.core.v1.Service("s", { metadata: { namespace, name: "s", ${patient(60)} }, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } }, opts);
  const i = new k8s.networking.v1.Ingress("i", { metadata: { namespace, name: "i", ${patient(60)} }, spec: { ingressClassName: "none", defaultBackend: { service: { name: "s", port: { number: 80 } } } } }, opts);
  const p = new k8s.core.v1.PersistentVolumeClaim("p", { metadata: { namespace, name: "p", ${patient(60)} }, spec: { storageClassName: "", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } }, opts);
  return { address: i.status.loadBalancer.ingress[0].ip, phase: p.status.phase };
`;

test("a Service waits for a pod behind it, an Ingress for its address, a claim for its volume", async () => {
  const name = await namespace();
  const stack = await stackOf(ingress, { namespace: name });
  const running = stack.up();
  while (!(await exists("ingress", "i", "-n", name)) || !(await exists("pvc", "p", "-n", name)))
    await pause(200);
  await pause(1000);
  const labels = { "kubernetes.io/service-name": "s" };
  await apply(
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace: name, name: "s-1", labels },
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.9.9.9"], conditions: { ready: true } }],
      ports: [{ port: 80 }],
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: {
        storageClassName: "",
        accessModes: ["ReadWriteOnce"],
        capacity: { storage: "1Gi" },
        hostPath: { path: "/nowhere" },
        claimRef: { namespace: name, name: "p" },
      },
    },
  );
  const status = { status: { loadBalancer: { ingress: [{ ip: "10.8.8.8" }] } } };
  await kubectl(
    "patch",
    "ingress",
    "i",
    "-n",
    name,
    "--subresource=status",
    "--type=merge",
    "-p",
    JSON.stringify(status),
  );
  expect(await running).toMatchObject({ exitCode: 0 });
  expect(await stack.outputs()).toEqual({ address: "10.8.8.8", phase: "Bound" });
  await stack.destroy();
  await kubectl("delete", "pv", name);
  await stack.remove();
}, 120_000);

test("an Ingress without an address and a claim without a volume say so", async () => {
  const name = await namespace();
  const stack = await stackOf(ingress.replaceAll('"60"', '"3"'), { namespace: name });
  const { errors } = await stack.up();
  expect(errors.join("\n")).toMatch(
    /Ingress \S+\/i is not ready after 3 s: an address from the ingress controller/,
  );
  expect(errors.join("\n")).toMatch(/Service \S+\/s is not ready after 3 s: a ready pod behind it/);
  expect(errors.join("\n")).toMatch(
    /PersistentVolumeClaim \S+\/p is not ready after 3 s: the claim to be bound/,
  );
  await stack.destroy();
  await stack.remove();
}, 120_000);

test("delete waits until the object is gone, and says what holds it", async () => {
  const name = await namespace();
  const held = `new k8s.core.v1.ConfigMap("c", { metadata: { namespace, name: "c", finalizers: ["example.com/hold"], ${patient(3)} } }, opts);`;
  const stack = await stackOf(held, { namespace: name });
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  const refused = await stack.destroy();
  expect(refused.exitCode).not.toBe(0);
  expect(refused.errors.join()).toContain(
    "still exists 3 s after its deletion: its finalizers example.com/hold",
  );
  const running = stack.destroy();
  await pause(3000);
  await kubectl(
    "patch",
    "configmap",
    "c",
    "-n",
    name,
    "--type=merge",
    "-p",
    '{"metadata":{"finalizers":null}}',
  );
  expect(await running).toMatchObject({ exitCode: 0 });
  expect(await exists("configmap", "c", "-n", name)).toBe(false);
  await stack.remove();
}, 120_000);

test("custom time-outs come before the annotation", async () => {
  const name = await namespace();
  const body = deployment({ timeout: 300 }).replace(
    ", opts)",
    ', { ...opts, customTimeouts: { create: "2s" } })',
  );
  const stack = await stackOf(body, { namespace: name });
  expect((await stack.up()).errors.join()).toContain("is not ready after 2 s");
  await stack.destroy();
  expect(await get("namespace", name)).toMatchObject({ status: { phase: "Active" } });
  await stack.remove();
}, 120_000);
