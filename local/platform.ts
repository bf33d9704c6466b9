import * as fs from "node:fs";
import * as path from "node:path";

import { z } from "zod";

import { parseConfig, type Config } from "../infra/config";
import { ConfigError } from "../infra/explain";
import { imageExtensions } from "../infra/surroundings";
import { views } from "../infra/views";
import { chooseCluster, existing, type Cluster } from "./cluster";
import { clusterNetwork } from "./cluster/embedded/network";
import { UserError, type Report } from "./errors";
import { habit } from "./habit";
import { ensureImages, type BuiltImage } from "./images";
import { imagesConfig } from "./parts";
import { dataFolder } from "./paths";
import { openStack, type LocalStack, type Pulumi } from "./pulumi";
import { engineConfig } from "./stack-config";
import { readStackFile, type StackFile } from "./stack";
import { toolPath } from "./toolchain";

export { localOutputs } from "./outputs";

/** A stack's file and the cluster it goes to. */
export interface Platform {
  stack: StackFile;
  cluster: Cluster;
  /** Which of the stack's clusters it is, where the file names several. */
  place?: Place | undefined;
}

export interface Place {
  /** Its name in `clusters`. */
  name: string;
  /** The same as the output `volumes` has it: undefined for the first one. */
  apart: string | undefined;
}

/**
 * Reads the stack's file and decides which cluster it goes to, within seconds; starts nothing. Of several clusters it
 * is one, for what concerns the stack as a whole.
 */
export async function findPlatform(stackName: string): Promise<Platform> {
  const stack = readStackFile(stackName);
  const [several] = clustersOf(stack);
  if (several !== undefined) return several;
  const cluster = await chooseCluster({
    stack: stackName,
    named: stack.cluster,
    bin: toolPath,
    ports: stack.ports,
    before: before(stackName),
    images: (report) => ensureImages(["pause", "coredns"], report),
  });
  return { stack, cluster };
}

/** The stack on each of its clusters, one or several. */
export async function findPlatforms(stackName: string): Promise<Platform[]> {
  const several = clustersOf(readStackFile(stackName));
  return several.length > 0 ? several : [await findPlatform(stackName)];
}

/** A stack on each of several clusters; none where the file names one, or leaves it to this machine. */
export function clustersOf(stack: StackFile): Platform[] {
  const { name, config } = stack;
  const values = { clusters: config["vibecode:clusters"], users: config["vibecode:users"] };
  return views(values).flatMap(({ name: key, apart }) => {
    if (key === undefined) return [];
    // An encrypted kubeconfig leaves a context of that name, which may not exist, and never the current one.
    const { kubeconfig, context = kubeconfig === undefined ? key : undefined } =
      stack.clusters.get(key) ?? {};
    const cluster = existing(name, { kubeconfig, context }, toolPath, `${name}.${key}`);
    return [{ stack, cluster, place: { name: key, apart } }];
  });
}

/** @throws {UserError} when the platform's cluster does not run, so that nobody there can be asked */
export async function mustRun({ cluster, stack, place }: Platform): Promise<void> {
  const { running, detail } = await cluster.status();
  if (running) return;
  throw new UserError(
    `the cluster ${place === undefined ? "" : `${place.name} `}of ${stack.name} ${detail}`,
    cluster.kind === "existing"
      ? `correct vibecode:${place === undefined ? "cluster" : `clusters.${place.name}`} in stacks/Pulumi.${stack.name}.yaml, or bring that cluster up`
      : `start it with \`${habit("up", stack.name)}\``,
  );
}

const memory = (stackName: string) => path.join(dataFolder, "clusters", stackName, "cluster.json");

/** Notes what a stack is brought up on, before that is started. Removing the stack forgets it. */
export function remember({ stack, cluster }: Platform): void {
  const file = memory(stack.name);
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(file, JSON.stringify({ kind: cluster.kind }), { mode: 0o600 });
}

function before(stackName: string): "kind" | "embedded" | undefined {
  if (!fs.existsSync(memory(stackName))) return undefined;
  const noted: unknown = JSON.parse(fs.readFileSync(memory(stackName), "utf8"));
  return z.object({ kind: z.enum(["kind", "embedded"]) }).parse(noted).kind;
}

/** Addresses of local clusters. KIND's are its defaults, in whichever of its networks Docker has put the nodes. */
const networks: Readonly<Record<Cluster["kind"], Record<string, string[]>>> = {
  embedded: clusterNetwork,
  kind: {
    pods: ["10.244.0.0/16"],
    services: ["10.96.0.0/16"],
    nodes: ["172.16.0.0/12"],
    apiServer: ["172.16.0.0/12"],
  },
  existing: {},
};

/** How people sign in to a stack, as far as its file can be read. */
export function signInKind({ config }: Pick<StackFile, "config">): string {
  const named = z.object({ kind: z.string() }).safeParse(config["vibecode:auth"]);
  return named.data?.kind ?? "authelia";
}

/** Which Prometheus a stack has, as far as its file can be read. */
export function prometheusKind({ config }: Pick<StackFile, "config">): string {
  const named = z
    .object({ prometheus: z.object({ kind: z.string() }) })
    .safeParse(config["vibecode:monitoring"]);
  return named.data?.prometheus.kind ?? "none";
}

/** The part of a local stack's config that this machine decides. */
export function machineConfig(
  { stack, cluster }: Platform,
  images: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const object = z.record(z.string(), z.unknown()).catch({});
  const named = object.parse(stack.config["vibecode:cluster"]);
  return {
    "vibecode:cluster": {
      // Debian 12's containerd has none. KIND's has them where the machine's kernel does; the stack's file may say so.
      userNamespaces: false,
      ...named,
      kubeconfig: cluster.kubeconfig,
      context: cluster.context,
      name: stack.name,
      network: { ...networks[cluster.kind], ...object.parse(named["network"]) },
    },
    "vibecode:images": images,
    // local/kind.yaml has a node for workspaces.
    ...(cluster.kind === "kind"
      ? {
          "vibecode:workspace": {
            nodeSelector: { tier: "code-server" },
            ...object.parse(stack.config["vibecode:workspace"]),
          },
        }
      : {}),
    // What the embedded cluster and local/kind.yaml lead this machine's ports to.
    "vibecode:ingress": {
      ...object.parse(stack.config["vibecode:ingress"]),
      exposure: { type: "NodePort", http: 30080, https: 30443 },
    },
  };
}

/**
 * Checks a local stack's config before anything is built or started, as the program will, and gives it complete.
 *
 * @throws {UserError} with every mistake
 */
export function checkConfig(platform: Platform): Config {
  const { stack } = platform;
  const config = {
    ...stack.config,
    ...machineConfig(platform, { workspace: "local:1", traefik: "local:1" }),
  };
  try {
    // A local stack's secrets are not in its file, so what is there lies open.
    return parseConfig(engineConfig(config), { isSecret: () => false, imageExtensions: imageExtensions() });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const secret = `; \`${habit("secret NAME=...", stack.name)}\` takes a secret`;
    const more = error.message.includes("must be a secret") ? secret : "";
    throw new UserError(error.message, `correct stacks/Pulumi.${stack.name}.yaml${more}`);
  }
}

/** Opens a stack whose state lies on this machine, with the cluster and the images that the machine has. */
export function openLocalStack(
  platform: Platform,
  pulumi: Pulumi,
  images: Readonly<Record<string, BuiltImage>>,
  report: Report,
): Promise<LocalStack> {
  const { name } = platform.stack;
  const overrides = machineConfig(platform, imagesConfig(images));
  return openStack({ cluster: name, stack: name, pulumi, overrides }, report);
}
