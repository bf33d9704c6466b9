import { spawnSync } from "node:child_process";
import * as fs from "node:fs";

import { stringify } from "yaml";

/** Writes a file, runs Debian's promtool on it, and gives all that it says, of a failure too. */
export function promtool(command: "check" | "test", file: string, content: unknown): string {
  fs.writeFileSync(file, stringify(content));
  const ran = spawnSync("promtool", [command, "rules", file], { encoding: "utf8" });
  if (ran.error !== undefined) throw ran.error;
  return `${ran.stdout}${ran.stderr}`;
}
