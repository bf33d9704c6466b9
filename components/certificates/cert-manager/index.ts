import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { identityAnnotations, identityEgress, type DnsProvider } from "../../dns-provider";
import { labels } from "../../labels";
import { restrictedNamespace } from "../../security";
import type { RequestedCertificate } from "../certificate";
import { chartValues, releaseName, type ChartImages } from "./chart";
import { certificateSpec, issuerName, issuerSpec, providerSecret, type AcmeServer } from "./issuer";
import { networkPolicies, type CertManagerNetwork } from "./network";

export type { AcmeServer } from "./issuer";

export interface CertManagerArgs {
  /** The certificate covers this name and every one-label name below it. */
  domain: string;
  server: AcmeServer;
  /** Where the authority writes to when something is wrong with the certificate. */
  email: string;
  /** Who serves the domain's zone, which is where the domain is shown to be ours. */
  provider: DnsProvider;
  /** The cert-manager that is asked: one of the stack's own, or the namespace of the cluster's. */
  installation: Installation | { namespace: string };
}

/** A cert-manager of the stack's own, by its chart. */
export interface Installation {
  /** An `oci://` reference, or a folder. */
  chart: string;
  /** The chart's version; none where it is a folder. */
  version: string | undefined;
  images: ChartImages;
  nodeSelector: Record<string, string>;
  network: CertManagerNetwork;
}

const ownNamespace = "vibecode-certificates";

/** The authority asks whether the domain is ours, and records take their time until everybody sees them. */
const patience = { create: "15m", update: "15m" };
/** Of objects whose readiness the engine does not know by itself. */
const waitForReady = { "pulumi.com/waitFor": "condition=Ready" };

/** A certificate by Let's Encrypt, which cert-manager asks for and renews, by records in the domain's zone. */
export function certManager(
  name: string,
  args: CertManagerArgs,
  opts: pulumi.CustomResourceOptions,
): RequestedCertificate {
  const { provider, installation, server } = args;
  const common = labels("cert-manager", "certificates");
  const own = "chart" in installation;
  const namespace = own ? ownNamespace : installation.namespace;
  const installed = own ? install(name, installation, provider, opts) : undefined;

  const credentials = credentialsOf(provider);
  const secrets =
    credentials === undefined
      ? []
      : [
          new k8s.core.v1.Secret(
            `${name}-dns-provider`,
            {
              metadata: { name: providerSecret.name, namespace, labels: common },
              stringData: { [providerSecret.key]: pulumi.secret(credentials) },
            },
            { ...opts, dependsOn: installed === undefined ? [] : [installed.namespace] },
          ),
        ];
  const issuer = new k8s.apiextensions.CustomResource(
    `${name}-issuer`,
    {
      apiVersion: "cert-manager.io/v1",
      kind: "ClusterIssuer",
      metadata: { name: issuerName(server), labels: common, annotations: waitForReady },
      spec: issuerSpec(args),
    },
    { ...opts, dependsOn: [...(installed === undefined ? [] : [installed.release]), ...secrets] },
  );
  return {
    request: (resourceName, secret, options) =>
      new k8s.apiextensions.CustomResource(
        resourceName,
        {
          apiVersion: "cert-manager.io/v1",
          kind: "Certificate",
          metadata: { ...secret, annotations: waitForReady },
          spec: certificateSpec({ domain: args.domain, secretName: secret.name, server }),
        },
        { ...options, customTimeouts: patience, dependsOn: [...options.dependsOn, issuer] },
      ),
  };
}

/** Installs cert-manager; once its release is there it can be asked for something. */
function install(
  name: string,
  { chart, version, images, nodeSelector, network }: Installation,
  provider: DnsProvider,
  opts: pulumi.CustomResourceOptions,
): { namespace: pulumi.Resource; release: pulumi.Resource } {
  const common = labels("cert-manager", "certificates");
  const namespace = new k8s.core.v1.Namespace(
    `${name}-namespace`,
    { metadata: { name: ownNamespace, labels: { ...common, ...restrictedNamespace } } },
    opts,
  );
  const inside = { ...opts, dependsOn: [namespace] };
  const borders = Object.entries(networkPolicies(network, identityEgress(provider))).map(
    ([part, spec]) =>
      new k8s.networking.v1.NetworkPolicy(
        `${name}-${part}-network`,
        { metadata: { name: part, namespace: ownNamespace, labels: common }, spec },
        inside,
      ),
  );
  const release = new k8s.helm.v3.Release(
    `${name}-cert-manager`,
    {
      name: releaseName,
      namespace: ownNamespace,
      chart,
      ...(version === undefined ? {} : { version }),
      values: chartValues({
        images,
        namespace: ownNamespace,
        nodeSelector,
        annotations: identityAnnotations(provider),
      }),
      // Half an installation would keep the next one from beginning.
      atomic: true,
      timeout: 600,
    },
    { ...opts, dependsOn: [namespace, ...borders] },
  );
  return { namespace, release };
}

/** The token or key by which the provider knows cert-manager; none where the cloud knows its ServiceAccount. */
function credentialsOf(provider: DnsProvider): pulumi.Input<string> | undefined {
  switch (provider.type) {
    case "cloudflare":
      return provider.token;
    case "route53":
      return provider.key?.secret;
    case "google":
      return provider.key;
  }
}
