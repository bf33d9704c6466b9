import { run, type Ran, type RunOptions } from "../host/run";

/**
 * Runs a program with process and mount namespaces of its own. When this process ends, even by SIGKILL, all that the
 * program started ends with it, and what it mounted is gone. Needs root.
 */
export function runContained(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const namespaces = ["unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"];
  return run("setpriv", ["--pdeathsig", "KILL", ...namespaces, command, ...args], options);
}
