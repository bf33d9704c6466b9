import { z } from "zod";

import { images } from "../components/images";
import { ownDisk } from "../components/workspace/limits";
import { auth, authSecrets } from "./auth";
import { certificates, certificateSecrets } from "./certificates";
import { data, dataSecrets } from "./data";
import { dns, dnsSecrets } from "./dns";
import { bytesFrom } from "./floors";
import { monitoring, monitoringSecrets } from "./monitoring-schema";
import { size } from "./sizes";
import {
  bytes,
  cidr,
  domain,
  email,
  extensionId,
  fullName,
  gitUrl,
  groupName,
  httpUrl,
  imageReference,
  keys,
  port,
  userName,
  variableName,
} from "./values";

const labelMap = z.record(z.string(), z.string());

const clusterName = z.string().regex(/^[a-z][a-z0-9]{0,9}$/, {
  error: "must be lower case letters and digits, at most 10 characters, and begin with a letter",
});

/** A user with settings. */
export const userObject = keys({
  name: userName,
  fullName: fullName.optional().describe("In commits; the name when absent"),
  email: email.optional().describe("In commits; <name>@<domain> when absent"),
  size: z.string().optional().describe("One of workspace.sizes; workspace.defaultSize when absent"),
  home: bytes.optional().describe("Size of the home; that of the user's size when absent"),
  cluster: clusterName.optional().describe("One of clusters; the first one when absent, or the only one"),
  movedFrom: clusterName
    .optional()
    .describe(
      "The cluster that the user leaves for another: nothing is carried over, and what is there stays",
    ),
  state: z
    .enum(["running", "stopped"])
    .default("running")
    .describe("stopped keeps the data and the address, and runs nothing"),
  groups: z.array(groupName).default([]).describe("Groups that sign-in gives the user"),
  extensions: z
    .array(extensionId)
    .default([])
    .describe("Extensions of the editor, besides workspace.extensions"),
  sshKey: z
    .boolean()
    .default(false)
    .describe("Generates an SSH key: the workspace holds it, and the stack's output sshKeys its public half"),
  dotfiles: gitUrl.optional().describe("A repository of dotfiles, cloned at the first start"),
  kubernetesAccess: z
    .enum(["view", "edit"])
    .optional()
    .describe("What the workspace may do in its own namespace, by the API server; nothing when absent"),
});

const user = z
  .union([userName, userObject])
  .describe("A name, or a name with the settings that differ from the stack's defaults");

const sizeName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, {
  error: "must be lower case letters, digits and dashes, at most 31 characters",
});

const toleration = keys({
  key: z.string().min(1).optional().describe("Every taint when absent"),
  operator: z.enum(["Equal", "Exists"]).default("Equal"),
  value: z.string().optional(),
  effect: z
    .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
    .optional()
    .describe("Every effect when absent"),
});

const workspace = keys({
  defaultSize: z.string().default("medium"),
  sizes: z.record(sizeName, size).default({}),
  extensions: z.array(extensionId).default([]).describe("Extensions that every editor gets"),
  gallery: keys({
    serviceUrl: httpUrl,
    itemUrl: httpUrl.optional(),
  })
    .optional()
    .describe("Where extensions come from; those in the image alone when absent"),
  allow: z
    .array(keys({ cidr, ports: z.array(port).min(1) }))
    .default([])
    .describe("Private destinations that workspaces may reach by TCP, such as a git server"),
  nodeSelector: labelMap.default({}).describe("Labels of the nodes that may run workspaces"),
  tolerations: z.array(toleration).default([]).describe("Taints of those nodes"),
  runtimeClass: z.string().min(1).optional().describe("A RuntimeClass such as gvisor or kata"),
});

const claude = keys({
  model: z.string().min(1).optional().describe("The model of Claude Code; its own default when absent"),
  permissions: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("What Claude Code may do without asking, must ask for, and must not do"),
  telemetry: z.boolean().default(false).describe("Lets Claude Code report usage and errors to its maker"),
  settings: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("Any other key of Claude Code's managed settings"),
  baseUrl: httpUrl.optional().describe("Where Claude Code finds its API; its maker's when absent"),
});

