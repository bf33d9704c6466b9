import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { checkout } from "../../local/paths";
import { toolPath } from "../../local/toolchain";
import { kubeconfig } from "./kubectl";

/** The commands of a page of docs/ below a heading, as they stand there: what is indented by four. */
export function commands(page: string, heading: string): string {
  const text = fs.readFileSync(path.join(checkout, "docs", page), "utf8");
  const [, below] = text.split(new RegExp(`^#+ ${heading}$`, "m"));
  const lines = below?.split(/^#+ /m)[0]?.match(/^ {4}\S.*$/gm) ?? [];
  if (lines.length === 0) throw new Error(`docs/${page} has no commands below "${heading}"`);
  return lines.map((line) => line.trim()).join("\n");
}

/**
 * Runs such commands with kubectl on the test cluster, in turn, and gives what they print; throws when one fails.
 *
 * @param cwd where they run; default this process's own folder
 */
export function follow(page: string, heading: string, cwd?: string): string {
  const bin = path.dirname(toolPath("kubectl"));
  return execFileSync("bash", ["--norc", "-euo", "pipefail", "-c", commands(page, heading)], {
    cwd,
    encoding: "utf8",
    timeout: 180_000,
    env: { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}`, KUBECONFIG: kubeconfig() },
  });
}
