import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { cacheFolder } from "../paths";

/** An image on disk. */
export interface BuiltImage {
  /** What a pod names: `localhost/vibecode/workspace:0f3a…`. It names the content, so it never moves. */
  ref: string;
  /** An archive with uncompressed layers that holds `ref`, for `ctr images import`, `docker load` and KIND. */
  archive: string;
  /** `sha256:…` of the image's manifest, or Docker's id of it. */
  digest: string;
  /** Size of the unpacked layers. */
  bytes: number;
}

/** Where images lie, an archive and a note of it each. */
export const imagesFolder = path.join(cacheFolder, "images");

/** What a build is at work on. Only the holder of the lock uses it, so what lies in it at a start was cut off. */
export const workFolder = path.join(imagesFolder, "work");

const note = z.object({
  ref: z.string(),
  digest: z.string(),
  bytes: z.number(),
  /** When the image was built; notes once did not say so, and are as old as their file. */
  built: z.iso.datetime().optional(),
});

const paths = (name: string, key: string) => ({
  archive: path.join(imagesFolder, `${name}-${key}.tar`),
  note: path.join(imagesFolder, `${name}-${key}.json`),
});

/** The image of that content, where this user has it. */
export function storedImage(name: string, key: string): BuiltImage | undefined {
  const { archive, note: file } = paths(name, key);
  if (!fs.existsSync(file) || !fs.existsSync(archive)) return undefined;
  const now = new Date();
  fs.utimesSync(archive, now, now);
  const { ref, digest, bytes } = readNote(file);
  return { ref, archive, digest, bytes };
}

/** When the stored image of that content was built. */
export function builtOn(name: string, key: string): Date {
  const { note: file } = paths(name, key);
  const { built } = readNote(file);
  return built === undefined ? fs.statSync(file).mtime : new Date(built);
}

const readNote = (file: string) => note.parse(JSON.parse(fs.readFileSync(file, "utf8")));

/** Takes a finished archive in, in the place of an older one. The note comes last, so what was cut off is not found. */
export function storeImage(
  name: string,
  key: string,
  made: Omit<BuiltImage, "archive"> & { file: string },
): BuiltImage {
  const { archive, note: file } = paths(name, key);
  const { ref, digest, bytes } = made;
  fs.rmSync(file, { force: true });
  fs.renameSync(made.file, archive);
  const built = new Date().toISOString();
  fs.writeFileSync(`${file}.new`, `${JSON.stringify({ ref, digest, bytes, built })}\n`);
  fs.renameSync(`${file}.new`, file);
  return { ref, archive, digest, bytes };
}

/** Removes a name's earlier images that nobody asked for in so long. */
export function pruneImages(name: string, keep: string, days = 7): void {
  const archive = new RegExp(`^${name}-([0-9a-f]{12})\\.tar$`);
  for (const entry of fs.readdirSync(imagesFolder)) {
    const key = archive.exec(entry)?.[1];
    if (key === undefined || key === keep) continue;
    const old = paths(name, key);
    if (fs.statSync(old.archive).mtimeMs > Date.now() - days * 86_400_000) continue;
    fs.rmSync(old.note, { force: true });
    fs.rmSync(old.archive, { force: true });
  }
}
