import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** A folder of this test file alone. Import this first: what it sets must stand before local/paths is read. */
export const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-unit-"));
process.env["VIBECODE_CACHE"] = path.join(temporary, "cache");
process.env["VIBECODE_DATA"] = path.join(temporary, "data");

/** The PATH that the tests were started with, for what must be real. */
export const realPath = process.env["PATH"] ?? "";

const shell = path.join(temporary, "shell");
const calls = path.join(temporary, "calls");

fs.mkdirSync(shell);
// What the stand-ins and we ourselves need of a system; no package tool, Go or Pulumi among it.
for (const program of ["sh", "cat", "flock", "mkdir", "rm", "touch", "sleep", "setpriv", "chmod"])
  fs.symlinkSync(execFileSync("which", [program], { encoding: "utf8" }).trim(), path.join(shell, program));

/** Puts scripts on a PATH that has nothing else but a shell; each call is written down before the script runs. */
export function onlyOnPath(scripts: Readonly<Record<string, string>>): void {
  fs.rmSync(calls, { force: true });
  const standIns = fs.mkdtempSync(path.join(temporary, "stand-ins-"));
  for (const [name, script] of Object.entries(scripts))
    fs.writeFileSync(
      path.join(standIns, name),
      `#!${shell}/sh\nprintf '%s\\n' "${name} $*" >> ${calls}\n${script}\n`,
      {
        mode: 0o755,
      },
    );
  process.env["PATH"] = `${standIns}${path.delimiter}${shell}`;
}

/** The calls of stand-ins so far: `apt-get install --yes conntrack`. */
export function called(): string[] {
  return fs.existsSync(calls) ? fs.readFileSync(calls, "utf8").trim().split("\n") : [];
}

export function removeTemporary(): void {
  process.env["PATH"] = realPath;
  fs.rmSync(temporary, { recursive: true, force: true });
}
