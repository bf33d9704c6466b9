import { readdir, readFile, stat } from "node:fs/promises";
import * as path from "node:path";

import { run } from "../../local/host";
import { toolPath } from "../../local/toolchain";

/** What a cluster of this folder has on the host at this moment: something of each while it runs, nothing after. */
export async function traces(folder: string, link: string): Promise<Record<string, string[]>> {
  const links = (await run("ip", ["-o", "link"])).stdout.split("\n");
  const routes = (await run("ip", ["route"])).stdout.split("\n");
  const tables = (await run(toolPath("supervise"), ["tables"])).stdout.split("\n");
  const loops = (await run("losetup", ["--noheadings", "--output", "BACK-INO"])).stdout.split("\n");
  const volumes = await inodes(path.join(folder, "volumes"));
  return {
    ...(await processes(folder)),
    links: links.filter((line) => line.includes(`${link}@`) || line.includes(`${link}:`)),
    routes: routes.filter((line) => line.includes(`dev ${link} `)),
    tables: tables.filter((table) => table === link),
    loops: loops.filter((line) => volumes.includes(line.trim())),
  };
}

/** A loop device's file is told by its number: its path is that of another namespace. */
async function inodes(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return Promise.all(files.map(async (file) => String((await stat(path.join(folder, file))).ino)));
}

/** Processes that were started for the folder's cluster, and the folder's mounts in whatever namespace they lie. */
async function processes(folder: string): Promise<{ processes: string[]; mounts: string[] }> {
  const found: string[] = [];
  const mounts = new Set<string>();
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
    const mounted = await readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => "");
    const own = mounted.split("\n").filter((line) => line.includes(folder));
    for (const line of own) mounts.add(line);
    if (command.includes(folder) || own.length > 0) found.push(command);
  }
  return { processes: found, mounts: [...mounts] };
}
