import * as fs from "node:fs";
import * as path from "node:path";
import { UserError, type Report } from "../errors";
import { stateFile, type StackFolder } from "./stack-folder";

/**
 * Removes what an engine that was killed while it wrote left in the backend, of which the next one would stumble:
 * a draft beside the locks counts as a lock, and no file can be read whose attributes are an empty file. To be called
 * while nobody holds the lock.
 */
export function clearRemnants(files: StackFolder, report: Report): void {
  const folder = path.join(files.backend, ".pulumi");
  if (!fs.existsSync(folder)) return;
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || !isRemnant(file)) continue;
    report(`removing what a killed Pulumi left half-written: ${entry.name}`);
    fs.rmSync(file, { force: true });
  }
  restoreState(stateFile(files), report);
}

function isRemnant(file: string): boolean {
  return file.endsWith(".tmp") || (file.endsWith(".attrs") && fs.statSync(file).size === 0);
}

/**
 * The engine replaces the state in one step, but does not wait for the disk: where the machine lost power, the file may
 * be cut short. It keeps a copy of the state before, and `up` takes over whatever has been made since.
 */
function restoreState(file: string, report: Report): void {
  if (!fs.existsSync(file) || isWhole(file)) return;
  const copy = `${file}.bak`;
  if (!fs.existsSync(copy) || !isWhole(copy))
    throw new UserError(
      `the stack's state is damaged, and so is the copy beside it: ${file}`,
      "put one from a backup there, or move it away: docs/state.md says what that loses",
    );
  report("the stack's state is damaged: going on from the step before");
  fs.renameSync(file, `${file}.damaged`);
  const draft = `${file}.${process.pid}`;
  fs.copyFileSync(copy, draft);
  fs.renameSync(draft, file);
}

function isWhole(file: string): boolean {
  try {
    JSON.parse(fs.readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}
