import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { contentHash } from "../content-hash";
import { identityAnnotations, identityEgress } from "../dns-provider";
import { toApiServer, toDns, toHttps } from "../egress";
import { labels } from "../labels";
import { restrictedNamespace } from "../security";
import { dnsArguments, type ArgumentsArgs } from "./arguments";
import { podSpec, secretData } from "./pod";

export { dnsAnnotations } from "./arguments";

export interface DnsArgs extends ArgumentsArgs {
  /** Image of ExternalDNS. */
  image: string;
  /** Labels of the nodes that may run it. */
  nodeSelector: Record<string, string>;
  /** Where the API server and names are found, as CIDRs. */
  network: { apiServer: readonly string[]; dns: readonly string[] };
}

/** Waiting is not passed on to a component's children by the SDK, so it must be a plain list here. */
export type DnsOptions = Omit<pulumi.ComponentResourceOptions, "dependsOn"> & {
  /** What must be there before: the ingress's namespace. */
  dependsOn: pulumi.Resource[];
};

const name = "external-dns";
const namespaceName = "vibecode-dns";

/** ExternalDNS: keeps the record that leads to the load balancer. It may read that Service and nothing else. */
export class Dns extends pulumi.ComponentResource {
  constructor(resourceName: string, args: DnsArgs, opts: DnsOptions) {
    super("vibecode:dns:Dns", resourceName, {}, opts);
    const child = { parent: this };
    const common = labels(name, "dns");
    const metadata = { name, namespace: namespaceName, labels: common };

    const namespace = new k8s.core.v1.Namespace(
      `${resourceName}-namespace`,
      { metadata: { name: namespaceName, labels: { ...common, ...restrictedNamespace } } },
      child,
    );
    const inside = { parent: this, dependsOn: [namespace] };
    const account = new k8s.core.v1.ServiceAccount(
      `${resourceName}-account`,
      { metadata: { ...metadata, annotations: identityAnnotations(args.provider) } },
      inside,
    );
    const there = { name: "vibecode-external-dns", namespace: args.ingressNamespace, labels: common };
    const role = new k8s.rbac.v1.Role(
      `${resourceName}-role`,
      {
        metadata: there,
        rules: [{ apiGroups: [""], resources: ["services"], verbs: ["get", "list", "watch"] }],
      },
      { parent: this, dependsOn: opts.dependsOn },
    );
    const binding = new k8s.rbac.v1.RoleBinding(
      `${resourceName}-binding`,
      {
        metadata: there,
        subjects: [{ kind: "ServiceAccount", name, namespace: namespaceName }],
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: there.name },
      },
      { parent: this, dependsOn: [role] },
    );
    const border = new k8s.networking.v1.NetworkPolicy(
      `${resourceName}-network`,
      {
        metadata,
        spec: {
          podSelector: {},
          policyTypes: ["Ingress", "Egress"],
          ingress: [],
          egress: [
            toDns(args.network.dns),
            toApiServer(args.network.apiServer),
            toHttps,
            ...identityEgress(args.provider),
          ],
        },
      },
      inside,
    );

    const data = pulumi.secret(pulumi.output(secretData(args.provider)));
    const hasSecret = Object.keys(secretData(args.provider)).length > 0;
    const secrets = hasSecret
      ? [new k8s.core.v1.Secret(`${resourceName}-secret`, { metadata, stringData: data }, inside)]
      : [];
    // The hash is of what is secret, and tells nothing of it.
    const hash = pulumi.unsecret(data.apply(contentHash));
    const selector = { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": "dns" };
    new k8s.apps.v1.Deployment(
      `${resourceName}-external-dns`,
      {
        metadata,
        spec: {
          // Two would write the same records.
          replicas: 1,
          revisionHistoryLimit: 2,
          selector: { matchLabels: selector },
          strategy: { type: "Recreate" },
          template: {
            metadata: {
              labels: common,
              ...(hasSecret ? { annotations: { "vibecode/config-hash": hash } } : {}),
            },
            spec: podSpec({
              name,
              image: args.image,
              args: dnsArguments(args),
              provider: args.provider,
              nodeSelector: args.nodeSelector,
            }),
          },
        },
      },
      { parent: this, dependsOn: [account, binding, border, ...secrets] },
    );
    this.registerOutputs({});
  }
}
