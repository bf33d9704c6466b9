import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { cacheFolder } from "../paths";
import { findGo, goEnvironment, type Go } from "./go";
import type { ModuleName } from "./modules";
import type { Source } from "./source";

/** Where every module's binaries lie, a folder a module and content. */
export const toolchainFolder = path.join(cacheFolder, "toolchain");

/** What Go said of itself, by module and PATH. */
const found = new Map<string, Go>();

/** The folder of a module's binaries; another content, flag, Go or machine gives another folder. */
export function binaryFolder(name: ModuleName, source: Source): string {
  const asked = `${name} ${process.env["PATH"] ?? ""}`;
  let go = found.get(asked);
  if (go === undefined) {
    go = findGo(name, source);
    found.set(asked, go);
  }
  const hash = createHash("sha256");
  hash.update(JSON.stringify([go, goEnvironment(name), source.ldflags, source.packages]));
  for (const file of source.files) {
    hash.update(`\0${file}\0`);
    hash.update(fs.readFileSync(path.join(source.folder, file)));
  }
  return path.join(toolchainFolder, `${name}-${hash.digest("hex").slice(0, 16)}`);
}

/** Keeps a folder that is used from being pruned. */
export function markUsed(folder: string): void {
  const now = new Date();
  fs.utimesSync(folder, now, now);
}

/** Removes what earlier contents of the module left: binaries unused for so long, builds that were cut off. */
export function prune(name: ModuleName, keep: string, days = 30): void {
  const earlier = new RegExp(`^${name}-[0-9a-f]{16}$`);
  const unfinished = new RegExp(`^\\.${name}-[0-9a-f]{16}\\.\\d+$`);
  for (const entry of fs.readdirSync(toolchainFolder)) {
    const folder = path.join(toolchainFolder, entry);
    const old =
      earlier.test(entry) && folder !== keep && fs.statSync(folder).mtimeMs < Date.now() - days * 86_400_000;
    if (old || unfinished.test(entry)) fs.rmSync(folder, { recursive: true, force: true });
  }
}
