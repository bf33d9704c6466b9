import { at, listAt, textAt } from "../../../local/plugins/kubernetes/objects";
import { exists, get, kubectl, namespace, program, removeNamespaces, stackOf } from "./cluster";

/** An image every cluster has: a name server, which runs for as long as one lets it. */
let image: string;

beforeAll(async () => {
  const dns = await get("deployment", "coredns", "-n", "kube-system");
  image = textAt(dns, "spec", "template", "spec", "containers", 0, "image") ?? "";
  expect(image).not.toBe("");
});

afterAll(removeNamespaces);

interface PodArgs {
  image?: string;
  args?: string[];
  probe?: object;
}

const container = (pod: PodArgs) =>
  JSON.stringify({
    name: "dns",
    image: pod.image ?? image,
    imagePullPolicy: "IfNotPresent",
    args: pod.args ?? ["-dns.port=1053"],
    ...(pod.probe !== undefined && { readinessProbe: pod.probe }),
  });

const probe = (port: number) => ({ tcpSocket: { port }, periodSeconds: 1 });

const web = (pod: PodArgs, timeout = 60) => `
  const web = new k8s.apps.v1.Deployment("web", {
    metadata: { namespace, name: "web", annotations: { "pulumi.com/timeoutSeconds": "${timeout}" } },
    spec: {
      selector: { matchLabels: { app: "web" } }, strategy: { type: "Recreate" },
      template: { metadata: { labels: { app: "web" } }, spec: { terminationGracePeriodSeconds: 1, containers: [${container(pod)}] } },
    },
  }, opts);
`;

const service = `
  new k8s.core.v1.Service("web", { metadata: { namespace, name: "web" }, spec: { selector: { app: "web" }, ports: [{ port: 53, targetPort: 1053 }] } }, opts);
`;

test("a Deployment and its Service come up together; a change is waited for until the old pod is gone", async () => {
  const name = await namespace();
  const stack = await stackOf(web({ probe: probe(1053) }) + service, { namespace: name });
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { create: 4 } });
  expect(await get("deployment", "web", "-n", name)).toMatchObject({ status: { availableReplicas: 1 } });
  const [before] = listAt(await get("pods", "-n", name), "items");

  await stack.program(program(web({ probe: probe(1053), args: ["-dns.port=1053", "-quiet"] }) + service));
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { update: 1 } });
  const pods = listAt(await get("pods", "-n", name), "items");
  expect(pods).toHaveLength(1);
  expect(at(pods[0], "metadata", "uid")).not.toBe(at(before, "metadata", "uid"));

  expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
  expect(await exists("pods", "-n", name)).toBe(false);
  await stack.remove();
}, 240_000);

test.each<[string, PodArgs, RegExp]>([
  [
    "the image cannot be pulled",
    { image: "registry.invalid/none:1" },
    /container dns: (ImagePullBackOff|ErrImagePull): .*registry\.invalid\/none:1/,
  ],
  [
    "the program ends at once",
    { args: ["-no-such-flag"], probe: probe(1053) },
    /container dns: (CrashLoopBackOff.*, )?exited with 2/,
  ],
  ["the probe fails", { probe: probe(9) }, /Unhealthy: Readiness probe failed: dial tcp/],
])(
  "a pod that does not get ready says why: %s",
  async (_what, pod, why) => {
    const name = await namespace();
    const stack = await stackOf(web(pod, 15), { namespace: name });
    const up = await stack.up();
    expect(up.exitCode).not.toBe(0);
    expect(up.errors.join("\n")).toContain(
      `apps/v1 Deployment ${name}/web is not ready after 15 s: 0 of 1 pods are available`,
    );
    expect(up.errors.join("\n")).toMatch(why);

    // Mended, the next run goes on with the same object.
    await stack.program(program(web({})));
    expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { update: 1 } });
    await stack.destroy();
    await stack.remove();
  },
  240_000,
);

const job = (args: string[]) => `
  new k8s.batch.v1.Job("job", {
    metadata: { namespace, name: "job", annotations: { "pulumi.com/timeoutSeconds": "60" } },
    spec: { backoffLimit: 0, template: { spec: { restartPolicy: "Never", containers: [${container({ args })}] } } },
  }, opts);
`;

test("a Job is waited for until it is done, and one that fails says how", async () => {
  const name = await namespace();
  const stack = await stackOf(job(["-no-such-flag"]), { namespace: name });
  const failed = await stack.up();
  expect(failed.exitCode).not.toBe(0);
  expect(failed.errors.join("\n")).toMatch(/batch\/v1 Job \S+\/job failed: BackoffLimitExceeded/);
  expect(failed.errors.join("\n")).toMatch(/container dns: exited with 2/);
  await stack.program(program(job(["-version"])));
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { replace: 1 } });
  expect(await get("job", "job", "-n", name)).toMatchObject({ status: { succeeded: 1 } });
  await stack.destroy();
  await stack.remove();
}, 240_000);

test("a StatefulSet, a DaemonSet and a Pod are waited for until they run", async () => {
  const name = await namespace();
  const template = `{ metadata: { labels: { app: each } }, spec: { terminationGracePeriodSeconds: 1, containers: [${container({})}] } }`;
  const stack = await stackOf(
    `
      const set = (each) => ({ metadata: { namespace, name: each }, spec: { selector: { matchLabels: { app: each } }, template: ${template} } });
      const state = new k8s.apps.v1.StatefulSet("state", { ...set("state"), spec: { ...set("state").spec, replicas: 2, serviceName: "state" } }, opts);
      const daemon = new k8s.apps.v1.DaemonSet("daemon", set("daemon"), opts);
      const pod = new k8s.core.v1.Pod("pod", { metadata: { namespace, name: "pod" }, spec: set("pod").spec.template.spec }, opts);
      return { state: state.status.readyReplicas, daemon: daemon.status.numberAvailable, pod: pod.status.phase };
    `,
    { namespace: name },
  );
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  expect(await stack.outputs()).toEqual({ state: 2, daemon: 1, pod: "Running" });
  await kubectl("delete", "pod", "pod", "-n", name);
  expect(await stack.refresh()).toMatchObject({ exitCode: 0, changes: { delete: 1 } });
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { create: 1 } });
  expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
  await stack.remove();
}, 240_000);
