import * as fs from "node:fs";
import * as path from "node:path";
import type { Report } from "../errors";
import { requireDisk } from "../host/preflight";
import { toolPath } from "../toolchain";
import { withLock } from "../toolchain/lock";
import { tidyStorage } from "./buildah";
import { chooseBuilder, type Builder } from "./builder";
import { ownFailure } from "./failure";
import { fileKey } from "./key";
import type { Packed } from "./oci";
import { buildProgram, type ProgramImage } from "./scratch";
import { imagesFolder, pruneImages, storedImage, storeImage, workFolder, type BuiltImage } from "./store";
import { buildWorkspace, workspaceKey } from "./workspace";

export { chooseBuilder, type Builder } from "./builder";
export type { BuiltImage } from "./store";

const programs = {
  // Ports below 1024 are the Service's, not the container's.
  traefik: { tool: "traefik", user: "65532:65532", authorities: true },
  coredns: { tool: "coredns", user: "65532:65532", authorities: false },
  pause: { tool: "pause", user: "65535:65535", authorities: false },
} as const satisfies Record<string, ProgramImage>;

type ProgramName = keyof typeof programs;

export type ImageName = "workspace" | ProgramName;

export interface ImageOptions {
  /** Finds a built tool of the toolchain. Default: `toolPath` of local/toolchain. */
  toolPath?: (tool: string) => string;
  /** Default: Docker where it answers, else buildah. */
  builder?: Builder;
}

/**
 * Builds the named images, one after the other, where this user has not got them yet. Calls may overlap, also from
 * several processes: one image is built at a time.
 */
export async function ensureImages<Name extends ImageName>(
  names: readonly Name[],
  report: Report,
  options: ImageOptions = {},
): Promise<Record<Name, BuiltImage>> {
  const built: Partial<Record<Name, BuiltImage>> = {};
  for (const name of names) built[name] = await ensureImage(name, report, options);
  if (!complete(built, names)) throw new Error("an image is missing");
  return built;
}

const complete = <Name extends ImageName>(
  built: Partial<Record<Name, BuiltImage>>,
  names: readonly Name[],
): built is Record<Name, BuiltImage> => names.every((name) => built[name] !== undefined);

async function ensureImage(name: ImageName, report: Report, options: ImageOptions): Promise<BuiltImage> {
  const recipe = name === "workspace" ? await workspaceRecipe(options) : programRecipe(name, options);
  const { key } = recipe;
  const there = storedImage(name, key);
  if (there !== undefined) return there;
  fs.mkdirSync(imagesFolder, { recursive: true });
  return await withLock(path.join(imagesFolder, "lock"), `the image ${name}`, report, async () => {
    // Whom we waited for may have built the same.
    const meanwhile = storedImage(name, key);
    if (meanwhile !== undefined) return meanwhile;
    pruneImages(name, key);
    requireDisk(imagesFolder, recipe.disk, `the image ${name}`);
    const ref = `localhost/vibecode/${name}:${key}`;
    fs.rmSync(workFolder, { recursive: true, force: true });
    fs.mkdirSync(workFolder);
    try {
      return storeImage(name, key, { ref, ...(await recipe.build(ref, workFolder, report)) });
    } catch (error) {
      throw ownFailure(name, error);
    } finally {
      fs.rmSync(workFolder, { recursive: true, force: true });
    }
  });
}

interface Recipe {
  key: string;
  /** Free bytes that the build needs. */
  disk: number;
  build: (ref: string, work: string, report: Report) => Promise<Packed & { file: string }>;
}

async function workspaceRecipe(options: ImageOptions): Promise<Recipe> {
  const builder = options.builder ?? (await chooseBuilder());
  return {
    key: workspaceKey(builder),
    disk: 9e9,
    build: async (ref, work, report) => {
      if (builder === "buildah") await tidyStorage();
      return buildWorkspace(builder, ref, work, report);
    },
  };
}

function programRecipe(name: ProgramName, options: ImageOptions): Recipe {
  const image: ProgramImage = programs[name];
  const binary = (options.toolPath ?? toolPath)(image.tool);
  return {
    key: fileKey(binary, JSON.stringify(image)),
    disk: 4 * fs.statSync(binary).size,
    build: (ref, work, report) => {
      report(`${name} image`);
      return buildProgram(image, binary, ref, work);
    },
  };
}
