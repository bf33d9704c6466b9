import { constants } from "node:fs";
import { access, readdir, readFile, readlink, statfs } from "node:fs/promises";
import * as path from "node:path";

import { UserError } from "../../errors";
import { run } from "../../host/run";
import type { Instance } from "./instance";

/** Programs the node is made of that are not built here, by the Debian package which has them. */
const programs: Record<string, string> = {
  etcd: "etcd-server",
  containerd: "containerd",
  ctr: "containerd",
  runc: "runc",
  ip: "iproute2",
  iptables: "iptables",
  conntrack: "conntrack",
  "mkfs.xfs": "xfsprogs",
  losetup: "mount",
  "/usr/lib/cni/ptp": "containernetworking-plugins",
};

/** Bytes a cluster's folder must have free: images, logs, a database, and room for workspaces to write. */
const room = 3 * 1024 ** 3;

/** All that would make a start fail, said before anything is started. */
export async function preflight(
  it: Instance,
  ports: { http: number; https: number } | undefined,
): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new UserError(
      "the embedded cluster needs root, for namespaces and mounts",
      "run it as root, start a Docker engine, or name a cluster in the stack (vibecode:cluster)",
    );
  }
  await programsThere();
  await kernelAble();
  await diskFree(it.folder);
  for (const port of ports ? [ports.http, ports.https] : []) await portFree(port);
}

async function programsThere(): Promise<void> {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"];
  const missing = new Set<string>();
  for (const [program, debianPackage] of Object.entries(programs)) {
    const files = program.startsWith("/") ? [program] : folders.map((folder) => path.join(folder, program));
    const found = await Promise.any(files.map((file) => access(file, constants.X_OK))).then(
      () => true,
      () => false,
    );
    if (!found) missing.add(debianPackage);
  }
  if (missing.size === 0) return;
  const names = [...missing].join(" ");
  throw new UserError(
    `Debian packages are missing: ${names}`,
    `apt-get install --no-install-recommends ${names}`,
  );
}

async function kernelAble(): Promise<void> {
  const apart = await run("unshare", ["--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "true"]);
  if (apart.code !== 0) {
    throw new UserError(
      `namespaces cannot be made here (${apart.stderr.trim()})`,
      "run on a machine or in a container that may make them (privileged)",
    );
  }
  for (const name of ["overlay", "xfs"]) {
    if ((await readFile("/proc/filesystems", "utf8")).includes(`\t${name}\n`)) continue;
    await run("modprobe", [name]);
    if ((await readFile("/proc/filesystems", "utf8")).includes(`\t${name}\n`)) continue;
    throw new UserError(`the kernel has no file system ${name}`, `load its module: modprobe ${name}`);
  }
  await access("/dev/loop-control").catch(async () => {
    await run("modprobe", ["loop"]);
    await access("/dev/loop-control").catch(() => {
      throw new UserError(
        "there is no /dev/loop-control, which volumes need",
        "load the module: modprobe loop",
      );
    });
  });
}

async function diskFree(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= room) return;
  const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  throw new UserError(
    `the disk under ${folder} has ${gib(free)} free, the cluster needs ${gib(room)}`,
    "free some, or set VIBECODE_DATA to a folder on another disk",
  );
}

/** Fails when something listens on the port of the loopback addresses, and says what. */
export async function portFree(port: number): Promise<void> {
  const inode = await listener(port);
  if (inode === undefined) return;
  const who = (await owner(inode)) ?? "a process of another namespace";
  throw new UserError(`port ${port} is taken by ${who}`, "stop it, or choose another port");
}

async function listener(port: number): Promise<string | undefined> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const loopback = /^(0+|0100007F|0{24}01000000)$/;
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const lines = (await readFile(file, "utf8").catch(() => "")).trim().split("\n").slice(1);
    for (const line of lines) {
      const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
      const [address = "", at] = local.split(":");
      // 0A is LISTEN.
      if (state === "0A" && at === hex && loopback.test(address)) return inode;
    }
  }
  return undefined;
}

async function owner(inode: string): Promise<string | undefined> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const file of files) {
      const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => "");
      if (target !== `socket:[${inode}]`) continue;
      const name = (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "?")).trim();
      return `${name} (pid ${pid})`;
    }
  }
  return undefined;
}
