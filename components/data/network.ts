import type * as k8s from "@pulumi/kubernetes";

import { storeSelector, type Place } from "./connection";

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
type Labels = Record<string, string>;

const pods = (matchLabels: Labels) => ({ podSelector: { matchLabels } });
const tcp = (port: number) => ({ protocol: "TCP", port });

/** Lets the named pods of the namespace reach a store. The store itself reaches nothing. */
export function storePolicy(store: string, port: number, clients: readonly Labels[]): Spec {
  return {
    podSelector: { matchLabels: storeSelector(store) },
    policyTypes: ["Ingress", "Egress"],
    // A rule without peers would let everybody in.
    ...(clients.length > 0 && { ingress: [{ from: clients.map(pods), ports: [tcp(port)] }] }),
  };
}

/** Lets a store's dumps reach that store and find its name, and nothing reach them. */
export function dumpPolicy(dumps: string, store: string, port: number, resolvers: Place["dns"]): Spec {
  const kubeDns = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
    ...pods({ "k8s-app": "kube-dns" }),
  };
  return {
    podSelector: { matchLabels: storeSelector(dumps) },
    policyTypes: ["Ingress", "Egress"],
    egress: [
      { to: [pods(storeSelector(store))], ports: [tcp(port)] },
      {
        to: [kubeDns, ...resolvers.map((cidr) => ({ ipBlock: { cidr } }))],
        ports: [{ protocol: "UDP", port: 53 }, tcp(53)],
      },
    ],
  };
}
