import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { run } from "../../local/host";
import { checkout, dataFolder } from "../../local/paths";
import { openStack, preparePulumi, type LocalStack, type Pulumi } from "../../local/pulumi";
import { stackFolder, stateFile, type StackFolder } from "../../local/pulumi/stack-folder";
import { ensureTools } from "../../local/toolchain";
import { startControlPlane, type ControlPlane } from "../bench/control-plane";
import { killAfter, type Victim } from "../platform/power-cut";
import { kubectlOf } from "./kubectl";
import { standInNode } from "./stand-in-node";

const quiet = () => undefined;
const users = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `user${from + index}`);

// A state of its own, beside those of clusters.
const name = `recovery-${process.pid}`;
let folder: string;
let cluster: ControlPlane;
let node: { stop(): Promise<void> };
let pulumi: Pulumi;
let files: StackFolder;

beforeAll(async () => {
  await ensureTools(["kubernetes"], quiet);
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "vibecode-recovery-"));
  cluster = await startControlPlane(folder);
  node = await standInNode(cluster.kubeconfig);
  pulumi = await preparePulumi(quiet);
  files = stackFolder(name, "local", checkout);
}, 900_000);

afterAll(async () => {
  await node.stop();
  await cluster.stop();
  for (const made of [folder, path.join(dataFolder, "clusters", name)])
    await fs.rm(made, { recursive: true, force: true });
});

/** The stack with these users, on an API server whose pods are ready without running. */
function stackOf(people: readonly string[]): Promise<LocalStack> {
  const { kubeconfig, context } = cluster;
  const overrides = {
    "vibecode:cluster": { kubeconfig, context, name, network: { apiServer: ["10.9.9.9/32"] } },
    "vibecode:users": people,
    "vibecode:auth": { kind: "basic" },
    "vibecode:images": { workspace: "localhost/workspace:recovery" },
    "vibecode:storage": { class: "bench", retain: false },
    "vibecode:ingress": { exposure: { type: "NodePort" } },
  };
  return openStack({ cluster: name, stack: "local", pulumi, overrides, print: quiet }, quiet);
}

/** Begins to converge, and is killed at a write of the state. */
async function cutOff(people: readonly string[], writes: number, victim: Victim): Promise<void> {
  const stack = await stackOf(people);
  const killed = killAfter(files, writes, victim);
  const up = stack.up(quiet).then(
    () => "came to its end",
    (error: unknown) => String(error),
  );
  expect(await Promise.race([up, killed])).toBe(writes);
  expect(await up).toMatch(/`pulumi up` (ended with status 143|failed)/);
}

const metadata = z.looseObject({ name: z.string(), namespace: z.string().default("") });
const resource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  custom: z.boolean(),
  delete: z.boolean().optional(),
  pendingReplacement: z.boolean().optional(),
  inputs: z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata }).optional().catch(undefined),
  outputs: z
    .looseObject({ metadata: metadata.extend({ uid: z.string() }) })
    .optional()
    .catch(undefined),
  resourceHooks: z.object({ BeforeCreate: z.array(z.string()).nullish() }).nullish(),
});
const state = z.object({
  checkpoint: z.object({
    latest: z.looseObject({
      resources: z.array(resource).nullish(),
      pending_operations: z.array(z.looseObject({ type: z.string(), resource })).nullish(),
    }),
  }),
});
const listed = z.object({
  items: z.array(
    z.looseObject({
      apiVersion: z.string(),
      kind: z.string(),
      metadata: metadata.extend({
        uid: z.string(),
        ownerReferences: z.array(z.unknown()).default([]),
      }),
    }),
  ),
});

interface Named {
  apiVersion: string;
  kind: string;
  metadata: { namespace: string; name: string };
}
interface Identity extends Named {
  metadata: Named["metadata"] & { uid: string };
}
const place = ({ apiVersion, kind, metadata: { namespace, name } }: Named) =>
  `${apiVersion} ${kind} ${namespace}/${name}`;
const identity = (object: Identity) => `${place(object)} ${object.metadata.uid}`;

async function readState() {
  const { latest } = state.parse(JSON.parse(await fs.readFile(stateFile(files), "utf8"))).checkpoint;
  return { resources: latest.resources ?? [], pending: latest.pending_operations ?? [] };
}

/** Each Kubernetes object that the state knows, with the object's own uid, as often as the state has it. */
async function inState(): Promise<string[]> {
  const { resources } = await readState();
  return resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ type, inputs, outputs }) =>
      inputs === undefined || outputs === undefined
        ? `${type} without an object`
        : identity({ ...inputs, metadata: outputs.metadata }),
    )
    .sort();
}

/** Each object of any kind in the cluster that carries the platform's label, but those that controllers derive. */
async function ours(): Promise<Identity[]> {
  const kubectl = kubectlOf(cluster.kubeconfig);
  kinds ??= (await kubectl(["api-resources", "--verbs=list", "--output=name"])).trim().split("\n");
  // Kinds that others answer for under a second name.
  const once = kinds.filter((kind) => kind !== "events" && kind !== "endpoints");
  const label = "app.kubernetes.io/part-of=vibecode";
  const text = await kubectl(["get", once.join(), "--all-namespaces", "-l", label, "--output=json"]);
  return listed
    .parse(JSON.parse(text))
    .items.filter(({ metadata: { ownerReferences } }) => ownerReferences.length === 0);
}
let kinds: string[] | undefined;

