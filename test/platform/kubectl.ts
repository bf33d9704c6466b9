import { execFileSync } from "node:child_process";

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

/** Names of a kind's objects in a namespace, sorted. */
export function names(kind: string, namespace: string): string[] {
  const out = kubectl("-n", namespace, "get", kind, "-o", "jsonpath={.items[*].metadata.name}").trim();
  return out === "" ? [] : out.split(" ").sort();
}
