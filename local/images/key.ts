import { createHash, type Hash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/** The key of a folder's content: names, modes and bytes of its files. Pages for people do not count. */
export function folderKey(folder: string, ...ingredients: readonly string[]): string {
  const hash = start(ingredients);
  const files = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".md"))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
  for (const file of files) {
    const full = path.join(folder, file);
    const mode = (fs.statSync(full).mode & 0o111) === 0 ? "" : "x";
    const content = fs.readFileSync(full);
    hash.update(`\0${file}\0${mode}\0${content.length}\0`).update(content);
  }
  return end(hash);
}

/** The key of one file's content. */
export function fileKey(file: string, ...ingredients: readonly string[]): string {
  return end(start(ingredients).update(fs.readFileSync(file)));
}

/** The key of some words. */
export function wordsKey(...words: readonly string[]): string {
  return end(start(words));
}

const start = (ingredients: readonly string[]) =>
  createHash("sha256").update(JSON.stringify([process.arch, ...ingredients]));

/** Twelve digits name one content among all that a machine will ever build. */
const end = (hash: Hash) => hash.digest("hex").slice(0, 12);