const inCluster = async () => (await ours()).map(identity).sort();

/**
 * Holds what a killed run left against itself, with no other run: no resource twice in the state, and no object in the
 * cluster that neither the state nor one of its pending operations names. Such a one would be nobody's if its user
 * left now.
 *
 * @param dropped namespaces that may be missing there. Before a user's namespace is made a hook runs, so `up` takes its
 *   pending creation off the state and makes it again, taking over the namespace that it meets; killed before it came to
 *   that, it leaves a namespace that only the cluster knows. Those of this run are added for the next
 */
async function expectNothingLost(dropped: Set<string>): Promise<void> {
  const { resources, pending } = await readState();
  for (const all of [resources, pending.map((each) => each.resource)]) {
    const urns = all.filter((each) => each.delete !== true).map(({ urn }) => urn);
    expect(urns.filter((urn, index) => urns.indexOf(urn) < index)).toEqual([]);
  }
  const places = [...resources, ...pending.map((each) => each.resource)].flatMap(({ inputs }) =>
    inputs === undefined ? [] : [place(inputs)],
  );
  const known = new Set([...places, ...dropped]);
  expect((await ours()).map(place).filter((each) => !known.has(each))).toEqual([]);
  for (const { type, resource } of pending)
    if (type === "creating" && (resource.resourceHooks?.BeforeCreate ?? []).length > 0 && resource.inputs)
      dropped.add(place(resource.inputs));
}

/** Holds cluster and state against each other, both ways, and lets the engine look for a change. */
async function expectConverged(people: readonly string[]): Promise<void> {
  const [known, live] = [await inState(), await inCluster()];
  expect(live).toEqual(known);
  expect(known.filter((object) => object.startsWith("v1 Namespace /ws-"))).toHaveLength(people.length);
  const { resources, pending } = await readState();
  expect(pending).toEqual([]);
  expect(resources.filter((each) => each.delete === true || each.pendingReplacement === true)).toEqual([]);
  const stack = await stackOf(people);
  expect(Object.keys((await stack.up(quiet)).changes)).toEqual(["same"]);
  await stack.preview(["--expect-no-changes"]);
}

test("an up of 20 users that is killed ten times, each run going on from the last, loses nothing and converges", async () => {
  const people = users(1, 20);
  const dropped = new Set<string>();
  // Odd steps, so that they fall on beginnings and ends of operations; a power cut every other time.
  for (let cut = 0; cut < 10; cut++) {
    await cutOff(people, 41 + (cut % 3), cut % 2 ? "engine" : "everything");
    await expectNothingLost(dropped);
  }
  await (await stackOf(people)).up(quiet);
  await expectConverged(people);
}, 900_000);

test("an up that adds users and removes others is killed, and the next one knows neither", async () => {
  await cutOff([...users(1, 10), ...users(21, 30)], 60, "everything");
  await cutOff([...users(1, 5), ...users(31, 32)], 45, "everything");
  await (await stackOf(users(1, 5))).up(quiet);
  await expectConverged(users(1, 5));
}, 600_000);

test("a state that is lost is made again from the same objects, and keeps the stack's own secrets", async () => {
  const before = await inCluster();
  await (await stackOf(users(1, 5))).setSecret("secretEnv.user1.TOKEN", "of-somebody");
  await fs.rm(path.join(files.backend, ".pulumi"), { recursive: true });
  const stack = await stackOf(users(1, 5));
  expect(stack.secretNames()).toEqual(["secretEnv.user1.TOKEN"]);
  await stack.removeSecret("secretEnv.user1.TOKEN");
  await stack.up(quiet);
  // The very same objects, by their uids.
  expect(await inCluster()).toEqual(before);
  await expectConverged(users(1, 5));
}, 600_000);

test("a destroy that is killed twice is ended by the third", async () => {
  const env = {
    ...pulumi.env,
    PULUMI_BACKEND_URL: `file://${files.backend}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE_FILE: files.passphraseFile,
    NODE_OPTIONS: undefined,
  };
  const plain = (...args: string[]) =>
    run(pulumi.command, [...args, "--yes", "--non-interactive", "--stack", "local"], { cwd: checkout, env });
  // As a person does it by hand: nothing but the engine's own commands.
  const destroy = () =>
    plain("destroy", "--skip-preview", "--run-program", "--config-file", files.configFile);
  for (const writes of [20, 35]) {
    const killed = killAfter(files, writes, "everything");
    const ended = destroy();
    expect(await Promise.race([ended, killed])).toBe(writes);
    expect((await ended).code).not.toBe(0);
    expect(await plain("cancel")).toMatchObject({ code: 0 });
  }
  const last = await destroy();
  expect({ code: last.code, said: last.code === 0 ? "" : last.stdout + last.stderr }).toEqual({
    code: 0,
    said: "",
  });
  expect(await inCluster()).toEqual([]);
  expect((await readState()).resources).toEqual([]);
}, 600_000);
