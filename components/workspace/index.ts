import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { labels, userLabel } from "../labels";
import { route } from "../route";
import { restrictedNamespace } from "../security";
import { claudeTokenVariable } from "./claude";
import { limitRange, quota, type Size } from "./limits";
import { networkPolicy, type ClusterNetwork, type Destination } from "./network";
import { editorPort, selector, workspaceDeployment, type Person, type Placement, type Tools } from "./pod";
import type { Retention } from "./retention";
import { accessRoles } from "./roles";
import { workspaceSecret } from "./secret";

export { editorPort } from "./pod";
export { retentionHooks } from "./retention";
export { WorkspaceRoles } from "./roles";

/** The full DNS name of a user's editor inside the cluster. */
export const editorService = (user: string, clusterDomain: string): string =>
  `editor.ws-${user}.svc.${clusterDomain}`;

export interface WorkspaceArgs {
  /** Whose it is; `person.user` is lower case letters, digits and single dashes. The namespace is `ws-<user>`. */
  person: Person;
  /** Image with code-server, as `components/images.ts` or the stack's config names it. */
  image: string;
  /** `stopped` keeps data and address, and runs no pod. */
  state: "running" | "stopped";
  /** CPU and memory, and the most that the namespace may use. */
  size: Size;
  storage: WorkspaceStorage;
  /** Marks what the user leaves in the cluster; nothing is marked when absent, or where nothing is retained. */
  retention?: Retention | undefined;
  tools: Tools;
  /** Secret environment variables, by name. */
  secretEnv: Readonly<Record<string, string>>;
  /** Token of Claude Code's API; secret. */
  claudeToken?: string | undefined;
  /** Generates an SSH key, which the workspace holds. */
  sshKey: boolean;
  /** What the workspace may do in its own namespace, by the API server. Default: nothing. */
  kubernetesAccess?: "view" | "edit" | undefined;
  network: WorkspaceNetwork;
  placement: Placement;
  route: WorkspaceRoute;
}

export interface WorkspaceStorage {
  /** Size of the home, a Kubernetes quantity: `10Gi`. It can grow, and never shrinks. */
  home: string;
  /** Size of the volume with the editor's extensions: `2Gi`. It can grow, and never shrinks. */
  extensions: string;
  /** What may be written to /tmp, on the node's own disk: `4Gi`. */
  temporary: string;
  /** Storage class of both volumes; the cluster's default when absent. */
  class?: string | undefined;
  /** Keeps namespace and volumes in the cluster when the user leaves the stack. */
  retain: boolean;
}

export interface WorkspaceNetwork {
  /** The cluster's own addresses. */
  cluster: ClusterNetwork;
  /** Private destinations that are open nevertheless. */
  allow: Destination[];
}

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

/** One person's VS Code: a namespace of its own with the editor, its borders, its volumes and its address. */
export class Workspace extends pulumi.ComponentResource {
  /** Whose it is. */
  readonly user: string;
  /** Where the editor is opened: `https://alice.dev.example.com`. */
  readonly url: string;
  /** Public half of the SSH key, one line for `authorized_keys`; undefined without a key. */
  readonly publicKey: pulumi.Output<string> | undefined;

  constructor(name: string, args: WorkspaceArgs, opts?: pulumi.ComponentResourceOptions) {
    const hooks = args.storage.retain ? args.retention : undefined;
    super("vibecode:workspace:Workspace", name, {}, { ...opts, ...(hooks && { hooks: hooks.leaving }) });
    const { user } = args.person;
    const child = { parent: this };
    const namespaceName = `ws-${user}`;
    const common = { ...labels("workspace", user), [userLabel]: user };
    // Not `protect`: the engine refuses to drop a protected resource from a stack even where it would be
    // retained, so a name could never leave the list.
    const kept = { parent: this, retainOnDelete: args.storage.retain };

    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: namespaceName, labels: { ...common, ...restrictedNamespace } } },
      { ...kept, ...(hooks && { hooks: hooks.returning }) },
    );
    const inside = { ...child, dependsOn: [namespace] };
    const metadata = (objectName: string) => ({ name: objectName, namespace: namespaceName, labels: common });

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

    // What a person with `edit` has started may outlive the editor for a moment: it never runs without its borders,
    // which stay with the namespace.
    const keptInside = { ...kept, dependsOn: [namespace] };
    const borders = [
      new k8s.core.v1.ResourceQuota(
        `${name}-quota`,
        { metadata: metadata("workspace"), spec: quota(args.size, args.storage.temporary) },
        keptInside,
      ),
      new k8s.core.v1.LimitRange(
        `${name}-limits`,
        { metadata: metadata("workspace"), spec: limitRange(args.size, args.storage.temporary) },
        keptInside,
      ),
      new k8s.networking.v1.NetworkPolicy(
        `${name}-network`,
        {
          metadata: metadata("workspace"),
          spec: networkPolicy({
            ...args.network,
            ingressNamespace: args.route.namespace,
            kubernetesAccess: args.kubernetesAccess !== undefined,
          }),
        },
        keptInside,
      ),
    ];

    const serviceAccount = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata: metadata("workspace"), automountServiceAccountToken: false },
      inside,
    );
    if (args.kubernetesAccess !== undefined) {
      new k8s.rbac.v1.RoleBinding(
        `${name}-access`,
        {
          metadata: metadata("workspace"),
          subjects: [{ kind: "ServiceAccount", name: "workspace", namespace: namespaceName }],
          roleRef: {
            apiGroup: "rbac.authorization.k8s.io",
            kind: "ClusterRole",
            name: accessRoles[args.kubernetesAccess],
          },
        },
        inside,
      );
    }

    const { claudeToken } = args;
    const variables = {
      ...(claudeToken === undefined ? {} : { [claudeTokenVariable]: claudeToken }),
      ...args.secretEnv,
    };
    const secret = workspaceSecret(name, metadata("workspace"), { variables, sshKey: args.sshKey }, inside);

    const deployment = new k8s.apps.v1.Deployment(
      `${name}-editor`,
      {
        metadata: metadata("editor"),
        spec: workspaceDeployment({
          ...args,
          temporary: args.storage.temporary,
          ports: { host: args.route.portHost, httpsPort: args.route.port },
          claims: { home: "home", extensions: "extensions" },
          secret: secret?.files,
          serviceAccount: "workspace",
          token: args.kubernetesAccess !== undefined,
          labels: common,
        }),
      },
      // No pod runs before its borders are drawn.
      { ...child, dependsOn: [...claims, ...borders, serviceAccount, ...(secret ? [secret.resource] : [])] },
    );

    // No resource's suffix may end in another's: with `-service` and `-route-service` the users `a-route` and
    // `a` would share a name.
    const service = new k8s.core.v1.Service(
      `${name}-editor`,
      {
        metadata: {
          ...metadata("editor"),
          // A stopped workspace has no pod, for which the provider would wait. The Deployment was waited for.
          annotations: { "pulumi.com/skipAwait": "true" },
        },
        spec: { selector, ports: [{ name: "http", port: editorPort, targetPort: "http" }] },
      },
      { ...child, dependsOn: [deployment] },
    );
    route(
      name,
      {
        ...args.route,
        metadata: { name: namespaceName, namespace: args.route.namespace, labels: common },
        service: editorService(user, args.route.clusterDomain),
        port: editorPort,
      },
      { ...child, dependsOn: [service] },
    );

    this.user = user;
    this.url = `https://${args.route.host}${args.route.port === 443 ? "" : `:${args.route.port}`}`;
    this.publicKey = secret?.publicKey;
    this.registerOutputs({ url: this.url });
  }
}
