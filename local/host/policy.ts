import * as fs from "node:fs";
import { onPath } from "./path";
import { run } from "./run";

/** Debian asks this program before a package starts its service; 101 forbids it. */
const policyFile = "/usr/sbin/policy-rc.d";
const mark = "# Written by VibeCode while it installs packages.";

/**
 * Installs packages without starting what they bring: a database or a container runtime of the host's own would
 * be a stray one beside the cluster's.
 */
export async function withoutServices(
  services: readonly string[],
  install: () => Promise<void>,
  file = policyFile,
): Promise<void> {
  if (services.length === 0) {
    await install();
    return;
  }
  // A policy of the machine's own stays as it is; one that a killed run of ours left is replaced.
  const ours = !fs.existsSync(file) || fs.readFileSync(file, "utf8").includes(mark);
  if (ours) {
    // It forbids nothing any more once this process is gone, should it be killed before it can clean up.
    const policy = ["#!/bin/sh", mark, `kill -0 ${process.pid} 2>/dev/null && exit 101`, "exit 0", ""].join(
      "\n",
    );
    fs.writeFileSync(file, policy, { mode: 0o755 });
  }
  try {
    await install();
  } finally {
    if (ours) fs.rmSync(file, { force: true });
  }
  // Nor may they start at the next boot. Only packages that were not there before come this way.
  if (onPath("systemctl") && fs.existsSync("/run/systemd/system"))
    await run("systemctl", ["disable", "--now", ...services]);
}
