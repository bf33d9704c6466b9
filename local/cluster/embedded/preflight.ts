import { access, readFile } from "node:fs/promises";

import { UserError } from "../../errors";
import { clusterPackages, preflight as hostPreflight, run } from "../../host";
import type { Instance } from "./instance";

/** Bytes a cluster's folder must have free: images, logs, a database, and room for workspaces to write. */
const room = 4e9;

/** All that would make a start fail, said before anything is started. */
export async function preflight(
  it: Instance,
  /** Ports of this machine that must be free. */
  ports: readonly number[],
): Promise<void> {
  await hostPreflight({
    root: true,
    packages: clusterPackages,
    disk: [{ folder: it.folder, bytes: room, purpose: `cluster ${it.name}` }],
    ports,
  });
  await kernelProblem();
}

async function kernelProblem(): Promise<void> {
  const apart = await run("unshare", ["--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "true"]);
  if (apart.code !== 0) {
    throw new UserError(
      `this machine makes no namespaces (${apart.stderr.trim()})`,
      "use a machine, or a privileged container, that may",
    );
  }
  for (const name of ["overlay", "xfs"]) {
    if (await fileSystem(name)) continue;
    await run("modprobe", [name]);
    if (await fileSystem(name)) continue;
    throw new UserError(`the kernel has no file system ${name}`, `load its module: modprobe ${name}`);
  }
  if (!(await there("/dev/loop-control"))) await run("modprobe", ["loop"]);
  if (!(await there("/dev/loop-control"))) {
    throw new UserError(
      "there is no /dev/loop-control, which volumes need",
      "load the module: modprobe loop",
    );
  }
}

async function fileSystem(name: string): Promise<boolean> {
  return (await readFile("/proc/filesystems", "utf8")).includes(`\t${name}\n`);
}

const there = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
