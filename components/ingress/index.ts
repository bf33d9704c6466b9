import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import { contentHash } from "../content-hash";
import type { SignIn, SignInEgress, SignInRoute } from "../auth";
import type { Certificate, RequestOptions, SecretMetadata } from "../certificates";
import { labels } from "../labels";
import { route } from "../route";
import type { Scraper } from "../scraper";
import { restrictedNamespace } from "../security";
import { dynamicFile } from "./dynamic-file";
import { forwards, type Forward } from "./forwards";
import { networkPolicy, type IngressNetwork } from "./network";
import { certificateSecret, podSpec, requestedSecret, signInFile, signInSecret } from "./pod";
import { rights } from "./rights";
import { pluginFiles } from "./plugins";
import { dynamicConfig, staticConfig, type RateLimit } from "./traefik";

export type { Forward } from "./forwards";
export type { IngressNetwork } from "./network";
export { cookieGuard, sessionCookie } from "./session-cookie";
export { stopped } from "./stopped";

export interface IngressArgs {
  /** Image of Traefik. */
  image: string;
  /** Pods; two or more keep the editors reachable while a node is drained. */
  replicas: number;
  exposure: Exposure;
  /** The stack's domain, below which all hosts are. */
  domain: string;
  /** The port people type, where it is not 443. */
  httpsPort: number;
  rateLimit: RateLimit;
  /** Labels of the nodes that may run Traefik. */
  nodeSelector: Record<string, string>;
  /** The wildcard certificate. */
  certificate: Certificate;
  /** Sign-in's middlewares, its own pages, and whom Traefik asks. */
  signIn: Pick<SignIn, "middlewares" | "cookies" | "routes" | "egress">;
  /** The platform's own pages besides sign-in's, each behind the guard of administrators, and the pods behind them. */
  pages?: { routes: readonly SignInRoute[]; egress: readonly SignInEgress[] } | undefined;
  /** Where Traefik sends traces, and the pods that take them; nowhere when absent. */
  traces?: { url: string; egress: SignInEgress } | undefined;
  /** Who may read Traefik's metrics; nobody when absent. */
  scrapers?: readonly Scraper[] | undefined;
  /** Whose programs are reached at `https://<port>--<host>`: one entry a user. */
  forwards: readonly Forward[];
  /** Where Traefik finds the API server and names, besides the editors. */
  network: IngressNetwork;
}

/** How the world reaches the cluster: through the cloud's load balancer, or a fixed port of each node. */
export type Exposure =
  /** The annotations are what the cloud, or whoever keeps its DNS, must know of it. */
  | { type: "LoadBalancer"; annotations: Record<string, string> }
  | { type: "NodePort"; http: number; https: number };

const name = "traefik";
/** Where Traefik and all routes are. */
export const ingressNamespace = "vibecode-ingress";
const className = "vibecode";

/** Traefik: the one door of the platform. TLS ends here, sign-in is asked here, and routes are plain Ingresses. */
export class Ingress extends pulumi.ComponentResource {
  /** The namespace whose Ingresses are served: `vibecode-ingress`. */
  readonly namespace: pulumi.Output<string>;
  /** The IngressClass: `vibecode`. */
  readonly ingressClass: pulumi.Output<string>;

