import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import type { StackFolder } from "../../local/pulumi/stack-folder";
import { stateFile } from "../../local/pulumi/stack-folder";

/** What ends: the engine alone, or with it all that it started, as when the machine loses power. */
export type Victim = "engine" | "everything";

/**
 * Kills an engine with SIGKILL once it has written the stack's state so many times, and says how often it had. It must
 * have a state already, and be started right after this.
 */
export function killAfter(files: StackFolder, writes: number, victim: Victim): Promise<number> {
  const file = stateFile(files);
  let seen = 0;
  return new Promise((resolve, reject) => {
    const watcher = fs.watch(path.dirname(file), { persistent: false }, (_, name) => {
      if (name !== path.basename(file) || ++seen < writes) return;
      watcher.close();
      try {
        const pid = engineOf(files);
        for (const each of victim === "engine" ? [pid] : treeOf(pid)) kill(each);
        resolve(seen);
      } catch (cause) {
        reject(new Error("there is no engine to kill", { cause }));
      }
    });
  });
}

/** The process that holds the stack's lock. */
function engineOf({ backend, projectName, stack }: StackFolder): number {
  const folder = path.join(backend, ".pulumi", "locks", "organization", projectName, stack);
  const [lock = ""] = fs.readdirSync(folder).filter((name) => name.endsWith(".json"));
  return z.object({ pid: z.number() }).parse(JSON.parse(fs.readFileSync(path.join(folder, lock), "utf8")))
    .pid;
}

/** A process and its descendants; each of its threads has children of its own. */
function treeOf(pid: number): number[] {
  const tasks = read(() => fs.readdirSync(`/proc/${pid}/task`)) ?? [];
  const children = tasks.flatMap((task) =>
    (read(() => fs.readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")) ?? "")
      .split(" ")
      .filter(Boolean),
  );
  return [pid, ...children.map(Number).flatMap(treeOf)];
}

/** Undefined where the process has gone meanwhile. */
function read<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

const kill = (pid: number) => read(() => process.kill(pid, "SIGKILL"));
