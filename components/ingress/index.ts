import { createHash } from "node:crypto";

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import type { Middleware } from "../auth";
import { labels } from "../labels";
import { containerSecurity, podSecurity, restrictedNamespace } from "../security";
import { dynamicConfig, ports, staticConfig, type RateLimit } from "./traefik";

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
  /** The wildcard certificate and its key, PEM. */
  certificate: { chain: pulumi.Input<string>; key: pulumi.Input<string> };
  /** Middlewares of sign-in, by name. */
  signIn: pulumi.Input<Record<string, Middleware>>;
}

/** How the world reaches the cluster: through the cloud's load balancer, or a fixed port of each node. */
export type Exposure = { type: "LoadBalancer" } | { type: "NodePort"; http: number; https: number };

const traefikId = 65532;
const name = "traefik";
const namespaceName = "vibecode-ingress";
const className = "vibecode";

/** Traefik: the one door of the platform. TLS ends here, sign-in is asked here, and routes are plain Ingresses. */
export class Ingress extends pulumi.ComponentResource {
  /** The namespace whose Ingresses are served: `vibecode-ingress`. */
  readonly namespace: pulumi.Output<string>;
  /** The IngressClass: `vibecode`. */
  readonly ingressClass: pulumi.Output<string>;

  constructor(resourceName: string, args: IngressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("vibecode:ingress:Ingress", resourceName, args, opts);
    const child = { parent: this };
    const common = labels(name, "ingress");
    const metadata = (objectName: string) => ({
      name: objectName,
      namespace: namespaceName,
      labels: common,
    });

    const namespace = new k8s.core.v1.Namespace(
      `${resourceName}-namespace`,
      { metadata: { name: namespaceName, labels: { ...common, ...restrictedNamespace } } },
      child,
    );
    const inside = { parent: this, dependsOn: [namespace] };

    const configFiles = {
      "traefik.yaml": stringify(
        staticConfig({
          namespace: namespaceName,
          ingressClass: className,
          httpsPort: args.httpsPort,
          // A Service with fixed ports has no address of its own to show.
          endpoint:
            args.exposure.type === "NodePort"
              ? { hostname: args.domain }
              : { publishedService: `${namespaceName}/${name}` },
        }),
      ),
      "middlewares.yaml": stringify(dynamicConfig(args.rateLimit)),
    };
    const config = new k8s.core.v1.ConfigMap(
      `${resourceName}-config`,
      { metadata: metadata(name), data: configFiles },
      inside,
    );
    const certificate = new k8s.core.v1.Secret(
      `${resourceName}-certificate`,
      {
        metadata: metadata("wildcard-certificate"),
        type: "kubernetes.io/tls",
        stringData: { "tls.crt": args.certificate.chain, "tls.key": args.certificate.key },
      },
      inside,
    );
    // Watched, not hashed into the pod: a person who comes or goes must not cut everyone else's WebSockets.
    const signIn = new k8s.core.v1.Secret(
      `${resourceName}-sign-in`,
      {
        metadata: metadata("sign-in"),
        stringData: {
          "sign-in.yaml": pulumi
            .secret(args.signIn)
            .apply((middlewares) => stringify({ http: { middlewares } }, { sortMapEntries: true })),
        },
      },
      inside,
    );

    const rights = this.rights(resourceName, common, inside);
    const ingressClass = new k8s.networking.v1.IngressClass(
      `${resourceName}-class`,
      {
        metadata: { name: className, labels: common },
        spec: { controller: "traefik.io/ingress-controller" },
      },
      child,
    );

    const selector = { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": "ingress" };
    const configHash = pulumi.output(args.certificate.chain).apply((chain) =>
      createHash("sha256")
        .update(JSON.stringify([configFiles, chain]))
        .digest("hex"),
    );
    const ping = { httpGet: { path: "/ping", port: "ping" } };
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
            spec: {
              serviceAccountName: name,
              enableServiceLinks: false,
              securityContext: podSecurity(traefikId),
              nodeSelector: args.nodeSelector,
              terminationGracePeriodSeconds: 30,
              topologySpreadConstraints: [
                {
                  maxSkew: 1,
                  topologyKey: "kubernetes.io/hostname",
                  whenUnsatisfiable: "ScheduleAnyway",
                  labelSelector: { matchLabels: selector },
                },
              ],
              containers: [
                {
                  name,
                  image: args.image,
                  args: ["--configFile=/etc/traefik/config/traefik.yaml"],
                  ports: Object.entries(ports).map(([port, containerPort]) => ({
                    name: port,
                    containerPort,
                  })),
                  resources: {
                    requests: { cpu: "100m", memory: "96Mi" },
                    limits: { cpu: "2", memory: "512Mi" },
                  },
                  startupProbe: { ...ping, periodSeconds: 1, failureThreshold: 60 },
                  readinessProbe: { ...ping, periodSeconds: 5 },
                  livenessProbe: { ...ping, periodSeconds: 10, failureThreshold: 6 },
                  securityContext: containerSecurity,
                  volumeMounts: [
                    { name: "config", mountPath: "/etc/traefik/config", readOnly: true },
                    { name: "dynamic", mountPath: "/etc/traefik/dynamic", readOnly: true },
                    { name: "tls", mountPath: "/etc/traefik/tls", readOnly: true },
                  ],
                },
              ],
              volumes: [
                { name: "config", configMap: { name } },
                { name: "dynamic", projected: { sources: dynamicSources } },
                { name: "tls", secret: { secretName: "wildcard-certificate" } },
              ],
            },
          },
        },
      },
      { ...child, dependsOn: [config, certificate, signIn, ingressClass, ...rights] },
    );

    new k8s.core.v1.Service(
      `${resourceName}-service`,
      {
        metadata: metadata(name),
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
    this.namespace = namespace.metadata.name;
    this.ingressClass = ingressClass.metadata.name;
    this.registerOutputs({});
  }

  /** Traefik reads Ingresses, Services and Secrets of its own namespace, and of the cluster only what is no secret. */
  private rights(
    resourceName: string,
    common: Record<string, string>,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource[] {
    const metadata = { name, namespace: namespaceName, labels: common };
    const clusterMetadata = { name: "vibecode-traefik", labels: common };
    const read = ["get", "list", "watch"];
    const subjects = [{ kind: "ServiceAccount", name, namespace: namespaceName }];
    const apiGroup = "rbac.authorization.k8s.io";
    return [
      new k8s.core.v1.ServiceAccount(`${resourceName}-account`, { metadata }, opts),
      new k8s.rbac.v1.Role(
        `${resourceName}-role`,
        {
          metadata,
          rules: [
            { apiGroups: [""], resources: ["services", "secrets"], verbs: read },
            { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
            { apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: read },
            { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["update"] },
          ],
        },
        opts,
      ),
      new k8s.rbac.v1.RoleBinding(
        `${resourceName}-binding`,
        { metadata, subjects, roleRef: { apiGroup, kind: "Role", name } },
        opts,
      ),
      new k8s.rbac.v1.ClusterRole(
        `${resourceName}-cluster-role`,
        {
          metadata: clusterMetadata,
          rules: [
            { apiGroups: [""], resources: ["nodes"], verbs: read },
            { apiGroups: ["networking.k8s.io"], resources: ["ingressclasses"], verbs: read },
          ],
        },
        opts,
      ),
      new k8s.rbac.v1.ClusterRoleBinding(
        `${resourceName}-cluster-binding`,
        {
          metadata: clusterMetadata,
          subjects,
          roleRef: { apiGroup, kind: "ClusterRole", name: clusterMetadata.name },
        },
        opts,
      ),
    ];
  }
}

// In a folder below the volume's root: there Traefik sees each file once. At the root it would see it twice,
// as a link and in the dated folder behind the link, and warn at every load.
const dynamicSources = [
  { configMap: { name, items: [{ key: "middlewares.yaml", path: "files/middlewares.yaml" }] } },
  { secret: { name: "sign-in", items: [{ key: "sign-in.yaml", path: "files/sign-in.yaml" }] } },
];

function nodePort(exposure: Exposure, port: "http" | "https"): { nodePort?: number } {
  return exposure.type === "NodePort" ? { nodePort: exposure[port] } : {};
}
