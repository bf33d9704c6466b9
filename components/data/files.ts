import * as fs from "node:fs";
import * as path from "node:path";

/** Files of a folder beside this one, by name. */
export function files(folder: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [name, fs.readFileSync(path.join(__dirname, folder, name), "utf8")]),
  );
}
