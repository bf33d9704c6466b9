import type * as k8s from "@pulumi/kubernetes";

import { blocks, toApiServer, toDns, toHttps } from "../../egress";
import { agentName, tracesPort } from "./agent";
import { operatorRelease, watermarkRelease } from "./chart";
import { placesOf, type Checks, type Place } from "./checks";

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
type EgressRule = k8s.types.input.networking.v1.NetworkPolicyEgressRule;

/** Where the agents find what they need, as CIDRs. */
export interface DatadogNetwork {
  /** The API server; empty: wherever its ports answer. */
  apiServer: readonly string[];
  /** Resolvers besides kube-dns's pods. */
  dns: readonly string[];
  /** The nodes, whose kubelets the agents ask; empty: wherever its port answers. */
  nodes: readonly string[];
}

/** Pods elsewhere in the cluster. */
export interface Pods {
  namespace: string;
  /** Their labels. */
  pods: Record<string, string>;
}

export interface NetworkArgs {
  network: DatadogNetwork;
  checks: Checks;
  /** Pods that send traces. */
  tracers: readonly Pods[];
  /** Whether the API server asks the cluster agent for metrics, or before it admits a pod. */
  serves: { metrics: boolean; admission: boolean };
  /** Whether the controller for watermarks runs here. */
  watermark: boolean;
}

const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: "TCP", port }));
const inNamespace = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});
const component = (name: string) => ({
  podSelector: {
    matchLabels: { "agent.datadoghq.com/name": agentName, "agent.datadoghq.com/component": name },
  },
});
const release = (name: string) => ({
  podSelector: { matchLabels: { "app.kubernetes.io/instance": name } },
});

const peer = ({ namespace, pods }: Pods) => ({
  ...inNamespace(namespace),
  podSelector: { matchLabels: pods },
});

/** What finds the agents' pods. */
export const agentPods = component("agent").podSelector.matchLabels;

/** What each part of Datadog may reach and be reached by, by the name of its policy. Whatever has none has nothing. */
export function networkPolicies(args: NetworkArgs): Record<string, Spec> {
  const { network, checks, serves } = args;
  const policyTypes = ["Ingress", "Egress"];
  const api = toApiServer(network.apiServer);
  const dns = toDns(network.dns);
  const agents = component("agent");
  const clusterAgents = component("cluster-agent");
  return {
    "deny-first": { podSelector: {}, policyTypes, ingress: [], egress: [] },
    operator: { ...release(operatorRelease), policyTypes, ingress: [], egress: [dns, api] },
    agent: {
      ...agents,
      policyTypes,
      // No peers would be everybody.
      ingress: args.tracers.length === 0 ? [] : [{ from: args.tracers.map(peer), ports: tcp(tracesPort) }],
      egress: [
        dns,
        api,
        // Datadog. Workspaces cannot be reached by it: their own policies let nobody in but Traefik.
        toHttps,
        toKubelets(network.nodes),
        { to: [clusterAgents], ports: tcp(5005) },
        ...placesOf(checks).map(({ service, pods, port }) => ({
          to: [peer({ namespace: service.namespace, pods })],
          ports: tcp(port),
        })),
      ],
    },
    "cluster-agent": {
      ...clusterAgents,
      policyTypes,
      ingress: [
        { from: [agents, clusterAgents], ports: tcp(5005) },
        // The API server asks from addresses that nobody knows.
        ...(serves.metrics ? [{ ports: tcp(8443) }] : []),
        ...(serves.admission ? [{ ports: tcp(8000) }] : []),
      ],
      egress: [dns, api, toHttps, { to: [clusterAgents, agents], ports: tcp(5005) }],
    },
    ...(args.watermark
      ? { watermark: { ...release(watermarkRelease), policyTypes, ingress: [], egress: [dns, api] } }
      : {}),
  };
}

function toKubelets(nodes: readonly string[]): EgressRule {
  return nodes.length === 0 ? { ports: tcp(10250) } : { to: blocks(nodes), ports: tcp(10250) };
}

/** Lets the agents in where a check's pods are, whose own policies do not know them. */
export function checkPolicy(namespace: string, { pods, port }: Place): Spec {
  return {
    podSelector: { matchLabels: pods },
    policyTypes: ["Ingress"],
    ingress: [{ from: [{ ...inNamespace(namespace), ...component("agent") }], ports: tcp(port) }],
  };
}
