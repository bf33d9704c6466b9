import { mkdir, rm } from "node:fs/promises";

import { UserError, type Report } from "../../errors";
import { withLock } from "../../toolchain/lock";
import type { Cluster, ImageArchive } from "../cluster";
import type { ModuleName } from "../../toolchain";
import { loadImages } from "./images";
import { instance, type Instance } from "./instance";
import { server } from "./network";
import { start } from "./start";
import { componentsOf, end, firstProcess, holder, runningLink } from "./supervisor";

/** The modules of local/toolchain that a cluster of this kind is made of. */
export const embeddedTools = [
  "kubernetes",
  "coredns",
  "kube-router",
  "pause",
  "supervise",
] as const satisfies readonly ModuleName[];

export interface EmbeddedOptions {
  /** Name of the instance; default `local`. Instances of several names run side by side. */
  name?: string;
  /** Folder of all instances; default `clusters` in the data folder. */
  parent?: string;
  why?: string;
  /** Path of a built tool: kube-apiserver, kubelet, supervise, ... */
  bin: (tool: string) => string;
  /** The images the cluster itself needs; asked for at a start only, so that they may be built then. */
  images: (report: Report) => Promise<{ pause: ImageArchive; coredns: ImageArchive }>;
  /** Ports of this machine's loopback which lead to node ports 30080 and 30443; none by default. */
  ports?: { http: number; https: number };
}

/** A cluster of one node: plain processes in namespaces of their own, kept by local/toolchain/supervise. */
export function embedded(options: EmbeddedOptions): Cluster {
  const it = instance(options.name ?? "local", options.parent);
  // The lock's file stays for good: who waits on one that is removed would not meet who makes a new one.
  const alone = <T>(report: Report, work: () => Promise<T>): Promise<T> =>
    withLock(`${it.folder}.lock`, `cluster ${it.name}`, report, work);
  return {
    kind: "embedded",
    why: options.why ?? "the embedded cluster was asked for",
    kubeconfig: it.kubeconfig,
    context: `vibecode-${it.name}`,
    async start(report) {
      await mkdir(it.folder, { recursive: true, mode: 0o700 });
      await alone(report, () => start(it, options, report));
    },
    async loadImages(images, report) {
      const first = await firstProcess(it);
      if (first === undefined) throw notRunning(it);
      await loadImages(first, images, report);
    },
    async stop(report) {
      if ((await holder(it)) === undefined) return;
      await alone(report, async () => {
        report(`stopping cluster ${it.name}`);
        await end(it);
      });
    },
    async destroy(report) {
      await mkdir(it.folder, { recursive: true, mode: 0o700 });
      await alone(report, async () => {
        report(`removing cluster ${it.name}`);
        await end(it);
        await rm(it.folder, { recursive: true, force: true });
      });
    },
    async status() {
      const node = await runningLink(it);
      if (!node) return { running: false, detail: "is not running", components: [] };
      return { running: true, detail: `answers at ${server(node)}`, components: await componentsOf(it) };
    },
    async nodeAddress() {
      return (await runningLink(it))?.node;
    },
  };
}

function notRunning(it: Instance): UserError {
  return new UserError(`cluster ${it.name} is not running`, "start it with `make up`");
}
