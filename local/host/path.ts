import * as fs from "node:fs";
import * as path from "node:path";

/** The program of that name on PATH; a name with a slash is a file's own path. */
export function findOnPath(program: string, searchPath = process.env["PATH"] ?? ""): string | undefined {
  const candidates = program.includes("/")
    ? [program]
    : searchPath
        .split(path.delimiter)
        .filter((folder) => folder !== "")
        .map((folder) => path.join(folder, program));
  return candidates.find(executable);
}

/** Whether there is such a program. */
export function onPath(program: string): boolean {
  return findOnPath(program) !== undefined;
}

function executable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
