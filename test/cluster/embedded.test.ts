import { mkdtemp, readFile, rm } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import type { Cluster, ImageArchive } from "../../local/cluster";
import { holder } from "../../local/cluster/embedded/supervisor";
import { instance } from "../../local/cluster/embedded/instance";
import { keptLink } from "../../local/cluster/embedded/network";
import { run } from "../../local/host";
import { testCluster } from "./instance";
import { kubectlOf } from "./kubectl";
import { ask, probeImage, probePod } from "./probe";
import { traces } from "./traces";

const quiet = (): void => undefined;
const namespace = "probe";
let parent: string;
let spec: ReturnType<typeof instance>;
let cluster: Cluster;
let kubectl: ReturnType<typeof kubectlOf>;
let image: ImageArchive;

const probe = (...words: string[]): Promise<string> => ask(spec.kubeconfig, namespace, ...words);
const podReady = (): Promise<string> =>
  kubectl(["-n", namespace, "wait", "--for=condition=Ready", "pod/probe", "--timeout=60s"]);

/** Waits until the probe answers again after a restart: its pod is called Ready from the last run until kubelet looks. */
async function eventually<T>(ask: () => Promise<T>, seconds = 30): Promise<T> {
  const limit = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > limit) throw error;
      await sleep(300);
    }
  }
}

beforeAll(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), "vibecode-cluster-"));
  spec = instance("spec", parent);
  cluster = testCluster("spec", parent);
  kubectl = kubectlOf(spec.kubeconfig);
  image = await probeImage(path.join(parent, "image"));
  await cluster.start(quiet);
}, 120_000);

afterAll(async () => {
  await cluster.destroy(quiet);
  await rm(parent, { recursive: true, force: true });
}, 60_000);

test("a pod under restricted pod security runs with a volume and sees names, the API and the world outside", async () => {
  await cluster.loadImages([image], quiet);
  // A new namespace has its service account a moment later.
  await eventually(() => kubectl(["apply", "-f", "-"], probePod(namespace, image.ref)));
  await podReady();
  await probe("write", "/home/note", "kept");
  expect(await eventually(() => probe("resolve", "kubernetes.default.svc.cluster.local"))).toBe("10.96.0.1");
  expect(await probe("get", "https://kubernetes.default.svc/version")).toContain('"gitVersion"');
  expect(await probe("size", "/home")).toMatch(/^2\d\d$|^31\d$/);
}, 120_000);

test("pods reach neither the machine they run on nor the node's own ports without a key", async () => {
  const link = await keptLink(spec.folder);
  expect(await probe("connect", `${link?.host ?? ""}:22`)).toBe("no");
  expect(await probe("connect", `${link?.node ?? ""}:2379`)).toBe("no");
  expect(await probe("get", `https://${link?.node ?? ""}:10250/pods`)).toContain("Unauthorized");
}, 30_000);

test("a second cluster runs beside the first with an address of its own", async () => {
  const second = testCluster("second", parent);
  try {
    await second.start(quiet);
    expect(await second.nodeAddress()).not.toBe(await cluster.nodeAddress());
    const nodes = await kubectlOf(second.kubeconfig ?? "")(["get", "nodes", "-o", "name"]);
    expect(nodes.trim()).toBe("node/vibecode-second");
    expect(await probe("read", "/home/note")).toBe("kept");
  } finally {
    await second.destroy(quiet);
  }
}, 120_000);

test("a volume holds what was asked for and no more, and grows while it is in use", async () => {
  expect(Number(await probe("fill", "/home/large"))).toBeLessThan(320);
  const larger = { spec: { resources: { requests: { storage: "1Gi" } } } };
  await kubectl(["-n", namespace, "patch", "pvc", "home", "-p", JSON.stringify(larger)]);
  await kubectl([
    ...["-n", namespace, "wait", "pvc/home", "--timeout=30s"],
    "--for=jsonpath={.status.capacity.storage}=1Gi",
  ]);
  expect(Number(await probe("size", "/home"))).toBeGreaterThan(900);
  expect(await probe("read", "/home/note")).toBe("kept");
}, 60_000);

test("Secrets cannot be read in the database's files", async () => {
  await kubectl(["-n", namespace, "create", "secret", "generic", "s", "--from-literal=word=plainly-visible"]);
  const found = await run("grep", [
    "-r",
    "--binary-files=text",
    "-l",
    "plainly-visible",
    path.join(spec.folder, "etcd"),
  ]);
  expect(found.stdout).toBe("");
  const stored = await kubectl(["-n", namespace, "get", "secret", "s", "-o", "jsonpath={.data.word}"]);
  expect(Buffer.from(stored, "base64").toString()).toBe("plainly-visible");
}, 30_000);

test("a component that is killed comes back, and the status says so", async () => {
  const state = async () => (await cluster.status()).components.find((c) => c.name === "kube-scheduler");
  expect(await state()).toMatchObject({ running: true, restarts: 0 });
  const { inner } = z
    .object({ inner: z.number() })
    .parse(JSON.parse(await readFile(path.join(spec.folder, "pids.json"), "utf8")));
  await run("nsenter", ["-t", String(inner), "-m", "-p", "killall", "-9", "kube-scheduler"]);
  await eventually(async () => {
    expect(await state()).toMatchObject({ running: true, restarts: 1, ended: "was ended by killed" });
  });
  expect((await state())?.memory).toBeGreaterThan(1e6);
}, 30_000);

test("kill -9 of the one outer process leaves no process, mount, link, rule or loop device; the next start finds the data", async () => {
  const link = (await keptLink(spec.folder))?.name ?? "";
  const before = await traces(spec.folder, link);
  expect(before["processes"]?.length).toBeGreaterThan(8);
  expect(before["links"]).toHaveLength(1);
  expect(before["loops"]).toHaveLength(1);

  process.kill((await holder(spec)) ?? 0, "SIGKILL");
  const nothing = { processes: [], mounts: [], links: [], routes: [], rules: [], loops: [] };
  await eventually(async () => {
    expect(await traces(spec.folder, link)).toEqual(nothing);
  });
  expect(await cluster.status()).toMatchObject({ running: false });

  await cluster.start(quiet);
  expect(await eventually(() => probe("read", "/home/note"))).toBe("kept");
}, 120_000);

test("stop and start, twice, keep the data and the address; stopping what is stopped is no error", async () => {
  const address = await cluster.nodeAddress();
  for (let round = 0; round < 2; round++) {
    await cluster.stop(quiet);
    await cluster.stop(quiet);
    await cluster.start(quiet);
    await cluster.start(quiet);
    expect(await cluster.nodeAddress()).toBe(address);
    expect(await eventually(() => probe("read", "/home/note"))).toBe("kept");
  }
}, 180_000);

test("a volume goes with its claim", async () => {
  await kubectl(["delete", "namespace", namespace, "--timeout=60s"]);
  await eventually(async () => {
    expect((await kubectl(["get", "pv", "-o", "name"])).trim()).toBe("");
  });
}, 90_000);

test("destroy leaves no folder", async () => {
  await cluster.destroy(quiet);
  await expect(readFile(path.join(spec.folder, "kubeconfig"))).rejects.toThrow("ENOENT");
}, 60_000);
