import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";

import { z } from "zod";

import { dataFolder } from "../../local/paths";
import { openStack, preparePulumi, type Pulumi } from "../../local/pulumi";
import { ensureTools } from "../../local/toolchain";
import { startControlPlane, type ControlPlane } from "../bench/control-plane";
import { kubectlOf } from "./kubectl";
import { standInNode } from "./stand-in-node";

const quiet = () => undefined;

// A state of its own, beside those of clusters.
const name = `several-${process.pid}`;
let folder: string;
let pulumi: Pulumi;

interface Cluster extends ControlPlane {
  node: { stop(): Promise<void> };
  kubectl: (...words: string[]) => Promise<string>;
}
let eu: Cluster;
let us: Cluster;

/** A real API server of its own, whose pods are ready without running. */
async function start(cluster: string): Promise<Cluster> {
  const place = path.join(folder, cluster);
  await fs.mkdir(place);
  const plane = await startControlPlane(place);
  const node = await standInNode(plane.kubeconfig);
  const ask = kubectlOf(plane.kubeconfig);
  return { ...plane, node, kubectl: (...words) => ask(words) };
}

beforeAll(async () => {
  await ensureTools(["kubernetes"], quiet);
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "vibecode-several-"));
  [eu, us] = await Promise.all([start("eu"), start("us")]);
  pulumi = await preparePulumi(quiet);
}, 900_000);

afterAll(async () => {
  for (const cluster of [eu, us]) {
    await cluster.node.stop();
    await cluster.stop();
  }
  for (const made of [folder, path.join(dataFolder, "clusters", name)])
    await fs.rm(made, { recursive: true, force: true });
});

/** Brings the stack to these users; gives its outputs. */
async function up(
  users: readonly object[],
  clusters: Record<string, ControlPlane> = { eu, us },
): Promise<Record<string, unknown>> {
  const entries = Object.entries(clusters).map(([key, { kubeconfig, context }]) => [
    key,
    { cluster: { kubeconfig, context } },
  ]);
  const overrides = {
    "vibecode:domain": "ide.localhost",
    "vibecode:clusters": Object.fromEntries(entries) as unknown,
    "vibecode:users": users,
    "vibecode:auth": { kind: "basic" },
    "vibecode:images": { workspace: "localhost/workspace:several" },
    "vibecode:storage": { class: "bench" },
    "vibecode:ingress": { exposure: { type: "NodePort" } },
  };
  let said = "";
  const print = (text: string) => (said += text);
  const stack = await openStack({ cluster: name, stack: "local", pulumi, overrides, print }, quiet);
  await stack.up(quiet).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${said}`);
  });
  return z.record(z.string(), z.unknown()).parse(await stack.outputs({ showSecrets: true }));
}

/** Names of the platform's namespaces, each user's with the day on which the user left. */
async function namespaces({ kubectl }: Cluster): Promise<string[]> {
  const mark = "{.metadata.labels.vibecode/retained-since}".replace("vibecode/", "vibecode\\/");
  const words = ["get", "namespaces", "-l", "app.kubernetes.io/part-of=vibecode", "-o"];
  const text = await kubectl(...words, `jsonpath={range .items[*]}{.metadata.name} ${mark}{"\\n"}{end}`);
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .sort();
}

const uidOf = ({ kubectl }: Cluster, kind: string, object: string) =>
  kubectl("get", kind, "-n", "ws-alice", object, "--ignore-not-found", "-o", "jsonpath={.metadata.uid}");

const alice = (cluster: string, movedFrom?: string) => ({ name: "alice", cluster, movedFrom });
const bob = { name: "bob", cluster: "us" };
const today = () => new Date().toISOString().slice(0, 10);

test("each user is on one cluster, behind a door of its own there", async () => {
  const outputs = await up([alice("eu"), bob]);
  expect(await namespaces(eu)).toEqual(["vibecode-ingress", "ws-alice"]);
  expect(await namespaces(us)).toEqual(["vibecode-ingress", "ws-bob"]);
  expect(outputs).toMatchObject({
    urls: { alice: "https://alice.eu.ide.localhost", bob: "https://bob.us.ide.localhost" },
    volumes: { alice: { cluster: "eu" }, bob: { cluster: "us" } },
    ca: { eu: expect.stringContaining("BEGIN CERTIFICATE") as unknown },
  });
  const hosts = await eu.kubectl("get", "ingress", "-A", "-o", "jsonpath={.items[*].spec.rules[*].host}");
  expect(hosts.split(" ")).toEqual(["alice.eu.ide.localhost"]);
}, 180_000);

test("a user who turns up on another cluster is refused before anything is touched", async () => {
  await expect(up([alice("us"), bob])).rejects.toThrow(
    /vibecode:users\[0\]\.cluster: "us" must be eu, where the work of alice is/,
  );
  expect(await namespaces(us)).toEqual(["vibecode-ingress", "ws-bob"]);
}, 60_000);

test("one who moves begins anew, and finds everything as it was on coming back", async () => {
  const home = await uidOf(eu, "persistentvolumeclaim", "home");
  expect(home).not.toBe("");
  await up([alice("us", "eu"), bob]);
  expect(await namespaces(us)).toEqual(["vibecode-ingress", "ws-alice", "ws-bob"]);
  expect(await namespaces(eu)).toEqual(["vibecode-ingress", `ws-alice ${today()}`]);
  expect(await uidOf(eu, "deployment", "editor")).toBe("");
  expect(await uidOf(eu, "persistentvolumeclaim", "home")).toBe(home);

  await up([alice("eu", "us")]);
  expect(await namespaces(eu)).toEqual(["vibecode-ingress", "ws-alice"]);
  expect(await uidOf(eu, "persistentvolumeclaim", "home")).toBe(home);
  expect(await uidOf(eu, "deployment", "editor")).not.toBe("");
  expect(await namespaces(us)).toEqual(["vibecode-ingress", `ws-alice ${today()}`, `ws-bob ${today()}`]);
}, 300_000);

test("a cluster goes when nobody is there any more, and what users left there stays", async () => {
  await expect(up([bob], { us })).rejects.toThrow(
    /must have eu until an `up` has left nobody there: the last one left alice/,
  );
  await up([alice("eu")], { eu });
  expect(await namespaces(us)).toEqual([`ws-alice ${today()}`, `ws-bob ${today()}`]);
  expect(await namespaces(eu)).toEqual(["vibecode-ingress", "ws-alice"]);
}, 180_000);