const nodePort = z.int().min(30000).max(32767);

const ingress = keys({
  exposure: z
    .discriminatedUnion("type", [
      keys({
        type: z.literal("LoadBalancer"),
        annotations: labelMap.default({}).describe("What the cloud must know to make the load balancer"),
      }),
      keys({
        type: z.literal("NodePort"),
        http: nodePort.default(30080),
        https: nodePort.default(30443),
      }).refine(({ http, https }) => http !== https, {
        path: ["https"],
        error: "must be another one than http",
      }),
    ])
    .prefault({ type: "LoadBalancer" }),
  replicas: z.int().min(1).max(10).default(1),
  httpsPort: port.default(443).describe("The port people type, where it is not 443"),
  httpPort: port
    .default(80)
    .describe("The port of plain HTTP; on one machine both are forwarded to the cluster"),
  nodeSelector: labelMap.default({}).describe("Labels of the nodes that may run Traefik and sign-in"),
  rateLimit: keys({
    average: z.int().min(1).default(50).describe("Requests a second of one client"),
    burst: z.int().min(1).default(1000).describe("Requests of one client at once"),
  }).prefault({}),
}).refine(({ httpPort, httpsPort }) => httpPort !== httpsPort, {
  path: ["httpPort"],
  error: "must be another one than httpsPort",
});

const ranges = z.array(cidr).default([]);

const network = keys({
  pods: ranges.describe("The pods' addresses"),
  services: ranges.describe("The Services' addresses"),
  nodes: ranges.describe("The nodes' addresses"),
  apiServer: ranges.describe("Where the API server answers; open to users with kubernetesAccess alone"),
  dns: ranges.describe("Resolvers besides kube-dns's pods, such as a node's own cache"),
});

const cluster = keys({
  kubeconfig: z.string().min(1).optional().describe("A path, or the content of a kubeconfig"),
  context: z.string().min(1).optional().describe("A context of the kubeconfig"),
  name: z
    .string()
    .min(1)
    .default("cluster")
    .describe("The cluster's identity: another name is another cluster, and everything is made anew there"),
  domain: domain.default("cluster.local").describe("The suffix of the cluster's own DNS names"),
  network: network
    .prefault({})
    .describe("Addresses that workspaces never reach; private ones are closed to them in any case"),
  userNamespaces: z
    .boolean()
    .default(true)
    .describe(
      "Workspaces' users are nobody outside their pod; false where the nodes cannot (Linux 6.3, containerd 2)",
    ),
}).refine((cluster) => cluster.kubeconfig !== undefined || cluster.context !== undefined, {
  error: "must name a kubeconfig or a context: the current context is never taken by accident",
});

const storage = keys({
  class: z.string().min(1).optional().describe("The cluster's default class when absent"),
  home: bytes.default("10Gi").describe("Size of each home"),
  extensions: bytes.default("2Gi").describe("Size of each volume with the editor's extensions"),
  temporary: bytesFrom(ownDisk)
    .default("4Gi")
    .describe(`What a workspace may write to /tmp, on its node's own disk: at least ${ownDisk}`),
  retain: z
    .boolean()
    .default(true)
    .describe("Keep namespace and volumes of a user who leaves; false for throw-away stacks only"),
});

const instead = "In place of the stack's own, as a whole";

const clusters = z
  .record(
    clusterName,
    keys({
      cluster,
      first: z
        .boolean()
        .default(false)
        .describe(
          "The cluster that the stack had when it had one: what is there keeps its names, and users who name no cluster are on it",
        ),
      domain: domain
        .optional()
        .describe(
          "Workspaces here are at https://<user>.<domain>; <cluster>.<the stack's domain> when absent, and the stack's domain for the first",
        ),
      workspace: workspace.optional().describe(instead),
      storage: storage.optional().describe(instead),
      ingress: ingress.optional().describe(instead),
      certificates: certificates.optional().describe(instead),
      dns: dns.optional().describe(instead),
    }),
  )
  .refine((clusters) => Object.keys(clusters).length > 0, { error: "must name at least one cluster" })
  .describe("Several clusters by their names, in place of cluster; each user is on one of them");

