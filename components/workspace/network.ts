import { BlockList, isIPv6 } from "node:net";

import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { editorPort } from "./pod";

/** Addresses of the cluster, as ranges in CIDR notation. */
export interface ClusterNetwork {
  pods: string[];
  services: string[];
  nodes: string[];
  /** Where the API server answers, behind its Service. */
  apiServer: string[];
  /** Resolvers besides kube-dns's pods, such as a node's own cache. */
  dns: string[];
}

/** Addresses that may be reached on top of the internet, by TCP. */
export interface Destination {
  cidr: string;
  /** None opens nothing. */
  ports: number[];
}

export interface NetworkArgs {
  /** Namespace of the ingress controller's pods. */
  ingressNamespace: pulumi.Input<string>;
  cluster: ClusterNetwork;
  allow: Destination[];
  /** Opens the API server. */
  kubernetesAccess: boolean;
}

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;
type Port = k8s.types.input.networking.v1.NetworkPolicyPort;

/**
 * What may reach the pods of a workspace's namespace, and what they may reach: nothing but what is named here.
 *
 * An empty list of peers or ports would mean all of them, so a rule with nothing in it is left out.
 */
export function networkPolicy(args: NetworkArgs): Spec {
  const { cluster } = args;
  const block = (cidr: string): Peer => ({ ipBlock: { cidr } });
  const traefik = podsOf(args.ingressNamespace, { "app.kubernetes.io/name": "traefik" });
  const kubeDns = podsOf("kube-system", { "k8s-app": "kube-dns" });
  const egress: { to: Peer[]; ports?: Port[] }[] = [
    { to: [kubeDns, ...cluster.dns.map(block)], ports: [...tcp([53]), { protocol: "UDP", port: 53 }] },
    { to: internet(cluster).map((ipBlock) => ({ ipBlock })) },
    ...args.allow.map(({ cidr, ports }) => ({ to: [block(cidr)], ports: tcp(ports) })),
    // Its usual ports only: where it shares an address with a node, kubelet's and etcd's stay closed.
    { to: args.kubernetesAccess ? cluster.apiServer.map(block) : [], ports: tcp([443, 6443]) },
  ];
  return {
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ from: [traefik], ports: tcp([editorPort]) }],
    egress: egress.filter(({ to, ports }) => to.length > 0 && ports?.length !== 0),
  };
}

function podsOf(namespace: pulumi.Input<string>, labels: Record<string, string>): Peer {
  return {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
    podSelector: { matchLabels: labels },
  };
}

function tcp(ports: number[]): Port[] {
  return ports.map((port) => ({ protocol: "TCP", port }));
}

/**
 * What IANA's registries of special-purpose and multicast addresses do not call globally reachable. The ranges for
 * documentation are not here: they lead nowhere, and a test can have them lead somewhere.
 */
const closed = {
  ipv4: [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    // Public by its number, and on Azure's machines the host: it gives the node's settings to whoever asks.
    "168.63.129.16/32",
    // Link-local, with the metadata service of a cloud: it gives the node's credentials to whoever asks.
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
  ],
  // Protocol assignments with Teredo, and 6to4: both carry IPv4 addresses, private ones too.
  ipv6: ["2001::/23", "2002::/16"],
};

/**
 * The internet without all that is private, special or the cluster's own. Of IPv6 IANA has given out 2000::/3 as
 * global unicast, so loopback, mapped, translated (64:ff9b::/96), unique local, link-local and multicast addresses are
 * outside from the start. Pods without an IPv6 address get no IPv6 at all.
 */
function internet(cluster: ClusterNetwork): { cidr: string; except: string[] }[] {
  const own = [...cluster.pods, ...cluster.services, ...cluster.nodes, ...cluster.apiServer];
  return [
    ...without("0.0.0.0/0", [...closed.ipv4, ...own]),
    ...(cluster.pods.some((range) => isIPv6(addressOf(range)))
      ? without("2000::/3", [...closed.ipv6, ...own])
      : []),
  ];
}

/** A range less others. The API server refuses exceptions that are not strictly inside, so each is looked at. */
function without(cidr: string, ranges: string[]): { cidr: string; except: string[] }[] {
  if (ranges.some((range) => contains(range, cidr))) return [];
  const inside = ranges.filter((range) => contains(cidr, range));
  const except = inside.filter(
    (range, index) =>
      !inside.some(
        (other, at) => at !== index && contains(other, range) && (at < index || !contains(range, other)),
      ),
  );
  return [{ cidr, except }];
}

function contains(outer: string, inner: string): boolean {
  const family = isIPv6(addressOf(outer)) ? "ipv6" : "ipv4";
  if (isIPv6(addressOf(inner)) !== (family === "ipv6") || bitsOf(outer) > bitsOf(inner)) return false;
  const list = new BlockList();
  list.addSubnet(addressOf(outer), bitsOf(outer), family);
  return list.check(addressOf(inner), family);
}

const addressOf = (cidr: string): string => cidr.split("/")[0] ?? "";
const bitsOf = (cidr: string): number => Number(cidr.split("/")[1]);
