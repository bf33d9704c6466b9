import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import type { Cluster, ImageArchive } from "../../local/cluster";
import { socket } from "../../local/cluster/embedded/images";
import { firstProcess, holder } from "../../local/cluster/embedded/supervisor";
import { instance } from "../../local/cluster/embedded/instance";
import { keptLink, type Link } from "../../local/cluster/embedded/network";
import { run } from "../../local/host";
import { testCluster } from "./instance";
import { kubectlOf } from "./kubectl";
import { behind } from "./behind";
import { eventually } from "./eventually";
import { ask, knocker, probeImage, probePod, probeProgram } from "./probe";
import { traces } from "./traces";

const quiet = (): void => undefined;
const namespace = "probe";
let parent: string;
let spec: ReturnType<typeof instance>;
let cluster: Cluster;
let kubectl: ReturnType<typeof kubectlOf>;
let image: ImageArchive;
let images: string;

const probe = (...words: string[]): Promise<string> => ask(spec.kubeconfig, namespace, ...words);
/** What the probe says when it runs here, or in the node's network. */
const fromHere = async (...words: string[]): Promise<string> =>
  (await run(probeProgram(images), words)).stdout;
const fromNode = async (...words: string[]): Promise<string> =>
  (await run("nsenter", ["-t", String(await first()), "-n", probeProgram(images), ...words])).stdout;

async function first(): Promise<number> {
  const pid = await firstProcess(spec);
  if (pid === undefined) throw new Error("the cluster does not run");
  return pid;
}

async function theLink(): Promise<Link> {
  const link = await keptLink(spec.folder);
  if (!link) throw new Error("the cluster has no link");
  return link;
}

const podReady = (): Promise<string> =>
  kubectl(["-n", namespace, "wait", "--for=condition=Ready", "pod/probe", "--timeout=60s"]);

// The API server is a process of the node, name resolution a pod.
const knockedAt = ["10.96.0.1:443", "10.96.0.10:53"];

/** Makes pods that knock. */
async function knock(where: string, ...names: string[]): Promise<void> {
  const items = names.map((name) => knocker(where, name, image.ref, knockedAt));
  await eventually(() =>
    kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items })),
  );
  for (const name of names)
    await kubectl(["-n", where, "wait", `pod/${name}`, "--for=condition=Ready", "--timeout=60s"]);
}

/** How many of its addresses a pod that knocks has reached since it was last started. */
const reached = async (where: string, name: string): Promise<number> =>
  (await kubectl(["-n", where, "logs", name])).split("\n").filter((line) => line !== "").length;

/**
 * The namespaces `shut`, whose policies forbid all that is tried here, and `open`, which has none. There are many policies, so that
 * kube-router takes a while over them, in which pods come.
 */
async function shutAndOpen(): Promise<void> {
  const elsewhere = { to: ["192.0.2.0/24", "198.51.100.0/24"].map((cidr) => ({ ipBlock: { cidr } })) };
  const spec = { podSelector: {}, policyTypes: ["Ingress", "Egress"], egress: [elsewhere] };
  const items = [
    ...["shut", "open"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
    ...Array.from({ length: 60 }, (_, index) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: {
        name: `shut${String(index)}`,
        namespace: "shut",
        labels: index === 0 ? {} : { many: "" },
      },
      spec,
    })),
  ];
  await kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}

/** Which of these names the firewall's rules and sets of addresses hold, on this machine or where a command leads. */
async function firewall(names: string[], where: string[] = []): Promise<string[]> {
  const lists = [["iptables-save"], ["ipset", "list", "-name"]].map(async (list) => {
    const [program = "", ...words] = [...where, ...list];
    return (await run(program, words)).stdout;
  });
  const all = (await Promise.all(lists)).join("");
  return names.filter((name) => all.includes(name));
}

/** Takes callers at an address of this machine for as long as something is tried, which is told the port. */
async function listening(host: string, tried: (port: string) => Promise<void>): Promise<void> {
  const server = createServer((caller) => caller.end());
  try {
    const port = await new Promise<string>((resolve, reject) => {
      server.once("error", reject).listen(0, host, () => {
        const at = server.address();
        resolve(at !== null && typeof at === "object" ? String(at.port) : "");
      });
    });
    await tried(port);
  } finally {
    server.close();
  }
}

