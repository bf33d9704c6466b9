import { spawn } from "node:child_process";
import { open, readdir, readFile, stat } from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

import type { Component } from "../cluster";
import type { Instance } from "./instance";
import { keptLink, type Link } from "./network";

const nodeFile = (it: Instance): string => path.join(it.folder, "node.json");

const pids = z.object({ outer: z.number(), inner: z.number() });
const states = z.record(
  z.string(),
  z.object({ pid: z.number(), started: z.string(), restarts: z.number(), ended: z.string() }),
);

/**
 * The process whose end is the instance's end, if it lives. The kernel's list of file locks is asked, so that a
 * file left by a kill -9, or a number given to another process since, cannot deceive.
 */
export async function holder(it: Instance): Promise<number | undefined> {
  const file = await stat(path.join(it.folder, "lock"), { bigint: true }).catch(() => undefined);
  if (!file) return undefined;
  for (const line of (await readFile("/proc/locks", "utf8")).split("\n")) {
    const [, type, , , pid, place] = line.trim().split(/\s+/);
    if (type !== "FLOCK" || pid === undefined || place === undefined) continue;
    // Some file systems have another device number there than stat gives, so the rest is told by its command.
    if (place.split(":").at(-1) !== file.ino.toString()) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command.includes(nodeFile(it))) return Number(pid);
  }
  return undefined;
}

/** PID, on the host, of the node's first process; undefined until its namespaces are set up. */
export async function firstProcess(it: Instance): Promise<number | undefined> {
  const outer = await holder(it);
  const text = await readFile(path.join(it.folder, "pids.json"), "utf8").catch(() => "{}");
  const read = pids.safeParse(JSON.parse(text || "{}"));
  return read.success && read.data.outer === outer ? read.data.inner : undefined;
}

/** The link of an instance that runs. */
export async function runningLink(it: Instance): Promise<Link | undefined> {
  return (await holder(it)) === undefined ? undefined : keptLink(it.folder);
}

/** Starts the supervisor, detached from this process. Its own words go to logs/supervise.log. */
export async function launch(it: Instance, supervise: string): Promise<void> {
  const log = await open(path.join(it.folder, "logs", "supervise.log"), "w", 0o600);
  try {
    const child = spawn(supervise, [nodeFile(it)], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject).once("spawn", () => {
        resolve();
      });
    });
    child.unref();
  } finally {
    await log.close();
  }
}

/** Ends the instance: asks, and after `patience` milliseconds no longer asks. */
export async function end(it: Instance, patience = 15_000): Promise<void> {
  const began = Date.now();
  let asked = false;
  for (let pid = await holder(it); pid !== undefined; pid = await holder(it)) {
    const late = Date.now() - began > patience;
    if (!asked || late) {
      signal(pid, late ? "SIGKILL" : "SIGTERM");
      asked = true;
    }
    await sleep(50);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime, which is what was wanted.
  }
}

/** What the supervisor says of its components, with what the kernel says of their memory. */
export async function componentsOf(it: Instance): Promise<Component[]> {
  const first = await firstProcess(it);
  if (first === undefined) return [];
  const text = await readFile(path.join(it.folder, "status.json"), "utf8").catch(() => "{}");
  const memory = await memoryOfChildren(first);
  return Object.entries(states.parse(JSON.parse(text))).map(([name, state]) => ({
    name,
    running: state.pid > 0,
    uptime: state.pid > 0 ? Math.round((Date.now() - Date.parse(state.started)) / 1000) : 0,
    memory: memory.get(state.pid) ?? 0,
    restarts: state.restarts,
    ended: state.ended,
  }));
}

/** Resident bytes of the node's components, by their PID inside. */
async function memoryOfChildren(first: number): Promise<Map<number, number>> {
  const memory = new Map<number, number>();
  const tasks = `/proc/${String(first)}/task`;
  // Each thread lists the children which it started.
  for (const task of await readdir(tasks).catch(() => [])) {
    const children = await readFile(`${tasks}/${task}/children`, "utf8").catch(() => "");
    for (const pid of children.split(" ").filter((word) => word !== "")) {
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
      const inner = /^NSpid:.*\s(\d+)$/m.exec(status)?.[1];
      const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
      if (inner !== undefined && kilobytes !== undefined) memory.set(Number(inner), Number(kilobytes) * 1024);
    }
  }
  return memory;
}
