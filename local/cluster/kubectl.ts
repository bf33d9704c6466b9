import { findOnPath } from "../host/path";

/** The kubectl to ask a cluster with: the user's own where there is one, else the one that `bin` names. */
export function kubectlPath(bin: (tool: string) => string): string {
  return findOnPath("kubectl") ?? bin("kubectl");
}