  constructor(resourceName: string, args: IngressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("vibecode:ingress:Ingress", resourceName, {}, opts);
    const child = { parent: this };
    const common = labels(name, "ingress");
    const metadata = (objectName: string) => ({
      name: objectName,
      namespace: ingressNamespace,
      labels: common,
    });

    const namespace = new k8s.core.v1.Namespace(
      `${resourceName}-namespace`,
      { metadata: { name: ingressNamespace, labels: { ...common, ...restrictedNamespace } } },
      child,
    );
    const inside = { parent: this, dependsOn: [namespace] };

    const configFiles = {
      "traefik.yaml": stringify(
        staticConfig({
          namespace: ingressNamespace,
          ingressClass: className,
          httpsPort: args.httpsPort,
          traces: args.traces?.url,
          // A Service with fixed ports has no address of its own to show.
          endpoint:
            args.exposure.type === "NodePort"
              ? { hostname: args.domain }
              : { publishedService: `${ingressNamespace}/${name}` },
        }),
      ),
      "middlewares.yaml": dynamicFile(dynamicConfig(args.rateLimit, args.signIn.cookies)),
      ...pluginFiles,
    };
    const config = new k8s.core.v1.ConfigMap(
      `${resourceName}-config`,
      { metadata: metadata(name), data: configFiles },
      inside,
    );
    const [secretName, certificate] = certificateIn(`${resourceName}-certificate`, args, metadata, inside);
    // Watched, not hashed into the pod: a person who comes or goes must not cut everyone else's WebSockets.
    const signIn = new k8s.core.v1.Secret(
      `${resourceName}-sign-in`,
      {
        metadata: metadata(signInSecret),
        stringData: {
          [signInFile]: pulumi
            .secret(args.signIn.middlewares)
            .apply((middlewares) => dynamicFile({ http: { middlewares, ...forwards(args.forwards) } })),
        },
      },
      inside,
    );

    new k8s.networking.v1.NetworkPolicy(
      `${resourceName}-network`,
      {
        metadata: metadata(name),
        spec: networkPolicy(
          args.network,
          [
            ...args.signIn.egress,
            ...(args.pages?.egress ?? []),
            ...(args.traces === undefined ? [] : [args.traces.egress]),
          ],
          args.scrapers,
        ),
      },
      inside,
    );

    const traefikRights = rights(resourceName, { name, namespace: ingressNamespace, labels: common }, inside);
    const ingressClass = new k8s.networking.v1.IngressClass(
      `${resourceName}-class`,
      {
        metadata: { name: className, labels: common },
        spec: { controller: "traefik.io/ingress-controller" },
      },
      child,
    );

    const selector = { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": "ingress" };
    const configHash = contentHash(configFiles);
    const deployment = new k8s.apps.v1.Deployment(
      `${resourceName}-traefik`,
      {
        metadata: metadata(name),
        spec: {
          replicas: args.replicas,
          revisionHistoryLimit: 2,
          selector: { matchLabels: selector },
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: {
            metadata: { labels: common, annotations: { "vibecode/config-hash": configHash } },
            spec: podSpec({
              image: args.image,
              certificate: secretName,
              nodeSelector: args.nodeSelector,
              selector,
            }),
          },
        },
      },
      { ...child, dependsOn: [config, certificate, signIn, ingressClass, ...traefikRights] },
    );

    new k8s.core.v1.Service(
      `${resourceName}-service`,
      {
        metadata: {
          ...metadata(name),
          ...(args.exposure.type === "LoadBalancer" ? { annotations: args.exposure.annotations } : {}),
        },
        spec: {
          type: args.exposure.type,
          // A load balancer finds the nodes that run Traefik, so the client's own address is kept, which the rate
          // limit counts by. A fixed port must answer on every node.
          externalTrafficPolicy: args.exposure.type === "LoadBalancer" ? "Local" : "Cluster",
          selector,
          ports: [
            { name: "web", port: 80, targetPort: "web", ...nodePort(args.exposure, "http") },
            { name: "websecure", port: 443, targetPort: "websecure", ...nodePort(args.exposure, "https") },
          ],
        },
      },
      { ...child, dependsOn: [deployment] },
    );
    if (args.replicas > 1) {
      new k8s.policy.v1.PodDisruptionBudget(
        `${resourceName}-budget`,
        { metadata: metadata(name), spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
        inside,
      );
    }
    for (const page of [...args.signIn.routes, ...(args.pages?.routes ?? [])]) {
      route(
        `${resourceName}-${page.name}`,
        { ...page, metadata: metadata(page.name), ingressClass: ingressClass.metadata.name },
        inside,
      );
    }
    this.namespace = namespace.metadata.name;
    this.ingressClass = ingressClass.metadata.name;
    this.registerOutputs({});
  }
}

/** The Secret that the pods mount, made here or asked for, and its name. */
function certificateIn(
  resourceName: string,
  { certificate }: IngressArgs,
  metadata: (name: string) => SecretMetadata,
  opts: RequestOptions,
): [string, pulumi.Resource] {
  if ("request" in certificate)
    return [requestedSecret, certificate.request(resourceName, metadata(requestedSecret), opts)];
  const secret = new k8s.core.v1.Secret(
    resourceName,
    {
      metadata: metadata(certificateSecret),
      type: "kubernetes.io/tls",
      stringData: { "tls.crt": certificate.chain, "tls.key": certificate.key },
    },
    opts,
  );
  return [certificateSecret, secret];
}

function nodePort(exposure: Exposure, port: "http" | "https"): { nodePort?: number } {
  return exposure.type === "NodePort" ? { nodePort: exposure[port] } : {};
}
