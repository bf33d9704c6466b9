import * as fs from "node:fs";
import * as path from "node:path";
import { UserError, type Report } from "../errors";
import { requireDisk } from "../host/preflight";
import { toolPath } from "../toolchain";
import { withLock } from "../toolchain/lock";
import { authelia } from "./authelia";
import { tidyStorage } from "./buildah";
import { chooseBuilder, type Builder } from "./builder";
import { databases } from "./databases";
import { buildOnDebian, debianKey, type DebianImage } from "./debian";
import { ownFailure } from "./failure";
import { fileKey } from "./key";
import { monitoring } from "./monitoring";
import type { Packed } from "./oci";
import { buildProgram, type ProgramImage } from "./scratch";
import {
  builtOn,
  imagesFolder,
  pruneImages,
  storedImage,
  storeImage,
  workFolder,
  type BuiltImage,
} from "./store";
import { buildWorkspace, workspaceKey } from "./workspace";

export { chooseBuilder, type Builder } from "./builder";
export type { BuiltImage } from "./store";

const programs = {
  // Ports below 1024 are the Service's, not the container's.
  traefik: { tool: "traefik", user: "65532:65532", authorities: true },
  coredns: { tool: "coredns", user: "65532:65532", authorities: false },
  "oauth2-proxy": { tool: "oauth2-proxy", user: "65532:65532", authorities: true },
  "kube-state-metrics": { tool: "kube-state-metrics", user: "65534:65534", authorities: false },
  pause: { tool: "pause", user: "65535:65535", authorities: false },
} as const satisfies Record<string, ProgramImage>;

type ProgramName = keyof typeof programs;

export type ImageName = "workspace" | "authelia" | "databases" | "monitoring" | ProgramName;

export interface ImageOptions {
  /** Finds a built tool of the toolchain. Default: `toolPath` of local/toolchain. */
  toolPath?: (tool: string) => string;
  /** Default: Docker where it answers, else buildah. */
  builder?: Builder;
}

/**
 * Builds the named images, one after the other, where this user has not got them yet, or where one with Debian's
 * packages is so old that it lacks their updates; one that cannot be built anew then is kept. Calls may overlap, also from
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
  const recipe = await recipeOf(name, options);
  const { key } = recipe;
  const there = storedImage(name, key);
  if (there !== undefined && !outdated(name, recipe)) return there;
  fs.mkdirSync(imagesFolder, { recursive: true });
  return await withLock(path.join(imagesFolder, "lock"), `the image ${name}`, report, async () => {
    // Whom we waited for may have built the same.
    const meanwhile = storedImage(name, key);
    if (meanwhile !== undefined && !outdated(name, recipe)) return meanwhile;
    pruneImages(name, key);
    const today = new Date().toISOString().slice(0, 10).replaceAll("-", "");
    const ref = `localhost/vibecode/${name}:${key}${recipe.days === undefined ? "" : `-${today}`}`;
    fs.rmSync(workFolder, { recursive: true, force: true });
    fs.mkdirSync(workFolder);
    try {
      requireDisk(imagesFolder, recipe.disk, `the image ${name}`);
      const made = await recipe.build(ref, workFolder, report, meanwhile !== undefined);
      return storeImage(name, key, { ref, ...made });
    } catch (error) {
      const failure = ownFailure(name, error);
      if (meanwhile === undefined || !(failure instanceof UserError)) throw failure;
      report(`${name} image: kept without Debian's latest updates: ${failure.what}`);
      return meanwhile;
    } finally {
      fs.rmSync(workFolder, { recursive: true, force: true });
    }
  });
}

interface Recipe {
  key: string;
  /** Free bytes that the build needs. */
  disk: number;
  /** After so many days the image is built again although its key is the same; its ref then holds the date. */
  days?: number;
  /** `again`: what was kept of the last build is not to be used. */
  build: (ref: string, work: string, report: Report, again: boolean) => Promise<Packed & { file: string }>;
}

const outdated = (name: ImageName, { key, days }: Recipe) =>
  days !== undefined && builtOn(name, key).getTime() < Date.now() - days * 86_400_000;

function recipeOf(name: ImageName, options: ImageOptions): Recipe | Promise<Recipe> {
  switch (name) {
    case "workspace":
      return workspaceRecipe(options);
    case "authelia":
      return debianRecipe(name, authelia((options.toolPath ?? toolPath)(name)));
    case "databases":
      return debianRecipe(name, databases);
    case "monitoring":
      return debianRecipe(name, monitoring((options.toolPath ?? toolPath)("prometheus")));
    default:
      return programRecipe(name, options);
  }
}

function debianRecipe(name: ImageName, image: DebianImage): Recipe {
  return {
    key: debianKey(image),
    disk: 3e9,
    days: 30,
    build: (ref, work, report) => buildOnDebian(name, image, ref, work, report),
  };
}

async function workspaceRecipe(options: ImageOptions): Promise<Recipe> {
  const builder = options.builder ?? (await chooseBuilder());
  return {
    key: workspaceKey(builder),
    disk: 9e9,
    days: 30,
    build: async (ref, work, report, again) => {
      // Its layers of more than 14 days go, hence all of an image that is built again.
      if (builder === "buildah") await tidyStorage();
      return buildWorkspace(builder, ref, work, report, again);
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
