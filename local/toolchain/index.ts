import * as fs from "node:fs";
import * as path from "node:path";
import { UserError, type Report } from "../errors";
import { build } from "./build";
import { binaryFolder, markUsed, prune, toolchainFolder } from "./folder";
import { withLock } from "./lock";
import { modules, type ModuleName } from "./modules";
import { readSource } from "./source";

export type { ModuleName } from "./modules";

/** Every module, in the order of the table. */
export const moduleNames: readonly ModuleName[] = Object.keys(modules).filter((name): name is ModuleName =>
  Object.hasOwn(modules, name),
);

/**
 * Builds the named modules, one after the other, where this user has not got them yet. Calls may overlap, also
 * from several processes: one module is built at a time on the whole machine.
 */
export async function ensureTools(names: readonly ModuleName[], report: Report): Promise<void> {
  for (const name of names) {
    const source = readSource(name);
    const folder = binaryFolder(name, source);
    if (!fs.existsSync(folder)) {
      fs.mkdirSync(toolchainFolder, { recursive: true });
      await withLock(path.join(toolchainFolder, "lock"), `the build of ${name}`, report, async () => {
        // Whom we waited for may have built the same.
        if (fs.existsSync(folder)) return;
        prune(name, folder);
        await build(name, source, folder, report);
      });
    }
    markUsed(folder);
  }
}

/** The full path of a built tool: `toolPath("kubectl")`. */
export function toolPath(tool: string): string {
  for (const name of moduleNames) {
    const source = readSource(name);
    if (!source.tools.includes(tool)) continue;
    const file = path.join(binaryFolder(name, source), tool);
    if (fs.existsSync(file)) return file;
    throw new UserError(`${tool} is not built yet`, "run `make up`, which builds it");
  }
  throw new UserError(`no tool is called ${tool}`, "the modules under local/toolchain name those there are");
}

/** The folders that hold the modules' binaries, for PATH. They exist after `ensureTools`. */
export function toolFolders(names: readonly ModuleName[]): string[] {
  return names.map((name) => binaryFolder(name, readSource(name)));
}
