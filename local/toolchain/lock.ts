import { spawn } from "node:child_process";
import * as fs from "node:fs";
import type { Report } from "../errors";

/**
 * Runs `work` while no other process holds the lock. The kernel's lock (flock) is held by a child that lives as
 * long as our pipe to it, so a process that is killed never leaves a lock behind.
 */
export async function withLock<T>(
  file: string,
  purpose: string,
  report: Report,
  work: () => Promise<T>,
): Promise<T> {
  const child = spawn(
    "sh",
    [
      "-c",
      'exec 9>>"$0"; flock -n 9 || { echo busy; flock 9; }; printf %s "$1" >"$0"; echo held; exec cat',
      file,
      `${purpose} (pid ${process.pid})`,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const released = new Promise<void>((resolve) => {
    child.on("close", () => {
      resolve();
    });
  });
  try {
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        reject(new Error(`no lock on ${file}: flock ended with ${code ?? "a signal"}`));
      });
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        if (text.includes("held")) resolve();
        else if (text.includes("busy"))
          report(`waiting for ${fs.readFileSync(file, "utf8") || "another process"}`);
      });
    });
    return await work();
  } finally {
    child.stdin.end();
    await released;
  }
}
