import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { UserError, type Report } from "../errors";
import type { StackFolder } from "./stack-folder";

const lock = z.object({ pid: z.number(), username: z.string(), hostname: z.string(), timestamp: z.string() });

/**
 * Removes the lock of an engine that was killed. One whose process lives, or may live on another machine, stays,
 * and the error says who holds it.
 */
export function clearStaleLocks(files: StackFolder, report: Report): void {
  const folder = path.join(files.backend, ".pulumi", "locks", "organization", files.projectName, files.stack);
  if (!fs.existsSync(folder)) return;
  for (const name of fs.readdirSync(folder).filter((entry) => entry.endsWith(".json"))) {
    const file = path.join(folder, name);
    const held = readLock(file);
    if (held === undefined) {
      // Cut off while it was written: its writer had not begun anything.
      fs.rmSync(file, { force: true });
      continue;
    }
    const holder = `${held.username}@${held.hostname} (pid ${held.pid}) since ${held.timestamp}`;
    if (held.hostname !== os.hostname())
      throw new UserError(`the stack is locked by ${holder}`, `if nothing runs there, remove ${file}`);
    if (isPulumi(held.pid))
      throw new UserError(`another Pulumi works on the stack: ${holder}`, "wait for it to end, or stop it");
    report(`removing the lock that a killed Pulumi left: ${holder}`);
    fs.rmSync(file, { force: true });
  }
}

function readLock(file: string) {
  try {
    return lock.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether a process lives and is a Pulumi: after a restart its number may be another program's. */
function isPulumi(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  const name = `/proc/${pid}/comm`;
  return !fs.existsSync(name) || fs.readFileSync(name, "utf8").startsWith("pulumi");
}
