import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { labels, userLabel } from "../labels";
import { restrictedNamespace } from "../security";
import { editorPort, workspaceDeployment, type Resources } from "./pod";

export type { Resources } from "./pod";

export interface WorkspaceArgs {
  /** Whose it is: lower case letters, digits and single dashes. The namespace is `ws-<user>`. */
  user: string;
  /** Image with code-server, as `components/images.ts` or the stack's config names it. */
  image: string;
  /** CPU and memory of the editor. */
  resources: Resources;
  storage: WorkspaceStorage;
  route: WorkspaceRoute;
}

export interface WorkspaceStorage {
  /** Size of the home, a Kubernetes quantity: `10Gi`. */
  home: string;
  /** Size of the volume with the editor's extensions: `2Gi`. */
  extensions: string;
  /** Storage class of both; the cluster's default when absent. */
  class?: string | undefined;
  /** Keeps namespace and volumes in the cluster when the user leaves the stack. */
  retain: boolean;
}

export interface WorkspaceRoute {
  /** Full host name: `alice.dev.example.com`. */
  host: string;
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

/** One person's VS Code: a namespace of its own with the editor, its volumes and its public address. */
export class Workspace extends pulumi.ComponentResource {
  /** Whose it is. */
  readonly user: string;
  /** Where the editor is opened: `https://alice.dev.example.com`. */
  readonly url: string;

  constructor(name: string, args: WorkspaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("vibecode:workspace:Workspace", name, {}, opts);
    const child = { parent: this };
    const namespaceName = `ws-${args.user}`;
    const common = { ...labels("workspace", args.user), [userLabel]: args.user };
    // Not `protect`: the engine refuses to drop a protected resource from a stack even where it would be
    // retained, so a name could never leave the list.
    const kept = { parent: this, retainOnDelete: args.storage.retain };

    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: namespaceName, labels: { ...common, ...restrictedNamespace } } },
      kept,
    );
    const inside = { ...child, dependsOn: [namespace] };
    const metadata = (objectName: string) => ({
      name: objectName,
      namespace: namespaceName,
      labels: common,
    });

    const claim = (claimName: "home" | "extensions") =>
      new k8s.core.v1.PersistentVolumeClaim(
        `${name}-${claimName}`,
        {
          metadata: metadata(claimName),
          spec: {
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage: args.storage[claimName] } },
            ...(args.storage.class === undefined ? {} : { storageClassName: args.storage.class }),
          },
        },
        { ...kept, dependsOn: [namespace] },
      );
    const claims = [claim("home"), claim("extensions")];

    const serviceAccount = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata: metadata("workspace"), automountServiceAccountToken: false },
      inside,
    );

    const deployment = new k8s.apps.v1.Deployment(
      `${name}-editor`,
      {
        metadata: metadata("editor"),
        spec: workspaceDeployment({
          image: args.image,
          resources: args.resources,
          claims: { home: "home", extensions: "extensions" },
          serviceAccount: "workspace",
          labels: common,
        }),
      },
      { ...child, dependsOn: [...claims, serviceAccount] },
    );

    // No resource's suffix may end in another's: with `-service` and `-route-service` the users `a-route` and
    // `a` would share a name.
    const service = new k8s.core.v1.Service(
      `${name}-editor`,
      {
        metadata: metadata("editor"),
        spec: {
          selector: { app: "editor" },
          ports: [{ name: "http", port: editorPort, targetPort: "http" }],
        },
      },
      { ...child, dependsOn: [deployment] },
    );

    // The route lives beside the ingress controller, not in the user's namespace: the controller watches only
    // its own, so it needs no right to read the users' Secrets, and nobody with rights in a workspace's
    // namespace can claim another's host.
    const routeMetadata = {
      name: namespaceName,
      namespace: args.route.namespace,
      labels: common,
    };
    const routeService = new k8s.core.v1.Service(
      `${name}-route`,
      {
        metadata: routeMetadata,
        spec: {
          type: "ExternalName",
          externalName: `editor.${namespaceName}.svc.${args.route.clusterDomain}`,
          ports: [{ name: "http", port: editorPort }],
        },
      },
      { ...child, dependsOn: [service] },
    );
    new k8s.networking.v1.Ingress(
      `${name}-route`,
      {
        metadata: {
          ...routeMetadata,
          annotations: {
            "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
            "traefik.ingress.kubernetes.io/router.middlewares": args.route.middlewares.join(","),
          },
        },
        spec: {
          ingressClassName: args.route.ingressClass,
          tls: [{ hosts: [args.route.host] }],
          rules: [
            {
              host: args.route.host,
              http: {
                paths: [
                  {
                    path: "/",
                    pathType: "Prefix",
                    backend: { service: { name: namespaceName, port: { name: "http" } } },
                  },
                ],
              },
            },
          ],
        },
      },
      { ...child, dependsOn: [routeService] },
    );

    this.user = args.user;
    this.url = `https://${args.route.host}${args.route.port === 443 ? "" : `:${args.route.port}`}`;
    this.registerOutputs({ url: this.url });
  }
}
