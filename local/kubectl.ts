import { spawn } from "node:child_process";

import type { Cluster } from "./cluster";
import { kubectlPath } from "./cluster/kubectl";
import { UserError } from "./errors";
import { run } from "./host";
import { toolPath } from "./toolchain";

/** What kubectl prints when asked about a cluster. */
export function inCluster(cluster: Cluster, ...words: string[]): Promise<string> {
  return fedToCluster(cluster, undefined, ...words);
}

/** The same, with something on kubectl's standard input. */
export async function fedToCluster(
  cluster: Cluster,
  input: string | undefined,
  ...words: string[]
): Promise<string> {
  const ran = await run(kubectl(), [...connection(cluster), ...words], {
    timeout: 30_000,
    ...(input === undefined ? {} : { input }),
  });
  if (ran.code !== 0) {
    throw new UserError(
      `kubectl ${words[0] ?? ""} failed: ${ran.stderr.trim()}`,
      "see what `make status` says",
    );
  }
  return ran.stdout;
}

/** Runs kubectl on this terminal, and gives its exit status. */
export function attach(cluster: Cluster, ...words: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(kubectl(), [...connection(cluster), ...words], { stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => {
      resolve(code ?? 1);
    });
  });
}

const kubectl = () => kubectlPath(toolPath);

function connection({ kubeconfig, context }: Cluster): string[] {
  return [
    ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
    ...(context === undefined ? [] : ["--context", context]),
  ];
}
