import * as fs from "node:fs";
import * as path from "node:path";

import type { Report } from "../errors";
import { baseKey, ensureBase } from "./base";
import { isolation, mustBuildah } from "./buildah";
import { wordsKey } from "./key";
import { packFolder, type Packed } from "./oci";

/** An image of Debian's packages, or of programs that need Debian's libraries. Building it needs root. */
export interface DebianImage {
  containerfile: (base: string) => string;
  /** Keys of all that it takes in besides Debian's packages. */
  inputs: readonly string[];
  /** Fills the folder that COPY reads. */
  fill?: (context: string) => Promise<void>;
}

export const debianKey = ({ containerfile, inputs }: DebianImage) =>
  wordsKey(containerfile(""), baseKey(), ...inputs);

/** @param name of the image, for what is said of it */
export async function buildOnDebian(
  name: string,
  image: DebianImage,
  ref: string,
  work: string,
  report: Report,
): Promise<Packed & { file: string }> {
  report(`${name} image`);
  const context = path.join(work, "context");
  fs.mkdirSync(context);
  await image.fill?.(context);
  const containerfile = path.join(work, "Containerfile");
  fs.writeFileSync(containerfile, image.containerfile(await ensureBase(work, report)));
  // The same content gives the same layers.
  const fixed = ["--timestamp", "0"];
  await mustBuildah(name, ["bud", ...fixed, ...isolation, "--file", containerfile, "--tag", ref, context]);
  const pushed = path.join(work, "pushed");
  const plain = ["--quiet", "--disable-compression", "--format", "oci"];
  await mustBuildah(name, ["push", ...plain, ref, `dir:${pushed}`]);
  const file = path.join(work, "archive.tar");
  return { file, ...(await packFolder(pushed, ref, work, file)) };
}
