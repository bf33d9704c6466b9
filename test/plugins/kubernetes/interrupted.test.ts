import { readFile, readdir } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { at } from "../../../local/plugins/kubernetes/objects";
import { exists, get, kubectl, namespace, program, removeNamespaces, stackOf } from "./cluster";

afterAll(removeNamespaces);

const some = `
  for (const each of ["a", "b", "c"])
    new k8s.core.v1.ConfigMap(each, { metadata: { namespace, name: each }, data: { each } }, opts);
  new k8s.apps.v1.Deployment("web", {
    metadata: { namespace, name: "web" },
    spec: {
      replicas: 1, selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { nodeSelector: { nowhere: "yes" }, containers: [{ name: "web", image: "none" }] } },
    },
  }, opts);
`;

/** The plugins that are among the descendants of a process; each of its threads has children of its own. */
async function pluginsOf(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  const files = tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, "utf8").catch(() => ""));
  const children = (await Promise.all(files)).join(" ").split(" ").filter(Boolean).map(Number);
  const below = await Promise.all(children.map(pluginsOf));
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return [...(command.includes("plugins/kubernetes/main.") ? [pid] : []), ...below.flat()];
}

test.each(["SIGKILL", "SIGINT"] as const)(
  "an up ended by %s is continued by the next one",
  async (signal) => {
    const name = await namespace();
    const stack = await stackOf(some, { namespace: name });
    const running = stack.start("up", "--yes", "--skip-preview");
    while (!(await exists("deployment", "web", "-n", name))) await pause(100);
    await pause(500);
    const pid = running.process.pid ?? 0;
    const plugins = await pluginsOf(pid);
    expect(plugins.length).toBeGreaterThan(0);
    process.kill(pid, signal);
    await running.ended;
    // A plugin without an engine ends by itself.
    await pause(4000);
    for (const plugin of plugins) expect(() => process.kill(plugin, 0)).toThrow();

    const before = await get("deployment", "web", "-n", name);
    await kubectl("scale", "deployment", "web", "-n", name, "--replicas=0");
    await stack.pulumi("cancel", "--yes").catch(() => undefined);
    await stack.pulumi("config", "set", "provider", '{"enablePatchForce":true}');
    await stack.program(program(some.replace("replicas: 1", "replicas: 0")));
    const next = await stack.up();
    expect(next).toMatchObject({ exitCode: 0, errors: [] });
    expect(await get("deployment", "web", "-n", name)).toMatchObject({
      metadata: { uid: at(before, "metadata", "uid") },
    });
    expect(await stack.up()).toMatchObject({ exitCode: 0, steps: [] });
    expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
    await stack.remove();
  },
  120_000,
);

test("the state may be lost altogether: what the same resource made is its own", async () => {
  const name = await namespace();
  const body = `new k8s.core.v1.ConfigMap("a", { metadata: { namespace, name: "a" }, data: { a: "1" } }, opts);`;
  const first = await stackOf(body, { namespace: name });
  expect(await first.up()).toMatchObject({ exitCode: 0 });
  const second = await stackOf(body, { namespace: name });
  expect(await second.up()).toMatchObject({ exitCode: 0 });
  expect(await second.destroy()).toMatchObject({ exitCode: 0 });
  await first.remove();
  await second.remove();
}, 120_000);
