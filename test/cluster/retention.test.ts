import * as path from "node:path";

import { z } from "zod";

import { checkout } from "../../local/paths";
import type { Platform } from "../../local/platform";
import { removeRetained } from "../../local/removal";
import { describeVolumes, findRetained, type Retained } from "../../local/retained";
import { readStackFile } from "../../local/stack";
import { deploy, empty, up } from "../platform/deploy";
import { inWorkspace, kubeconfig, kubectl, names } from "../platform/kubectl";
import { Stack } from "../plugins/engine";
import { testCluster } from "./instance";

const labelled = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()) }),
    }),
  ),
});

/** The day with which each of a user's things is marked: `Namespace ws-alice`, `PersistentVolumeClaim home`. */
function marks(user: string): Record<string, string | undefined> {
  const space = kubectl("get", "namespace", "-l", `vibecode/user=${user}`, "-o", "json");
  const claims = kubectl("-n", `ws-${user}`, "get", "pvc", "-o", "json");
  const objects = [space, claims].flatMap((text) => labelled.parse(JSON.parse(text)).items);
  return Object.fromEntries(
    objects.map(({ kind, metadata }) => [
      `${kind} ${metadata.name}`,
      metadata.labels["vibecode/retained-since"],
    ]),
  );
}

const all = (user: string, day: string | undefined) => ({
  [`Namespace ws-${user}`]: day,
  "PersistentVolumeClaim home": day,
  "PersistentVolumeClaim extensions": day,
});

const today = () => new Date().toISOString().slice(0, 10);
const quiet = () => undefined;

const cluster = testCluster("test");
const platform: Platform = { stack: { ...readStackFile("local"), name: "test" }, cluster };

/** What is kept of users who are not named. */
function kept(...users: string[]): Promise<Retained[]> {
  const there = new Set(users);
  return findRetained(platform, { listed: there, deployed: there });
}

const keptOfAlice = async (): Promise<Retained> => {
  const found = (await kept("bob")).find(({ user }) => user === "alice");
  if (found === undefined) throw new Error("nothing is kept of alice");
  return found;
};

beforeAll(async () => {
  // What other tests' users left would be listed too.
  await empty();
  await deploy({ users: ["alice", "bob"] });
}, 600_000);

test("what a user leaves is marked with the day, and the rest is gone, secrets included", async () => {
  await up({
    users: [{ name: "alice", sshKey: true, kubernetesAccess: "view" }, "bob"],
    secrets: { "secretEnv.alice.TOKEN": "hush" },
  });
  expect(names("secret", "ws-alice")).toEqual(["workspace"]);
  inWorkspace("alice", "echo precious > kept.txt");
  // What a person with rights there has started would have room once the editor is gone.
  kubectl("-n", "ws-alice", "create", "deployment", "mine", "--image=localhost/mine:1");
  const before = today();
  await up({ users: ["bob"] });
  const day = marks("alice")["Namespace ws-alice"];
  expect([before, today()]).toContain(day);
  expect(marks("alice")).toEqual(all("alice", day));
  const kinds = "deploy,rs,pod,svc,ingress,secret,rolebinding";
  expect(names(kinds, "ws-alice")).toEqual([]);
  // Nothing that is still there could run without its borders.
  const borders = ["networkpolicy", "resourcequota", "limitrange"].map((kind) => names(kind, "ws-alice"));
  expect(borders).toEqual([["workspace"], ["workspace"], ["workspace"]]);
  const beside = names("svc,ingress,secret", "vibecode-ingress");
  expect(beside.filter((name) => name.includes("alice"))).toEqual([]);
  expect(marks("bob")).toEqual(all("bob", undefined));
}, 300_000);

test("it is found with its size, and only while its user is away", async () => {
  const [alice, ...others] = await kept("bob");
  expect(others).toEqual([]);
  expect(alice).toMatchObject({ user: "alice", isExpected: false, isLeaving: false });
  expect(alice?.since).toBe(marks("alice")["Namespace ws-alice"]);
  expect(alice?.since).toMatch(/^\d{4}-\d\d-\d\d$/);
  expect(describeVolumes(alice?.volumes ?? [])).toBe("home 10 GiB, extensions 2 GiB");
  // An empty XFS of 10 GiB takes some 65 MB; what is written comes on top.
  for (const { used } of alice?.volumes ?? []) expect(used).toBeGreaterThan(10e6);
  expect(await kept("alice", "bob")).toMatchObject([{ user: "alice", isExpected: true }]);
}, 60_000);

test("coming back finds the files and takes the marks away", async () => {
  await deploy({ users: ["alice", "bob"] });
  expect(inWorkspace("alice", "cat kept.txt")).toBe("precious\n");
  expect(marks("alice")).toEqual(all("alice", undefined));
  expect(await kept("alice", "bob")).toEqual([]);
}, 300_000);

test("a user who comes back between the question and the removal keeps everything", async () => {
  await up({ users: ["bob"] });
  const seen = await keptOfAlice();
  await up({ users: ["alice", "bob"] });
  await expect(removeRetained(cluster, () => Promise.resolve(seen), quiet)).rejects.toThrow(
    "ws-alice was changed meanwhile, and nothing was removed",
  );
  expect(inWorkspace("alice", "cat kept.txt")).toBe("precious\n");
}, 300_000);

