import type * as k8s from "@pulumi/kubernetes";
import * as kx from "@pulumi/kubernetesx";
import * as pulumi from "@pulumi/pulumi";

import { containerSecurity, podSecurity } from "../security";
import { claudeEnvironment, managedSettings, type Claude } from "./claude";
import { containerResources, type Size } from "./limits";

/** The port on which code-server listens inside the pod. */
export const editorPort = 8080;

/** The user `coder` of the workspace image. */
const coder = 1000;

export interface PodArgs {
  /** Image of the workspace, with tag and, outside a local cluster, digest. */
  image: string;
  /** Whether a pod runs. */
  state: "running" | "stopped";
  size: Size;
  /** What may be written to /tmp, on the node's own disk: `4Gi`. */
  temporary: string;
  person: Person;
  tools: Tools;
  placement: Placement;
  /** Where a forwarded port is opened. */
  ports: PortAddress;
  /** Names of the PVCs behind the home and the extensions. */
  claims: { home: string; extensions: string };
  /** The Secret that the workspace reads; none where it has no secrets. */
  secret?: SecretFiles | undefined;
  serviceAccount: string;
  /** Whether the pod gets that account's token. */
  token: boolean;
  /** Labels of the pod, besides `app`, which the selector uses. */
  labels: Record<string, string>;
}

/** Whose workspace it is; git signs commits with it. */
export interface Person {
  user: string;
  fullName: string;
  email: string;
}

/** What a person finds in the workspace. */
export interface Tools {
  /** `publisher.name`, with `@version` where it is pinned. */
  extensions: readonly string[];
  /** Where extensions come from; the image's own folder alone when absent. */
  gallery?: { serviceUrl: string; itemUrl?: string | undefined } | undefined;
  /** A git repository, cloned at the first start. */
  dotfiles?: string | undefined;
  claude: Claude;
}

/** Which nodes a workspace runs on, and how far it is kept from them. */
export interface Placement {
  nodeSelector: Record<string, string>;
  tolerations: Toleration[];
  /** Name of a RuntimeClass: gVisor, Kata. */
  runtimeClass?: string | undefined;
  /** Users of the pod are nobody outside it. */
  userNamespaces: boolean;
}

export interface Toleration {
  key?: string | undefined;
  operator: "Equal" | "Exists";
  value?: string | undefined;
  effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute" | undefined;
}

export interface PortAddress {
  /** Host of a forwarded port, with `{{port}}` in it: `{{port}}--alice.dev.example.com`. */
  host: string;
  /** The port people type: 443, which a URL leaves out, or another. */
  httpsPort: number;
}

export interface SecretFiles {
  /** Name of the Secret. */
  name: string;
  /** Its keys that are environment variables. */
  variables: readonly string[];
  /** Whether it holds an SSH key, as `id_ed25519` and `id_ed25519.pub`. */
  sshKey: boolean;
  /** Changes with the content, so that a pod with the old one is replaced. Secret: a weak value could be guessed. */
  hash: pulumi.Output<string>;
}

/**
 * The Deployment of one workspace. All values are known when it is called: kubernetesx makes the whole pod
 * unknown in a preview as soon as one of them is not.
 */
