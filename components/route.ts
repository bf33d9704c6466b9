import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

export interface RouteArgs {
  /** Of both objects; they lie in the ingress controller's namespace. */
  metadata: { name: string; namespace: pulumi.Input<string>; labels: Record<string, string> };
  /** Full host name: `alice.dev.example.com`. */
  host: string;
  /** The Service that answers, by its full DNS name. */
  service: string;
  port: number;
  /** Middlewares between the internet and the Service, in order: sign-in is one of them. */
  middlewares: readonly string[];
  /** Name of the IngressClass. */
  ingressClass: pulumi.Input<string>;
}

/**
 * A public address. It lies beside the ingress controller, not beside what it leads to: the controller watches only
 * its own namespace, so it needs no right to read the users' Secrets, and nobody with rights in a workspace's
 * namespace can claim another's host.
 */
export function route(name: string, args: RouteArgs, opts: pulumi.CustomResourceOptions): void {
  const { metadata, host, ingressClass } = args;
  const service = new k8s.core.v1.Service(
    `${name}-route`,
    {
      metadata,
      spec: { type: "ExternalName", externalName: args.service, ports: [{ name: "http", port: args.port }] },
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
        ingressClassName: ingressClass,
        tls: [{ hosts: [host] }],
        rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
      },
    },
    { ...opts, dependsOn: [service] },
  );
}