test("a purge removes namespace and volumes, and who comes back then has an empty home", async () => {
  await up({ users: ["bob"] });
  // As an interrupted run leaves it: nobody noted when.
  kubectl("label", "namespace", "ws-alice", "vibecode/retained-since-");
  const { volumes, since } = await keptOfAlice();
  expect(since).toBeUndefined();
  const said: string[] = [];
  const staying = await removeRetained(cluster, keptOfAlice, (message) => said.push(message));
  expect(staying).toEqual([]);
  expect(said.join("\n")).toMatch(/waiting for the end of namespace\/ws-alice/);
  expect(kubectl("get", "namespace", "ws-alice", "--ignore-not-found")).toBe("");
  const left = kubectl("get", "pv", ...volumes.map(({ name }) => name), "--ignore-not-found");
  expect(left).toBe("");
  expect(await kept("bob")).toEqual([]);

  await deploy({ users: ["alice", "bob"] });
  expect(inWorkspace("alice", "[ -e kept.txt ] || echo empty")).toBe("empty\n");
}, 300_000);

test("where nothing is retained, nothing is left and nothing is marked", async () => {
  const extra = { "vibecode:storage": { retain: false } };
  await up({ users: ["alice", "bob"], extra });
  await up({ users: ["bob"], extra });
  expect(kubectl("get", "namespace", "ws-alice", "--ignore-not-found")).toBe("");
  // The others' states must not keep on saying so.
  await up({ users: ["bob"] });
}, 300_000);

describe("the hooks in the real engine", () => {
  const file = (name: string) => JSON.stringify(path.join(checkout, name));
  /** A program of one kept namespace a user, whose hooks talk to that cluster. */
  const program = (users: string[], config: string) => `
    require(${file("node_modules/tsx/dist/cjs/index.cjs")});
    const { retentionHooks } = require(${file("components/workspace/retention.ts")});
    const kubeconfig = ${JSON.stringify(config)};
    const hooks = retentionHooks({ kubeconfig });
    const provider = new k8s.Provider("cluster", { kubeconfig: config.require("cluster"), upsertExistingObjects: true });
    class Workspace extends pulumi.ComponentResource {
      constructor(user) {
        super("vibecode:workspace:Workspace", user, {}, { hooks: hooks.leaving });
        const metadata = { name: "ws-" + user, labels: { "vibecode/user": user } };
        const opts = { parent: this, provider, retainOnDelete: true, hooks: hooks.returning };
        new k8s.core.v1.Namespace(user + "-namespace", { metadata }, opts);
        this.registerOutputs({});
      }
    }
    for (const user of ${JSON.stringify(users)}) new Workspace(user);`;
  const nowhere = JSON.stringify({
    clusters: [{ name: "x", cluster: { server: "https://127.0.0.1:1024" } }],
    users: [{ name: "x", user: {} }],
    contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
    "current-context": "x",
  });
  const mark = () =>
    kubectl(
      "get",
      "namespace",
      "ws-erin",
      "-o",
      "jsonpath={.metadata.name} {.metadata.labels.vibecode/retained-since}",
    );

  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.create({
      program: program(["erin"], kubeconfig()),
      config: { cluster: kubeconfig() },
    });
  }, 60_000);
  afterAll(async () => {
    kubectl("delete", "namespace", "ws-erin", "--ignore-not-found");
    await stack.remove();
  }, 60_000);

  test("a cluster that does not answer fails the step in either direction, and the next up does it", async () => {
    expect(await stack.up()).toMatchObject({ exitCode: 0, errors: [] });
    await stack.program(program([], nowhere));
    const failed = await stack.up();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.errors.join("\n")).toMatch(
      /the cluster: .*ECONNREFUSED 127\.0\.0\.1:1024; ws-erin is not marked right yet: the next `pulumi up` tries it again/,
    );
    expect(mark()).toBe("ws-erin ");
    await stack.program(program([], kubeconfig()));
    expect(await stack.up()).toMatchObject({ exitCode: 0, errors: [] });
    expect(mark()).toBe(`ws-erin ${today()}`);

    await stack.program(program(["erin"], nowhere));
    expect((await stack.up()).exitCode).not.toBe(0);
    expect(mark()).toBe(`ws-erin ${today()}`);
    await stack.program(program(["erin"], kubeconfig()));
    expect(await stack.up()).toMatchObject({ exitCode: 0, errors: [] });
    expect(mark()).toBe("ws-erin ");
  }, 180_000);

  test("a preview marks nothing, and a destroy asks for the program, which marks", async () => {
    await stack.program(program([], kubeconfig()));
    expect(await stack.preview()).toMatchObject({ exitCode: 0, errors: [] });
    expect(mark()).toBe("ws-erin ");
    await stack.program(program(["erin"], kubeconfig()));
    expect((await stack.destroy()).text).toContain("--run-program");
    expect(mark()).toBe("ws-erin ");
    expect(await stack.destroy("--run-program")).toMatchObject({ exitCode: 0, errors: [] });
    expect(mark()).toBe(`ws-erin ${today()}`);
  }, 120_000);
});
