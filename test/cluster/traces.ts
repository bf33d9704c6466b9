import { readdir, readFile, readlink, stat } from "node:fs/promises";
import * as path from "node:path";

import { run } from "../../local/host";

/** What a cluster of this folder has on the host at this moment; all empty when nothing of it is left. */
export async function traces(folder: string, link: string): Promise<Record<string, string[]>> {
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n");
  const links = (await run("ip", ["-o", "link"])).stdout.split("\n");
  const routes = (await run("ip", ["route"])).stdout.split("\n");
  const rules = await run("iptables-save", []);
  const loops = (await run("losetup", ["--noheadings", "--output", "BACK-INO"])).stdout.split("\n");
  const volumes = await inodes(path.join(folder, "volumes"));
  return {
    processes: await processes(folder),
    mounts: mounts.filter((line) => line.includes(folder)),
    links: links.filter((line) => line.includes(`${link}@`) || line.includes(`${link}:`)),
    routes: routes.filter((line) => line.includes(`dev ${link} `)),
    rules: rules.stdout.split("\n").filter((line) => /KUBE|CNI/.test(line)),
    loops: loops.filter((line) => volumes.includes(line.trim())),
  };
}

/** A loop device's file is told by its number: its path is that of another namespace. */
async function inodes(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return Promise.all(files.map(async (file) => String((await stat(path.join(folder, file))).ino)));
}

/** Processes which are in other namespaces than this one and were started for the folder's cluster. */
async function processes(folder: string): Promise<string[]> {
  const own = await readlink("/proc/self/ns/mnt");
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
    const space = await readlink(`/proc/${pid}/ns/mnt`).catch(() => own);
    const mounts = space === own ? "" : await readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => "");
    if (command.includes(folder) || mounts.includes(` ${folder} /run/vibecode `)) found.push(command);
  }
  return found;
}
