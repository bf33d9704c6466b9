import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Who serves the zone that a stack's domain is in, and as whom a pod comes there to change it. */
export type DnsProvider = Cloudflare | Route53 | CloudDns;

export interface Cloudflare {
  type: "cloudflare";
  /** An API token with Zone.Zone:Read and Zone.DNS:Edit for the zone. */
  token: pulumi.Input<string>;
}

/** With neither role nor key: whatever role the cluster gives the pod's ServiceAccount, by EKS Pod Identity. */
export interface Route53 {
  type: "route53";
  region: string;
  /** ARN of an IAM role that trusts the pod's ServiceAccount (IRSA). */
  role?: string | undefined;
  /** An access key instead. */
  key?: { id: string; secret: pulumi.Input<string> } | undefined;
}

/** With neither account nor key: the pod's own ServiceAccount, by workload identity federation. */
export interface CloudDns {
  type: "google";
  /** The project that the zone is in. */
  project: string;
  /** A Google service account that the pod's ServiceAccount may act as. */
  serviceAccount?: string | undefined;
  /** A Google service account's key instead, JSON. */
  key?: pulumi.Input<string> | undefined;
}

/** What the pod's ServiceAccount must say for the cloud to know it. */
export function identityAnnotations(provider: DnsProvider): Record<string, string> {
  if (provider.type === "route53" && provider.role !== undefined)
    return { "eks.amazonaws.com/role-arn": provider.role };
  if (provider.type === "google" && provider.serviceAccount !== undefined)
    return { "iam.gke.io/gcp-service-account": provider.serviceAccount };
  return {};
}

/** Addresses on the pod's own node at which a cloud tells it who it is. Nobody needs them who has a key. */
export function identityEgress(
  provider: DnsProvider,
): k8s.types.input.networking.v1.NetworkPolicyEgressRule[] {
  if (provider.type === "cloudflare" || provider.key !== undefined) return [];
  const open = (cidrs: readonly string[], port: number) => ({
    to: cidrs.map((cidr) => ({ ipBlock: { cidr } })),
    ports: [{ protocol: "TCP", port }],
  });
  return provider.type === "route53"
    ? [open(["169.254.170.23/32", "fd00:ec2::23/128"], 80)]
    : // GKE's metadata server: with Dataplane V2, and without.
      [open(["169.254.169.254/32"], 80), open(["169.254.169.252/32"], 988)];
}
