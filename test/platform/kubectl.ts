import { execFileSync } from "node:child_process";

import { z } from "zod";

import { toolPath } from "../../local/toolchain";

/** The test cluster's kubeconfig, from the tests' global setup. */
export function kubeconfig(): string {
  const file = process.env["VIBECODE_TEST_KUBECONFIG"];
  if (file === undefined)
    throw new Error("VIBECODE_TEST_KUBECONFIG is not set: the global setup did not run");
  return file;
}

/** What kubectl prints; throws when it fails. */
export function kubectl(...words: string[]): string {
  return execFileSync(toolPath("kubectl"), ["--kubeconfig", kubeconfig(), ...words], {
    encoding: "utf8",
    timeout: 180_000,
  });
}

/** What a shell command prints in a user's workspace, as that user, in the home. */
export function inWorkspace(user: string, command: string): string {
  return kubectl(
    "-n",
    `ws-${user}`,
    "exec",
    "deploy/editor",
    "-c",
    "editor",
    "--",
    "sh",
    "-c",
    `cd && ${command}`,
  );
}

/** What node prints with these arguments in a user's workspace. */
export const nodeInside =
  (user: string) =>
  (args: readonly string[]): string =>
    kubectl("-n", `ws-${user}`, "exec", "deploy/editor", "-c", "editor", "--", "node", ...args);

const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      status: z.object({ podIP: z.string().optional() }),
    }),
  ),
});

/** The address of the one pod that these labels choose. Pods on their way out answer for a while yet: not theirs. */
export function podAddress(namespace: string, labels: string): string {
  const { items } = pods.parse(
    JSON.parse(kubectl("-n", namespace, "get", "pods", "-l", labels, "-o", "json")),
  );
  const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const address = staying[0]?.status.podIP;
  if (staying.length !== 1 || address === undefined)
    throw new Error(
      `${labels} in ${namespace} chooses ${String(staying.length)} pods, of ${address ?? "no"} address`,
    );
  return address;
}

/** Names of a kind's objects in a namespace, sorted. */
export function names(kind: string, namespace: string): string[] {
  const out = kubectl("-n", namespace, "get", kind, "-o", "jsonpath={.items[*].metadata.name}").trim();
  return out === "" ? [] : out.split(" ").sort();
}
