import { z } from "zod";

import { chooseCluster, type Cluster } from "./cluster";
import type { Report } from "./errors";
import { ensureImages, type BuiltImage } from "./images";
import { openStack, preparePulumi, type LocalStack, type Pulumi } from "./pulumi";
import { remoteOutputs } from "./remote";
import { readStackFile, type StackFile } from "./stack";
import { toolPath } from "./toolchain";

/** A stack's file and the cluster it goes to. */
export interface Platform {
  stack: StackFile;
  cluster: Cluster;
}

const quiet: Report = () => undefined;

/** Reads the stack's file and decides which cluster it goes to, within seconds; starts nothing. */
export async function findPlatform(stackName: string): Promise<Platform> {
  const stack = readStackFile(stackName);
  const cluster = await chooseCluster({
    stack: stackName,
    named: stack.cluster,
    bin: toolPath,
    ports: stack.ports,
    images: (report) => ensureImages(["pause", "coredns"], report),
  });
  return { stack, cluster };
}

/** Opens a stack whose state lies on this machine, with the cluster and the images that the machine has. */
export function openLocalStack(
  { stack, cluster }: Platform,
  pulumi: Pulumi,
  images: Record<"workspace" | "traefik", BuiltImage>,
  report: Report,
): Promise<LocalStack> {
  return openStack(
    {
      cluster: stack.name,
      stack: stack.name,
      pulumi,
      overrides: {
        "vibecode:cluster": { kubeconfig: cluster.kubeconfig, context: cluster.context, name: stack.name },
        "vibecode:images": { workspace: images.workspace.ref, traefik: images.traefik.ref },
      },
    },
    report,
  );
}

/** What the program exports. */
export interface Outputs {
  /** Where each user's editor is, by the user's name. */
  urls: Record<string, string>;
  /** What each user types at sign-in, by the user's name. */
  passwords: Record<string, string>;
  /** The authority that browsers must trust, PEM. */
  ca: string;
}

const outputs = z.object({
  urls: z.record(z.string(), z.string()).default({}),
  passwords: z.record(z.string(), z.string()).default({}),
  ca: z.string().default(""),
});

/** What the stack's last `up` exported; nothing where there was none. */
export async function readOutputs(platform: Platform): Promise<Outputs> {
  if (platform.cluster.kind === "existing") return outputs.parse(await remoteOutputs(platform));
  const pulumi = await preparePulumi(quiet);
  const stack = await openLocalStack(
    platform,
    pulumi,
    await ensureImages(["workspace", "traefik"], quiet),
    quiet,
  );
  return localOutputs(stack);
}

/** The outputs of an open stack. */
export async function localOutputs(stack: LocalStack): Promise<Outputs> {
  return outputs.parse(await stack.outputs({ showSecrets: true }));
}
