import { spawn, type ChildProcess } from "node:child_process";

import { clusterNetwork } from "../../local/cluster/embedded/network";
import { instance } from "../../local/cluster/embedded/instance";
import { firstProcess } from "../../local/cluster/embedded/supervisor";
import { run } from "../../local/host";
import { ask } from "../../local/door";
import { deploy, type Deployed } from "../platform/deploy";
import { inWorkspace, kubectl, nodeInside, podAddress } from "../platform/kubectl";
import { leading, tcp, udp, type Way } from "./attempts";
import { behind } from "./behind";
import { eventually } from "./eventually";
import { listening } from "./listening";
import { stranger, withoutPolicies, type Stranger } from "./stranger";

// Alice attacks, from inside her workspace. Each way is shown to lead somewhere once policies allow it, so that a
// closed one is closed by them and nothing else. What policies do not close is in embedded.test.ts: the machine
// itself and the real addresses behind it, IPv6, and the moment in which a pod starts. Not shown at all: etcd, which
// listens on loopback alone; at its port on the node stands somebody else here. Kubelet's port 10255 is not open.

const users = ["alice", "bob", { name: "carol", kubernetesAccess: "view" }];
const open = "203.0.113.5";
const allowed = "10.99.77.2";
const outside = ["192.168.77.2", "172.16.77.2", "100.64.77.2", "169.254.169.254", "10.99.78.2"];

let platform: Deployed;
let node: number;
let nodeAddress: string;
let forbidden: Record<string, Way>;
let permitted: Record<string, Way>;
let neighbour: Awaited<ReturnType<typeof behind>>;
let onNode: ChildProcess;
let unrelated: Stranger;

const get = (...words: string[]): string => kubectl("get", ...words).trim();
const serviceAddress = (namespace: string, name: string): string =>
  get("service", "-n", namespace, name, "-o", "jsonpath={.spec.clusterIP}");

/** Runs node in the network of the pod with this address, whose image may hold no program but its own. */
function fromNetwork(address: string) {
  const enter = ["-t", String(node), "-m"];
  return async (args: readonly string[]): Promise<string> => {
    for (const name of (await run("nsenter", [...enter, "ls", "/run/netns"])).stdout.trim().split("\n")) {
      const inside = [...enter, "nsenter", `--net=/run/netns/${name}`];
      const addresses = await run("nsenter", [...inside, "ip", "-o", "-4", "address"]);
      if (!addresses.stdout.includes(` ${address}/`)) continue;
      return (await run("nsenter", [...inside, process.execPath, ...args])).stdout;
    }
    throw new Error(`no pod has the address ${address}`);
  };
}

const names = (ways: Record<string, Way>): string[] => Object.keys(ways).sort();

beforeAll(async () => {
  const first = await firstProcess(instance("test"));
  if (first === undefined) throw new Error("the cluster does not run");
  node = first;
  nodeAddress = process.env["VIBECODE_TEST_NODE"] ?? "";
  platform = await deploy({
    users,
    extra: { "vibecode:workspace": { allow: [{ cidr: `${allowed}/32`, ports: [80] }] } },
  });

  neighbour = await behind([open, allowed, ...outside], 80, node);
  onNode = spawn("nsenter", [
    "-t",
    String(node),
    "-n",
    process.execPath,
    "-e",
    listening([2379], nodeAddress),
  ]);
  for (const user of ["alice", "bob"])
    inWorkspace(user, `{ node -e '${listening([9999])}' >/dev/null 2>&1 & }`);
  unrelated = await stranger("alice", listening([9999]));

  const bob = podAddress("ws-bob", "app=editor");
  const traefik = podAddress("vibecode-ingress", "app.kubernetes.io/name=traefik");
  const dns = podAddress("kube-system", "k8s-app=kube-dns");
  forbidden = {
    "the neighbour's editor": tcp(bob, 8080),
    "the neighbour's editor, by its Service": tcp(serviceAddress("ws-bob", "editor"), 8080),
    "the neighbour's editor, by name": tcp("editor.ws-bob.svc.cluster.local", 8080),
    "another port of the neighbour": tcp(bob, 9999),
    "a UDP port of the neighbour": udp(bob, 9999),
    "Traefik, http": tcp(traefik, 8000),
    "Traefik, https": tcp(traefik, 8443),
    "Traefik, ping": tcp(traefik, 8082),
    "Traefik's Service": tcp(serviceAddress("vibecode-ingress", "traefik"), 443),
    "Traefik's port on the node": tcp(nodeAddress, 30443),
    "the API server": tcp(nodeAddress, 6443),
    "the API server, by its Service": tcp("10.96.0.1", 443),
    kubelet: tcp(nodeAddress, 10250),
    "kube-proxy": tcp(nodeAddress, 10256),
    "etcd's port on the node": tcp(nodeAddress, 2379),
    "a UDP port of the node": udp(nodeAddress, 2379),
    "CoreDNS's health": tcp(dns, 8080),
    "CoreDNS's readiness": tcp(dns, 8181),
    "a pod of no user": tcp(unrelated.address, 9999),
    "a UDP port of that pod": udp(unrelated.address, 9999),
    "the allowed private address, by UDP": udp(allowed, 80),
    ...Object.fromEntries(outside.map((address) => [address, tcp(address, 80)])),
    ...Object.fromEntries(outside.map((address) => [`${address}, by UDP`, udp(address, 80)])),
  };
  const kubeDns = serviceAddress("kube-system", "kube-dns");
  permitted = {
    "names, by UDP": udp(kubeDns, 53),
    "names, by TCP": tcp(kubeDns, 53),
    "names, from the pod itself": udp(dns, 53),
    "the internet": tcp(open, 80),
    "the internet, by UDP": udp(open, 80),
    "the allowed private address": tcp(allowed, 80),
  };
}, 600_000);

