import { isIPv6 } from "node:net";

import fc from "fast-check";
import { z } from "zod";

import { networkPolicy, type NetworkArgs } from "../../components/workspace/network";

const port = z.strictObject({ protocol: z.enum(["TCP", "UDP"]), port: z.int() });
const selector = z.strictObject({ matchLabels: z.record(z.string(), z.string()) });
const peer = z.union([
  z.strictObject({ namespaceSelector: selector, podSelector: selector }),
  z.strictObject({
    ipBlock: z.strictObject({ cidr: z.string(), except: z.array(z.string()).default([]) }),
  }),
]);
/** A policy as the API server reads it. An empty list of peers or ports would mean all, so there must be none. */
const policy = z.strictObject({
  podSelector: z.strictObject({}),
  policyTypes: z.tuple([z.literal("Ingress"), z.literal("Egress")]),
  ingress: z.array(z.strictObject({ from: z.array(peer).min(1), ports: z.array(port).min(1) })),
  egress: z.array(z.strictObject({ to: z.array(peer).min(1), ports: z.array(port).min(1).optional() })),
});

type Given = Partial<Omit<NetworkArgs, "cluster">> & { cluster?: Partial<NetworkArgs["cluster"]> };

function policyOf({ cluster, ...given }: Given = {}) {
  const none = { pods: [], services: [], nodes: [], apiServer: [], dns: [] };
  const args = { ingressNamespace: "edge", allow: [], kubernetesAccess: false, ...given };
  const spec: unknown = JSON.parse(
    JSON.stringify(networkPolicy({ ...args, cluster: { ...none, ...cluster } })),
  );
  return policy.parse(spec);
}

type Egress = ReturnType<typeof policyOf>["egress"];

/** Whether a connection to this address and port is let out, by Kubernetes' rules and numbers of our own. */
function reaches(egress: Egress, address: string, protocol: "TCP" | "UDP", at: number): boolean {
  return egress.some(
    ({ to, ports }) =>
      (ports === undefined || ports.some((each) => each.protocol === protocol && each.port === at)) &&
      to.some(
        (each) =>
          "ipBlock" in each &&
          inside(address, each.ipBlock.cidr) &&
          !each.ipBlock.except.some((except) => inside(address, except)),
      ),
  );
}

/** First and last address of a range, as numbers. */
function range(cidr: string): { v6: boolean; first: bigint; last: bigint } {
  const [address = "", bits = ""] = cidr.split("/");
  const v6 = isIPv6(address);
  const size = 1n << BigInt((v6 ? 128 : 32) - Number(bits));
  const first = (number(address) / size) * size;
  return { v6, first, last: first + size - 1n };
}

function inside(address: string, cidr: string): boolean {
  const { v6, first, last } = range(cidr);
  return isIPv6(address) === v6 && number(address) >= first && number(address) <= last;
}