export function workspaceDeployment(args: PodArgs): k8s.types.input.apps.v1.DeploymentSpec {
  const { placement, secret } = args;
  const shared = {
    image: args.image,
    resources: containerResources(args.size, args.temporary),
    securityContext: containerSecurity,
  };
  const mounts = [
    { name: "home", mountPath: "/home/coder" },
    { name: "extensions", mountPath: "/extensions" },
    { name: "tmp", mountPath: "/tmp" },
  ];
  const healthz = { httpGet: { path: "/healthz", port: "http" } };
  const pod = new kx.PodBuilder({
    serviceAccountName: args.serviceAccount,
    automountServiceAccountToken: args.token,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurity(coder),
    nodeSelector: placement.nodeSelector,
    tolerations: placement.tolerations.map(withoutGaps),
    ...(placement.userNamespaces ? { hostUsers: false } : {}),
    ...(placement.runtimeClass === undefined ? {} : { runtimeClassName: placement.runtimeClass }),
    // Seeds the home, brings the extensions, writes Claude Code's policy; never keeps the editor from starting.
    initContainers: [
      {
        ...shared,
        name: "prepare",
        args: ["/opt/workspace/prepare"],
        env: environment({ ...galleryVariable(args.tools), ...prepareVariables(args) }),
        volumeMounts: [...mounts, { name: "claude-code", mountPath: policyFolder }],
      },
    ],
    containers: [
      {
        ...shared,
        name: "editor",
        args: [
          `--bind-addr=0.0.0.0:${editorPort}`,
          "--auth=none",
          "--disable-telemetry",
          "--disable-update-check",
          "--disable-workspace-trust",
          "--disable-getting-started-override",
          `--proxy-domain=${portAddress(args.ports)}`,
          "--extensions-dir=/extensions",
          "--user-data-dir=/home/coder/.local/share/code-server",
          "/home/coder",
        ],
        env: [
          ...environment({
            ...galleryVariable(args.tools),
            ...claudeEnvironment(args.tools.claude),
            VSCODE_PROXY_URI: `https://${portAddress(args.ports)}`,
          }),
          ...secretVariables(secret),
        ],
        ports: { http: editorPort },
        // A new pod is asked every second for two minutes; then the kubelet takes over, less often.
        startupProbe: { ...healthz, periodSeconds: 1, failureThreshold: 120 },
        readinessProbe: { ...healthz, periodSeconds: 10, timeoutSeconds: 5 },
        livenessProbe: { ...healthz, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 4 },
        terminationMessagePath: unreachable,
        volumeMounts: [
          ...mounts,
          { name: "claude-code", mountPath: policyFolder, readOnly: true },
          ...(secret?.sshKey === true
            ? [{ name: "ssh", mountPath: "/etc/workspace/ssh", readOnly: true }]
            : []),
        ],
      },
    ],
    volumes: [
      { name: "home", persistentVolumeClaim: { claimName: args.claims.home } },
      { name: "extensions", persistentVolumeClaim: { claimName: args.claims.extensions } },
      { name: "tmp", emptyDir: { sizeLimit: args.temporary } },
      { name: "claude-code", emptyDir: { sizeLimit: "1Mi" } },
      ...(secret?.sshKey === true ? [sshVolume(secret.name)] : []),
    ],
  });
  return {
    replicas: args.state === "stopped" ? 0 : 1,
    // Two pods must never write to one home, so the old one goes first.
    strategy: { type: "Recreate" },
    revisionHistoryLimit: 2,
    selector: { matchLabels: selector },
    template: {
      metadata: {
        labels: { ...selector, ...args.labels },
        ...(secret === undefined ? {} : { annotations: { "vibecode/secret-hash": secret.hash } }),
      },
      spec: pulumi.output(pod.asDeploymentSpec()).apply(({ template }) => template.spec),
    },
  };
}

/** What the Deployment and the Service find the pod by. */
export const selector = { app: "editor" };

/** Where Claude Code looks for the settings that nobody in the workspace can change. */
const policyFolder = "/etc/claude-code";

/**
 * Where the editor's container gets the file that the kubelet mounts into each, for a last message. It is writable for
 * everybody, lies on the node's disk, and no limit counts it; but only root comes into this folder.
 */
const unreachable = "/root/termination-log";

/** What the image's `prepare` reads. */
function prepareVariables({ person, tools }: PodArgs): Record<string, string> {
  return {
    WORKSPACE_USER: person.user,
    WORKSPACE_FULL_NAME: person.fullName,
    WORKSPACE_EMAIL: person.email,
    WORKSPACE_EXTENSIONS: tools.extensions.join(" "),
    ...(tools.dotfiles === undefined ? {} : { WORKSPACE_DOTFILES: tools.dotfiles }),
    CLAUDE_MANAGED_SETTINGS: JSON.stringify(managedSettings(tools.claude)),
  };
}

/** code-server's own variable. */
function galleryVariable({ gallery }: Tools): Record<string, string> {
  return gallery === undefined ? {} : { EXTENSIONS_GALLERY: JSON.stringify(gallery) };
}

/** Where a forwarded port is found: VS Code and code-server put the port in the place of `{{port}}`. */
function portAddress({ host, httpsPort }: PortAddress): string {
  return `${host}${httpsPort === 443 ? "" : `:${httpsPort}`}`;
}

const environment = (variables: Record<string, string>) =>
  Object.entries(variables).map(([name, value]) => ({ name, value }));

function secretVariables(secret: SecretFiles | undefined) {
  return (secret?.variables ?? []).map((key) => ({
    name: key,
    valueFrom: { secretKeyRef: { name: secret?.name ?? "", key } },
  }));
}

/** ssh refuses a key that others could read, unless its owner is somebody else: root's, for the group. */
const sshVolume = (secretName: string) => ({
  name: "ssh",
  secret: {
    secretName,
    defaultMode: 0o440,
    items: ["id_ed25519", "id_ed25519.pub"].map((key) => ({ key, path: key })),
  },
});

/** Without the keys that are undefined, which an object of Kubernetes must not have. */
function withoutGaps({ key, operator, value, effect }: Toleration) {
  return {
    operator,
    ...(key === undefined ? {} : { key }),
    ...(value === undefined ? {} : { value }),
    ...(effect === undefined ? {} : { effect }),
  };
}
