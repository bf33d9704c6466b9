import * as fs from "node:fs";
import * as path from "node:path";
import { binaryName, parseGoMod, type GoMod } from "./gomod";
import { moduleFolder, modules, type ModuleName } from "./modules";

/** A module as it lies in the checkout, and what its build will make. */
export interface Source {
  folder: string;
  goMod: GoMod;
  /** Every file that can change the result, relative to the folder, sorted. */
  files: readonly string[];
  /** Packages for `go build`. */
  packages: readonly string[];
  /** Names of the binaries, sorted. */
  tools: readonly string[];
  ldflags: string;
}

export function readSource(name: ModuleName): Source {
  const folder = moduleFolder(name);
  const goMod = parseGoMod(fs.readFileSync(path.join(folder, "go.mod"), "utf8"));
  const files = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith("_test.go") && !entry.name.endsWith(".md"))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
  const mains = ownMains(folder, files);
  return {
    folder,
    goMod,
    files,
    packages: [...(goMod.tools.length > 0 ? ["tool"] : []), ...mains],
    // A module may name its own programs as tools too.
    tools: [...new Set([...goMod.tools.map(binaryName), ...mains.map((main) => ownName(name, main))])].sort(),
    ldflags: modules[name].ldflags((modulePath) => {
      const version = goMod.requires.get(modulePath);
      if (version === undefined) throw new Error(`${folder}/go.mod does not require ${modulePath}`);
      return version;
    }),
  };
}

const ownName = (name: ModuleName, main: string) => (main === "." ? name : path.basename(main));

/** Our own programs beside the `tool` directives: the folders that hold a package main. */
function ownMains(folder: string, files: readonly string[]): string[] {
  const mains = files.filter(
    (file) =>
      file.endsWith(".go") && /^package main\b/m.test(fs.readFileSync(path.join(folder, file), "utf8")),
  );
  const folders = [...new Set(mains.map((file) => path.dirname(file)))].sort();
  return folders.map((own) => (own === "." ? "." : `./${own}`));
}