function number(address: string): bigint {
  if (!isIPv6(address)) return address.split(".").reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const [left = "", right = ""] = address.split("::");
  const groups = (text: string) => text.split(":").filter((group) => group !== "");
  const zeros = Array<string>(8 - groups(left).length - groups(right).length).fill("0");
  const all = address.includes("::") ? [...groups(left), ...zeros, ...groups(right)] : groups(address);
  return all.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

function written(value: bigint, v6: boolean): string {
  const [groups, bits] = v6 ? [8, 16n] : [4, 8n];
  const parts = Array.from(
    { length: groups },
    (_, at) => (value >> (BigInt(groups - 1 - at) * bits)) % (1n << bits),
  );
  return v6 ? parts.map((part) => part.toString(16)).join(":") : parts.join(".");
}

// Written down once more, by what each is for, so that a range which gets lost there is missed here.
const never = [
  ["this host", "0.0.0.0/8"],
  ["private", "10.0.0.0/8"],
  ["carriers", "100.64.0.0/10"],
  ["loopback", "127.0.0.0/8"],
  ["Azure's host", "168.63.129.16/32"],
  ["link-local and metadata", "169.254.0.0/16"],
  ["private", "172.16.0.0/12"],
  ["protocol assignments", "192.0.0.0/24"],
  ["private", "192.168.0.0/16"],
  ["benchmarks", "198.18.0.0/15"],
  ["multicast", "224.0.0.0/4"],
  ["reserved and broadcast", "240.0.0.0/4"],
  ["unspecified, loopback, mapped, translated", "::/3"],
  ["Teredo and other protocol assignments", "2001::/23"],
  ["6to4", "2002::/16"],
  ["not given out", "4000::/2"],
  ["not given out", "8000::/2"],
  ["unique local, link-local, multicast", "c000::/2"],
] as const;

const v4Address = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }).map((value) => written(value, false));
const v6Address = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => written(value, true));
// At random hardly any address would lie in the small ranges, or next to them.
const edges = (cidr: string): string[] => {
  const { v6, first, last } = range(cidr);
  const top = (1n << (v6 ? 128n : 32n)) - 1n;
  return [first - 1n, first, (first + last) / 2n, last, last + 1n]
    .filter((value) => value >= 0n && value <= top)
    .map((value) => written(value, v6));
};
const nearEdges = (ranges: readonly string[]) => fc.constantFrom(...ranges.flatMap(edges));
const anyRange = fc.oneof(
  fc.tuple(v4Address, fc.integer({ min: 1, max: 32 })).map(([address, bits]) => `${address}/${bits}`),
  fc.tuple(v6Address, fc.integer({ min: 1, max: 128 })).map(([address, bits]) => `${address}/${bits}`),
);
const clusterRanges = fc.record({
  pods: fc.array(anyRange, { maxLength: 3 }),
  services: fc.array(anyRange, { maxLength: 2 }),
  nodes: fc.array(anyRange, { maxLength: 3 }),
  apiServer: fc.array(anyRange, { maxLength: 2 }),
});

test("it holds for every pod of the namespace, and lets in Traefik's pods alone, to the editor", () => {
  const { podSelector, ingress } = policyOf();
  expect(podSelector).toEqual({});
  expect(ingress).toEqual([
    {
      from: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "edge" } },
          podSelector: { matchLabels: { "app.kubernetes.io/name": "traefik" } },
        },
      ],
      ports: [{ protocol: "TCP", port: 8080 }],
    },
  ]);
});

test("names are asked of kube-dns's pods and of the resolvers that the stack names, on port 53", () => {
  const { egress } = policyOf({ cluster: { dns: ["169.254.20.10/32"] } });
  expect(egress[0]).toEqual({
    to: [
      {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
        podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
      },
      { ipBlock: { cidr: "169.254.20.10/32", except: [] } },
    ],
    ports: [
      { protocol: "TCP", port: 53 },
      { protocol: "UDP", port: 53 },
    ],
  });
  expect(reaches(egress, "169.254.20.10", "UDP", 53)).toBe(true);
  expect(reaches(egress, "169.254.20.10", "TCP", 80)).toBe(false);
  expect(reaches(egress, "169.254.20.11", "UDP", 53)).toBe(false);
});

test("exactly the public IPv4 addresses outside the cluster's own ranges are reached", () => {
  fc.assert(
    fc.property(
      clusterRanges.chain((cluster) => {
        const own = Object.values(cluster).flat();
        const closed = [...never.map(([, cidr]) => cidr), ...own].filter(
          (cidr) => !isIPv6(cidr.split("/")[0] ?? ""),
        );
        return fc.tuple(
          fc.constant(cluster),
          fc.constant(closed),
          fc.oneof(v4Address, nearEdges(closed)),
          fc.constantFrom("TCP" as const, "UDP" as const),
          fc.integer({ min: 1, max: 65535 }),
        );
      }),
      ([cluster, closed, address, protocol, at]) => {
        const open = !closed.some((cidr) => inside(address, cidr));
        expect(reaches(policyOf({ cluster }).egress, address, protocol, at)).toBe(open);
      },
    ),
    { numRuns: 500 },
  );
});

