import { spawnSync } from "node:child_process";
import * as fs from "node:fs";

import { stringify } from "yaml";

import { toolPath } from "../../local/toolchain";

/**
 * Writes a file and has it judged by Debian's promtool, of version 2, and by that of version 3, as clusters have it.
 *
 * @returns all that one of them says: the one that finds a mistake, where one does
 */
export function promtool(command: "check" | "test", file: string, content: unknown): string {
  fs.writeFileSync(file, stringify(content));
  const [debian, newer] = ["promtool", toolPath("promtool")].map((program) => {
    const ran = spawnSync(program, [command, "rules", file], { encoding: "utf8" });
    if (ran.error !== undefined) throw ran.error;
    return { said: `${ran.stdout}${ran.stderr}`, good: ran.status === 0 };
  });
  return (debian?.good === true ? newer : debian)?.said ?? "";
}