/** All keys of a stack's config, less their namespace. */
export const shape = keys({
  domain: domain.describe("Workspaces are at https://<user>.<domain>"),
  cluster,
  clusters: clusters.optional(),
  users: z.array(user).max(1000).describe("Everybody who has a workspace"),
  secretEnv: z
    .record(userName, z.record(variableName, z.string()))
    .default({})
    .describe("Secret environment variables, by the user's name; set them as Pulumi secrets"),
  workspace: workspace.prefault({}),
  claude: claude.prefault({}),
  claudeToken: z
    .string()
    .min(1)
    .optional()
    .describe("The token that Claude Code signs in with, for everybody; set it as a Pulumi secret"),
  images: keys({
    workspace: imageReference.describe("The workspace's image, built from workspace-image/"),
    traefik: imageReference.default(images.traefik),
    authelia: imageReference.default(images.authelia),
    oauth2Proxy: imageReference.default(images.oauth2Proxy),
    postgres: imageReference.default(images.postgres),
    valkey: imageReference.default(images.valkey),
    externalDns: imageReference.default(images.externalDns),
    prometheus: imageReference.default(images.prometheus),
    alertmanager: imageReference.default(images.alertmanager),
    nodeExporter: imageReference.default(images.nodeExporter),
    kubeStateMetrics: imageReference.default(images.kubeStateMetrics),
    grafana: imageReference.default(images.grafana),
    postgresExporter: imageReference.default(images.postgresExporter),
    valkeyExporter: imageReference.default(images.valkeyExporter),
    certManagerController: imageReference.default(images.certManagerController),
    certManagerWebhook: imageReference.default(images.certManagerWebhook),
    certManagerCainjector: imageReference.default(images.certManagerCainjector),
    certManagerStartupapicheck: imageReference.default(images.certManagerStartupapicheck),
    mirror: z
      .string()
      .regex(/^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d{1,5})?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/, {
        error: "must be a registry, with a path or without: registry.example.com/mirror",
      })
      .optional()
      .describe(
        "Has every image for which nothing is said here, under the path that it has in its own registry",
      ),
  }),
  storage: storage.prefault({}),
  ingress: ingress.prefault({}),
  certificates: certificates
    .prefault({ kind: "local-ca" })
    .describe("Where the wildcard certificate comes from; an authority of the stack's own when absent"),
  certificateSecrets: certificateSecrets.prefault({}),
  dns: dns
    .prefault({ kind: "none" })
    .describe("Who keeps the record that leads to the load balancer; nobody when absent"),
  dnsSecrets: dnsSecrets.prefault({}),
  auth: auth.prefault({ kind: "authelia" }).describe("How people sign in; Authelia when absent"),
  authSecrets: authSecrets.prefault({}),
  data: data.prefault({}).describe("What sign-in remembers; unused by auth.kind basic"),
  dataSecrets: dataSecrets.prefault({}),
  monitoring: monitoring
    .prefault({})
    .describe("What is known of the platform while it runs, and who is told; nothing and nobody when absent"),
  monitoringSecrets: monitoringSecrets.prefault({}),
});

/** The same for a stack of several clusters. */
export const shapeOfSeveral = keys({ ...shape.shape, cluster: cluster.optional(), clusters });

/** Keys whose values are secrets from end to end: never quoted, and refused where they are not encrypted. */
export const secretKeys: readonly string[] = [
  "secretEnv",
  "claudeToken",
  "certificateSecrets",
  "dnsSecrets",
  "authSecrets",
  "dataSecrets",
  "monitoringSecrets",
];

/** Where one secret lies below its key, for those keys that hold several. */
export const secretPlaces: Readonly<Record<string, string>> = {
  secretEnv: "<user>.<NAME>",
  certificateSecrets: "<name>",
  dnsSecrets: "<name>",
  authSecrets: "<name>",
  dataSecrets: "<store>",
  monitoringSecrets: "<name>",
};
