import { dockerProblem } from "../host/docker";
import { onPath } from "../host/path";
import { UserError, type Report } from "../errors";
import type { Cluster, ImageArchive } from "./cluster";
import { embedded } from "./embedded";
import { existing, type Named } from "./existing";
import { kind } from "./kind";

export type { Cluster, ClusterStatus, Component, ImageArchive } from "./cluster";
export { embedded, type EmbeddedOptions } from "./embedded";
export { existing } from "./existing";

export interface ClusterChoice {
  /** Name of the stack; a cluster made for it has this name too. */
  stack: string;
  /** The cluster which the stack's config names, if it names one. */
  named: Named | undefined;
  /** What the stack was brought up on before, where it was: its volumes are there, so it stays. */
  before?: "kind" | "embedded" | undefined;
  /** Path of a built tool. */
  bin: (tool: string) => string;
  /** The images an embedded cluster itself needs. */
  images: (report: Report) => Promise<{ pause: ImageArchive; coredns: ImageArchive }>;
  /** Ports of this machine's loopback for a cluster made here. Default 80 and 443. */
  ports?: { http: number; https: number };
}

/**
 * Decides within seconds which cluster a stack goes to, and starts nothing: the one it names; the kind it was
 * brought up on before; KIND where Docker answers; else the embedded one. `why` of the result says it.
 *
 * @throws {UserError} when the stack is on KIND, which is not here now
 */
export async function chooseCluster(choice: ClusterChoice): Promise<Cluster> {
  const { stack, named, before, ports = { http: 80, https: 443 } } = choice;
  // A name or a domain alone says nothing of where the cluster is; kubectl's current context would be a guess.
  if (named?.kubeconfig !== undefined || named?.context !== undefined)
    return existing(stack, named, choice.bin);
  const docker = before === "embedded" ? "it was brought up on the embedded cluster" : await kindProblem();
  if (before === "kind" && docker !== undefined)
    throw new UserError(`${stack} is on a KIND cluster, and ${docker}`, "start Docker, with kind on PATH");
  if (docker === undefined) return kind(stack, "a Docker engine and kind are here", ports);
  return embedded({
    name: stack,
    why: docker,
    bin: choice.bin,
    images: choice.images,
    ports,
  });
}

/** Why KIND cannot be used here, if so. */
async function kindProblem(): Promise<string | undefined> {
  return (await dockerProblem()) ?? (onPath("kind") ? undefined : "a Docker engine is here, but not kind");
}
