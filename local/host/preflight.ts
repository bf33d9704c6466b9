import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../errors";
import { findGo, older } from "../toolchain/go";
import { moduleNames } from "../toolchain";
import { readSource } from "../toolchain/source";
import { cannotInstall, missingPackages } from "./apt";
import type { PackageName } from "./packages";
import { portProblem } from "./ports";

/** What must be there before a command begins. Whatever is not named is not checked. */
export interface Needs {
  /** The oldest Node: `20`. */
  node?: string;
  /** A Go that builds every module of the toolchain. */
  go?: boolean;
  /** Namespaces, mounts and the node's network need root. */
  root?: boolean;
  /** Packages that must be installed, or that we must be able to install. */
  packages?: readonly PackageName[];
  /** Free bytes; the folder need not exist yet. */
  disk?: readonly { folder: string; bytes: number; purpose: string }[];
  /** TCP ports of the host that must be free. */
  ports?: readonly number[];
}

/** Checks all needs and names everything that fails in one error. */
export async function preflight(needs: Needs): Promise<void> {
  const problems: (UserError | undefined)[] = [];
  if (needs.node !== undefined) problems.push(nodeProblem(needs.node));
  if (needs.go === true) problems.push(goProblem());
  if (needs.root === true) problems.push(rootProblem());
  if (needs.packages !== undefined) {
    const missing = await missingPackages(needs.packages);
    if (missing.length > 0) problems.push(cannotInstall(missing));
  }
  for (const disk of needs.disk ?? []) problems.push(diskProblem(disk.folder, disk.bytes, disk.purpose));
  for (const port of needs.ports ?? []) problems.push(await portProblem(port));
  throwAll(problems.filter((problem) => problem !== undefined));
}

function throwAll(problems: readonly UserError[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const list = problems.map((problem) => `\n  - ${problem.message}`).join("");
  throw new UserError(
    `${problems.length} things are not ready on this machine`,
    `mend them and try again:${list}`,
  );
}

export function nodeProblem(oldest: string, version = process.versions.node): UserError | undefined {
  if (!older(version, oldest)) return undefined;
  return new UserError(`Node ${version} is too old`, `install Node ${oldest} or later`);
}

function goProblem(): UserError | undefined {
  try {
    for (const name of moduleNames) findGo(name, readSource(name));
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function rootProblem(): UserError | undefined {
  if (process.getuid?.() === 0) return undefined;
  return new UserError(
    "the embedded cluster needs root",
    "run the command as root, or name a cluster in the stack",
  );
}

/** Whether a folder's disk has room for so many bytes. */
export function diskProblem(folder: string, bytes: number, purpose: string): UserError | undefined {
  let existing = path.resolve(folder);
  while (!fs.existsSync(existing)) existing = path.dirname(existing);
  const { bavail, bsize } = fs.statfsSync(existing);
  const free = bavail * bsize;
  if (free >= bytes) return undefined;
  const gigabytes = (count: number) => `${(count / 1e9).toFixed(1)} GB`;
  return new UserError(
    `${purpose} needs ${gigabytes(bytes)} below ${folder}, where ${gigabytes(free)} are free`,
    "free some space, or move the folder: VIBECODE_CACHE, VIBECODE_DATA, GOCACHE, GOMODCACHE",
  );
}

/** Throws where a folder's disk has no room for so many bytes. */
export function requireDisk(folder: string, bytes: number, purpose: string): void {
  const problem = diskProblem(folder, bytes, purpose);
  if (problem !== undefined) throw problem;
}
