import type * as k8s from "@pulumi/kubernetes";

import { toApiServer, toHttps } from "../../egress";
import { releaseName } from "./chart";

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
type EgressRule = k8s.types.input.networking.v1.NetworkPolicyEgressRule;

/** Where cert-manager finds the API server: CIDRs; empty: wherever its ports answer. */
export interface CertManagerNetwork {
  apiServer: readonly string[];
}

const select = (component: string) => ({
  podSelector: {
    matchLabels: {
      "app.kubernetes.io/instance": releaseName,
      "app.kubernetes.io/component": component,
    },
  },
});

/**
 * What each part of cert-manager may reach and be reached by, by the name of its policy.
 *
 * @param identity where a cloud tells the controller who it is
 */
export function networkPolicies(
  { apiServer }: CertManagerNetwork,
  identity: readonly EgressRule[],
): Record<string, Spec> {
  const api = toApiServer(apiServer);
  const policyTypes = ["Ingress", "Egress"];
  const clientOnly = { policyTypes, ingress: [], egress: [api] };
  return {
    controller: {
      ...select("controller"),
      policyTypes,
      ingress: [],
      egress: [
        api,
        // The authority and the DNS provider, and every server of the zone: whether each has the answer is asked
        // before the authority is.
        toHttps,
        { ports: ["UDP", "TCP"].map((protocol) => ({ protocol, port: 53 })) },
        ...identity,
      ],
    },
    // The API server asks it, from addresses that nobody knows.
    webhook: {
      ...select("webhook"),
      policyTypes,
      ingress: [{ ports: [{ protocol: "TCP", port: 10250 }] }],
      egress: [api],
    },
    cainjector: { ...select("cainjector"), ...clientOnly },
    startupapicheck: { ...select("startupapicheck"), ...clientOnly },
  };
}