/** The link-local address which an interface has by itself. */
function linkLocal(mac: string): string {
  expect(mac).toMatch(/^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(":").map((byte) => Number.parseInt(byte, 16));
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return `fe80::${groups.map((group) => group.toString(16)).join(":")}`;
}

const signalRouter = (signal: string): Promise<unknown> =>
  first().then((pid) =>
    run("nsenter", ["-t", String(pid), "-m", "-p", "killall", `-${signal}`, "kube-router"]),
  );

beforeAll(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), "vibecode-cluster-"));
  spec = instance("spec", parent);
  cluster = testCluster("spec", parent);
  kubectl = kubectlOf(spec.kubeconfig);
  images = path.join(parent, "image");
  image = await probeImage(images);
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
  const link = await theLink();
  await listening(link.host, async (port) => {
    expect(await fromHere("connect", `${link.host}:${port}`)).toBe("yes");
    expect(await probe("connect", `${link.host}:${port}`)).toBe("no");
  });
  expect(await fromNode("connect", "127.0.0.1:2379")).toBe("yes");
  expect(await probe("connect", `${link.node}:2379`)).toBe("no");
  expect(await probe("get", `https://${link.node}:10250/pods`)).toContain("Unauthorized");
}, 30_000);

test("pods reach other networks through the machine, but not its cloud's metadata, nor strangers with a Service's or a pod's address", async () => {
  // Addresses of one neighbour of the machine: what the pod reaches differs by the address alone.
  const usual = "10.202.77.2";
  const refused = ["169.254.77.2", "10.96.77.2", "10.244.77.2"];
  const neighbour = await behind([usual, ...refused], 8077);
  try {
    for (const address of [usual, ...refused]) {
      await eventually(async () => {
        expect(await fromHere("connect", `${address}:8077`)).toBe("yes");
      });
    }
    expect(await probe("connect", `${usual}:8077`)).toBe("yes");
    for (const address of refused) expect(await probe("connect", `${address}:8077`)).toBe("no");
  } finally {
    await neighbour.remove();
  }
}, 30_000);

test("a NetworkPolicy holds from a pod's first packet on, and a pod without one is open within seconds", async () => {
  await shutAndOpen();
  const names = Array.from({ length: 8 }, (_, index) => `early${String(index)}`);
  await knock("shut", "all-the-time");
  await Promise.all(names.flatMap((name) => [knock("open", name), knock("shut", name)]));
  for (const name of names) {
    await eventually(async () => {
      expect([name, await reached("open", name)]).toEqual([name, 2]);
    }, 60);
    expect([name, await reached("shut", name)]).toEqual([name, 0]);
  }
  await kubectl(["-n", "shut", "delete", "pod", ...names]);
  await kubectl(["-n", "shut", "delete", "networkpolicy", "-l", "many"]);
  await kubectl(["delete", "namespace", "open"]);
}, 120_000);

test("no IPv6 leads from a pod to the node, whose API server and kubelet listen on all addresses", async () => {
  // The probe sees what listens at such an address, where this machine has one at its end of the cluster's link.
  const { name } = await theLink();
  const own = (os.networkInterfaces()[name] ?? []).filter(({ address }) => address.startsWith("fe80:"));
  for (const { address } of own) {
    await listening(`${address}%${name}`, async (port) => {
      expect(await fromHere("connect", `[${address}%${name}]:${port}`)).toBe("yes");
    });
  }
  expect(linkLocal("02:42:ac:11:00:02")).toBe("fe80::42:acff:fe11:2");

  const inNode = async (...words: string[]): Promise<string> =>
    (await run("nsenter", ["-t", String(await first()), "-n", ...words])).stdout;
  const pod = await kubectl(["-n", namespace, "get", "pod", "probe", "-o", "jsonpath={.status.podIP}"]);
  const port = /dev (\S+)/.exec(await inNode("ip", "route", "get", pod))?.[1] ?? "";
  const mac = /link\/ether (\S+)/.exec(await inNode("ip", "link", "show", port))?.[1] ?? "";
  for (const at of ["6443", "10250"])
    expect(await probe("connect", `[${linkLocal(mac)}%eth0]:${at}`)).toBe("no");
  expect((await inNode("ip", "-6", "address")).trim()).toBe("");
}, 30_000);

test("without kube-router the policies hold and a new pod is shut; it comes back by itself", async () => {
  await kubectl(["create", "namespace", "later"]);
  await signalRouter("STOP");
  try {
    await knock("later", "new");
    await sleep(3000);
    expect(await reached("later", "new")).toBe(0);
    expect(await reached("shut", "all-the-time")).toBe(0);
  } finally {
    await signalRouter("CONT");
  }
  await eventually(async () => {
    expect(await reached("later", "new")).toBe(2);
  });
  await signalRouter("KILL");
  await knock("later", "newer");
  await eventually(async () => {
    expect(await reached("later", "newer")).toBe(2);
  });
  const state = (await cluster.status()).components.find((component) => component.name === "kube-router");
  expect(state).toMatchObject({ running: true, restarts: 1 });
  expect(await reached("shut", "all-the-time")).toBe(0);
  await kubectl(["delete", "namespace", "later"]);
}, 120_000);

