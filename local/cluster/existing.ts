import { mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";

import { UserError } from "../errors";
import { run } from "../host/run";
import { dataFolder } from "../paths";
import type { Cluster } from "./cluster";
import { kubectlPath } from "./kubectl";

/** A cluster as a stack's config names it. */
export interface Named {
  /** A path, or the content of a kubeconfig. */
  kubeconfig?: string | undefined;
  context?: string | undefined;
}

/** A cluster somebody else runs: it is looked at, never started, stopped or removed. */
export function existing(
  stack: string,
  named: Named,
  bin: (tool: string) => string,
  /** Under which the content of a kubeconfig is kept. Default: the stack. */
  name = stack,
): Cluster {
  const content = named.kubeconfig !== undefined && /[\n{]/.test(named.kubeconfig);
  const file = content ? path.join(dataFolder, "clusters", `${name}.kubeconfig`) : named.kubeconfig;
  const label = named.context ?? named.kubeconfig ?? "the current context";

  const ask = async () => {
    if (content && file !== undefined) {
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, named.kubeconfig ?? "", { mode: 0o600 });
    }
    return run(kubectlPath(bin), [
      ...(file === undefined ? [] : ["--kubeconfig", file]),
      ...(named.context === undefined ? [] : ["--context", named.context]),
      "--request-timeout=10s",
      "get",
      "--raw",
      "/version",
    ]);
  };
  return {
    kind: "existing",
    why: `stacks/Pulumi.${stack}.yaml names ${content ? "its kubeconfig" : label}`,
    kubeconfig: file,
    context: named.context,
    async start(report) {
      report(`asking cluster ${label}`);
      const answer = await ask();
      if (answer.code === 0) return;
      const said = answer.stderr.trim().split("\n").at(-1) ?? "";
      throw new UserError(
        `cluster ${label} does not answer: ${said}`,
        `correct vibecode:cluster in stacks/Pulumi.${stack}.yaml, or bring that cluster up`,
      );
    },
    loadImages(images) {
      if (images.length === 0) return Promise.resolve();
      return Promise.reject(
        new UserError(
          `images of this machine cannot be put into cluster ${label}`,
          `push them to a registry and name them in vibecode:images of stacks/Pulumi.${stack}.yaml`,
        ),
      );
    },
    stop: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
    async status() {
      const answer = await ask();
      const running = answer.code === 0;
      return { running, detail: running ? "answers" : "does not answer", components: [] };
    },
    nodeAddress: () => Promise.resolve(undefined),
  };
}