afterAll(async () => {
  await neighbour.remove();
  onNode.kill();
  unrelated.remove();
});

test("from inside a workspace every allowed way leads somewhere, and no forbidden one", async () => {
  await eventually(async () => {
    expect(await leading(nodeInside("alice"), permitted)).toEqual(names(permitted));
  });
  expect(await leading(nodeInside("alice"), forbidden)).toEqual([]);
}, 60_000);

test("into a workspace leads Traefik's way to the editor alone", async () => {
  const alice = podAddress("ws-alice", "app=editor");
  const traefik = fromNetwork(podAddress("vibecode-ingress", "app.kubernetes.io/name=traefik"));
  const ways = {
    editor: tcp(alice, 8080),
    "another port": tcp(alice, 9999),
    "a UDP port": udp(alice, 9999),
    "the editor's Service": tcp(serviceAddress("ws-alice", "editor"), 8080),
  };
  const door = ["editor", "the editor's Service"];
  expect(await leading(traefik, ways)).toEqual(door);
  expect(await leading(unrelated.node, ways)).toEqual([]);
  expect(await leading(nodeInside("bob"), ways)).toEqual([]);
  await withoutPolicies(["ws-alice", "vibecode-ingress"], async () => {
    await eventually(async () => {
      expect(await leading(traefik, ways)).toEqual(names(ways));
    });
    expect(await leading(unrelated.node, ways)).toEqual(names(ways));
    // His own policy holds him.
    expect(await leading(nodeInside("bob"), ways)).toEqual([]);
  });
  const answer = await ask(
    platform.door,
    `alice.${platform.domain}`,
    "/healthz",
    `alice:${platform.password("alice")}`,
  );
  expect(answer?.status).toBe(200);
}, 120_000);

test("her policy alone holds her where the neighbours have none", async () => {
  await withoutPolicies(["ws-bob", "vibecode-ingress"], async () => {
    const neighbours = Object.fromEntries(
      Object.entries(forbidden).filter(([name]) => /neighbour|Traefik/.test(name)),
    );
    await eventually(async () => {
      expect(await leading(unrelated.node, neighbours)).toEqual(names(neighbours));
    });
    expect(await leading(nodeInside("alice"), forbidden)).toEqual([]);
  });
}, 120_000);

test("the neighbours' policies hold her where she has none, and all else is open to her then", async () => {
  await withoutPolicies(["ws-alice"], async () => {
    const theirs = names(forbidden).filter((name) => /neighbour|Traefik, ping/.test(name));
    await eventually(async () => {
      expect(await leading(nodeInside("alice"), forbidden)).toEqual(
        names(forbidden).filter((name) => !theirs.includes(name)),
      );
    });
  });
}, 120_000);

test("without any policy every forbidden way leads somewhere, and with them none again", async () => {
  await withoutPolicies(["ws-alice", "ws-bob", "vibecode-ingress"], async () => {
    await eventually(async () => {
      expect(await leading(nodeInside("alice"), forbidden)).toEqual(names(forbidden));
    });
  });
  await eventually(async () => {
    expect(await leading(nodeInside("alice"), forbidden)).toEqual([]);
  });
}, 120_000);

test("access to Kubernetes opens the API server, and nothing else of the node", async () => {
  expect(await leading(nodeInside("carol"), forbidden)).toEqual([
    "the API server",
    "the API server, by its Service",
  ]);
}, 60_000);

test("the policy closes the addresses which the cluster really has", () => {
  const inRange = (address: string, ranges: readonly string[]) =>
    ranges.some((range) => address.startsWith(range.split(".").slice(0, 2).join(".") + "."));
  expect(inRange(podAddress("ws-alice", "app=editor"), clusterNetwork.pods)).toBe(true);
  expect(inRange(serviceAddress("default", "kubernetes"), clusterNetwork.services)).toBe(true);
  expect(inRange(nodeAddress, clusterNetwork.nodes)).toBe(true);
});
