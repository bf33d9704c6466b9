import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { editorPort } from "./pod";

export interface WorkspaceRoute {
  /** Full host name: `alice.dev.example.com`. */
  host: string;
  /** Host of a forwarded port, with `{{port}}` in it: `{{port}}--alice.dev.example.com`. */
  portHost: string;
  /** The port people type: 443, which a URL leaves out, or another. */
  port: number;
  /** Namespace whose Ingresses the ingress controller serves. */
  namespace: pulumi.Input<string>;
  /** Name of the IngressClass. */
  ingressClass: pulumi.Input<string>;
  /** Middlewares between the internet and the editor, in order: sign-in is one of them. */
  middlewares: string[];
  /** Name under which the cluster's services are found in DNS: `cluster.local`. */
  clusterDomain: string;
}

/**
 * The public address of one workspace. It lies beside the ingress controller, not in the user's namespace: the
 * controller watches only its own, so it needs no right to read the users' Secrets, and nobody with rights in a
 * workspace's namespace can claim another's host.
 *
 * @param metadata of both objects, which lie in the controller's namespace
 * @param service the editor's Service, by its full DNS name
 */
export function route(
  name: string,
  metadata: { name: string; namespace: pulumi.Input<string>; labels: Record<string, string> },
  service: string,
  args: WorkspaceRoute,
  opts: pulumi.CustomResourceOptions,
): void {
  const routeService = new k8s.core.v1.Service(
    `${name}-route`,
    {
      metadata,
      spec: { type: "ExternalName", externalName: service, ports: [{ name: "http", port: editorPort }] },
    },
    opts,
  );
  const backend = { service: { name: metadata.name, port: { name: "http" } } };
  new k8s.networking.v1.Ingress(
    `${name}-route`,
    {
      metadata: {
        ...metadata,
        annotations: {
          "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
          "traefik.ingress.kubernetes.io/router.middlewares": args.middlewares.join(","),
        },
      },
      spec: {
        ingressClassName: args.ingressClass,
        tls: [{ hosts: [args.host] }],
        rules: [{ host: args.host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
      },
    },
    { ...opts, dependsOn: [routeService] },
  );
}