test("an image's earlier versions go once no container is made of them", async () => {
  const versions = async (): Promise<string> =>
    (await run("ctr", ["--address", socket(await first()), "-n", "k8s.io", "images", "ls", "-q"])).stdout
      .split("\n")
      .filter((ref) => ref.includes("/probe:"))
      .map((ref) => ref.slice(ref.lastIndexOf(":") + 1))
      .sort()
      .join(" ");
  for (const version of [2, 3]) await cluster.loadImages([await probeImage(images, version)], quiet);
  expect(await versions()).toBe("1 3");
  await cluster.loadImages([image], quiet);
  expect(await versions()).toBe("1");
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
  await kubectl(["-n", namespace, "create", "configmap", "c", "--from-literal=word=visible-to-all"]);
  const search = async (word: string): Promise<number> =>
    (await run("grep", ["-r", "-q", "--binary-files=text", word, path.join(spec.folder, "etcd")])).code;
  expect(await search("visible-to-all")).toBe(0);
  expect(await search("plainly-visible")).toBe(1);
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

test("kill -9 of the one outer process leaves no process, mount, link, packet filter or loop device; the next start finds the data", async () => {
  const link = (await theLink()).name;
  const before = await traces(spec.folder, link);
  expect(before["processes"]?.length).toBeGreaterThan(8);
  expect(before["mounts"]).not.toEqual([]);
  for (const kind of ["links", "routes", "tables", "loops"])
    expect([kind, before[kind]?.length]).toEqual([kind, 1]);

  const ours = ["KUBE-SERVICES", "KUBE-ROUTER-FORWARD", "KNOWN-FROM", "KUBE-DST-"];
  const inNode = ["nsenter", "-t", String(await first()), "-n"];
  expect(await firewall(ours, inNode)).toEqual(ours);

  const outer = await holder(spec);
  if (outer === undefined) throw new Error("nobody holds the cluster");
  process.kill(outer, "SIGKILL");
  const nothing = { processes: [], mounts: [], links: [], routes: [], tables: [], loops: [] };
  await eventually(async () => {
    expect(await traces(spec.folder, link)).toEqual(nothing);
  });
  expect(await firewall(ours)).toEqual([]);
  expect(await cluster.status()).toMatchObject({ running: false });

  await cluster.start(quiet);
  expect(await eventually(() => probe("read", "/home/note"))).toBe("kept");
  expect(await reached("shut", "all-the-time")).toBe(0);
}, 120_000);

test("stop and start, twice, keep the data and the address; stopping what is stopped is no error", async () => {
  const address = await cluster.nodeAddress();
  const addresses = async (): Promise<string[]> =>
    (await kubectl(["get", "pods", "-A", "-o", "jsonpath={.items[*].status.podIP}"])).split(" ");
  for (let round = 0; round < 2; round++) {
    const before = await addresses();
    expect(before).toHaveLength(3);
    await cluster.stop(quiet);
    await cluster.stop(quiet);
    await cluster.start(quiet);
    await cluster.start(quiet);
    expect(await cluster.nodeAddress()).toBe(address);
    expect(await eventually(() => probe("read", "/home/note"))).toBe("kept");
    expect(await reached("shut", "all-the-time")).toBe(0);
    // With an address of the run before, a pod would stand under the policies of the one that had it.
    await eventually(async () => {
      expect((await addresses()).filter((each) => before.includes(each))).toEqual([]);
    });
  }
}, 180_000);

test("a clean stop says nothing of an error, and leaves ip_forward alone", async () => {
  await cluster.stop(quiet);
  expect(await readFile(path.join(spec.folder, "logs", "supervise.log"), "utf8")).not.toMatch(
    /nil|exit status/,
  );
  expect((await readFile("/proc/sys/net/ipv4/ip_forward", "utf8")).trim()).toBe("1");
}, 30_000);

test("a volume that could not be mounted at the start is mounted when it can be", async () => {
  const volumes = path.join(spec.folder, "volumes");
  await cluster.stop(quiet);
  await rename(volumes, `${volumes}-away`);
  await cluster.start(quiet);
  await expect(probe("read", "/home/note")).rejects.toThrow();
  for (const volume of await readdir(`${volumes}-away`))
    await rename(path.join(`${volumes}-away`, volume), path.join(volumes, volume));
  expect(await eventually(() => probe("read", "/home/note"), 90)).toBe("kept");
}, 150_000);

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