test("with IPv6 in the pods' ranges, exactly the public IPv6 addresses outside the cluster's own are reached", () => {
  fc.assert(
    fc.property(
      clusterRanges.chain((given) => {
        const cluster = { ...given, pods: [...given.pods, "2600:1234::/56"] };
        const own = Object.values(cluster).flat();
        const closed = [...never.map(([, cidr]) => cidr), ...own].filter((cidr) =>
          isIPv6(cidr.split("/")[0] ?? ""),
        );
        return fc.tuple(fc.constant(cluster), fc.constant(closed), fc.oneof(v6Address, nearEdges(closed)));
      }),
      ([cluster, closed, address]) => {
        const open = !closed.some((cidr) => inside(address, cidr));
        expect(reaches(policyOf({ cluster }).egress, address, "TCP", 443)).toBe(open);
      },
    ),
    { numRuns: 500 },
  );
});

test.each(["2606:4700::1111", "2001:db8::1", "::1", "fe80::1", "64:ff9b::a00:1"])(
  "without IPv6 in the pods' ranges, %s is not reached",
  (address) => {
    const { egress } = policyOf({ cluster: { pods: ["10.244.0.0/16"], nodes: ["2600::/32"] } });
    expect(reaches(egress, address, "TCP", 443)).toBe(false);
  },
);

test("a range which is the cluster's own closes all that it holds, also the whole internet", () => {
  expect(policyOf({ cluster: { nodes: ["0.0.0.0/0"] } }).egress).toHaveLength(1);
  const { egress } = policyOf({ cluster: { pods: ["2600::/64"], services: ["::/0"] } });
  expect(reaches(egress, "8.8.8.8", "TCP", 443)).toBe(true);
  expect(reaches(egress, "2606:4700::1111", "TCP", 443)).toBe(false);
});

test("every exception lies strictly inside its block, as the API server asks, and none inside another", () => {
  fc.assert(
    fc.property(clusterRanges, (cluster) => {
      for (const { to } of policyOf({ cluster: { ...cluster, pods: [...cluster.pods, "fd00::/56"] } }).egress)
        for (const each of to) {
          if (!("ipBlock" in each)) continue;
          const { cidr, except } = each.ipBlock;
          const ranges = except.map(range);
          const whole = range(cidr);
          for (const [at, one] of ranges.entries()) {
            expect(one.first >= whole.first && one.last <= whole.last).toBe(true);
            expect(one.first === whole.first && one.last === whole.last).toBe(false);
            const others = ranges.filter((_, index) => index !== at);
            expect(others.some((other) => one.first >= other.first && one.last <= other.last)).toBe(false);
          }
        }
    }),
  );
});

test("a destination that the stack allows is reached by TCP on its ports, and nothing beside it", () => {
  const { egress } = policyOf({ allow: [{ cidr: "10.20.0.0/24", ports: [22, 443] }] });
  for (const at of [22, 443]) expect(reaches(egress, "10.20.0.7", "TCP", at)).toBe(true);
  expect(reaches(egress, "10.20.0.7", "TCP", 80)).toBe(false);
  expect(reaches(egress, "10.20.0.7", "UDP", 443)).toBe(false);
  expect(reaches(egress, "10.20.1.7", "TCP", 443)).toBe(false);
});

test("an allowed destination without ports opens none, not all", () => {
  expect(policyOf({ allow: [{ cidr: "10.20.0.0/24", ports: [] }] })).toEqual(policyOf());
});

test.each(["10.0.0.1", "203.0.113.9"])(
  "the API server at %s is reached with access to Kubernetes alone",
  (server) => {
    const cluster = { apiServer: [`${server}/32`], nodes: [`${server.replace(/\d+$/, "0")}/24`] };
    const without = policyOf({ cluster }).egress;
    const { egress } = policyOf({ cluster, kubernetesAccess: true });
    for (const at of [443, 6443]) {
      expect(reaches(without, server, "TCP", at)).toBe(false);
      expect(reaches(egress, server, "TCP", at)).toBe(true);
    }
    // It may be a node, on which kubelet and etcd listen too.
    for (const at of [2379, 10250]) expect(reaches(egress, server, "TCP", at)).toBe(false);
    expect(reaches(egress, server.replace(/\d+$/, "200"), "TCP", 6443)).toBe(false);
  },
);

test("access to Kubernetes opens nothing where nobody says where the API server is", () => {
  expect(policyOf({ kubernetesAccess: true })).toEqual(policyOf());
});
