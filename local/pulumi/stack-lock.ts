import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { UserError, type Report } from "../errors";
import type { StackFolder } from "./stack-folder";

const lock = z.object({ pid: z.number(), username: z.string(), hostname: z.string(), timestamp: z.string() });

/**
 * Removes the lock of an engine that was killed. One whose process lives is given some seconds, as an interrupted
 * engine takes them to end; it stays, as does one of another machine, and the error says who holds it.
 */
export async function clearStaleLocks(files: StackFolder, report: Report, patience = 20_000): Promise<void> {
  const folder = path.join(files.backend, ".pulumi", "locks", "organization", files.projectName, files.stack);
  if (!fs.existsSync(folder)) return;
  for (const name of fs.readdirSync(folder).filter((entry) => entry.endsWith(".json"))) {
    const file = path.join(folder, name);
    const held = readLock(file);
    if (held === undefined) continue;
    const holder = `${held.username}@${held.hostname} (pid ${held.pid}) since ${held.timestamp}`;
    if (held.hostname !== os.hostname())
      throw new UserError(`the stack is locked by ${holder}`, `if nothing runs there, remove ${file}`);
    const end = Date.now() + patience;
    while (isPulumi(held.pid)) {
      report(`waiting for another Pulumi: ${holder}`);
      if (Date.now() > end)
        throw new UserError(`another Pulumi works on the stack: ${holder}`, "wait for it to end, or stop it");
      await sleep(200);
    }
    // One that ended in its own way has taken its lock along.
    if (!fs.existsSync(file)) continue;
    report(`removing the lock that a killed Pulumi left: ${holder}`);
    for (const left of [file, `${file}.attrs`]) fs.rmSync(left, { force: true });
  }
}

/** Undefined where the lock has gone meanwhile. */
function readLock(file: string) {
  try {
    return lock.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch (cause) {
    if (!fs.existsSync(file)) return undefined;
    const fix = `if no Pulumi works on the stack, remove ${file}`;
    throw new UserError("the stack's lock cannot be read", fix, { cause });
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
