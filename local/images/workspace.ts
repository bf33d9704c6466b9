import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { UserError, type Report } from "../errors";
import { run, type RunOptions } from "../host/run";
import { checkout } from "../paths";
import { baseKey, ensureBase } from "./base";
import { isolation, mustBuildah } from "./buildah";
import type { Builder } from "./builder";
import { programFailure } from "./failure";
import { fileKey, folderKey } from "./key";
import { packFolder, type Packed } from "./oci";
import { stepReader } from "./steps";

/** The Containerfile and everything inside the workspace. */
const folder = path.join(checkout, "workspace-image");
const containerfile = path.join(folder, "Containerfile");

/** Of the folder's pages the one that is part of the image: a person finds it in a new home. */
const page = path.join(folder, "template/README.md");

export const workspaceKey = (builder: Builder) =>
  folderKey(folder, builder === "buildah" ? baseKey() : "public base", fileKey(page));

/** Builds the workspace's image in `work`, a folder of its own, and writes the archive there. */
export async function buildWorkspace(
  builder: Builder,
  ref: string,
  work: string,
  report: Report,
  /** Docker takes no layer and no base that it has: they may lack Debian's updates. */
  again: boolean,
): Promise<Packed & { file: string }> {
  const read = stepReader();
  const onLine = (line: string) => {
    const step = read(line);
    if (step !== undefined) report(`workspace image: ${step}`);
  };
  const file = path.join(work, "archive.tar");
  const { settings, env } = await hostSettings();

  if (builder === "docker") {
    const build = [
      "build",
      ...(again ? ["--pull", "--no-cache"] : []),
      "--progress",
      "plain",
      "--tag",
      ref,
      ...settings,
      "--file",
      containerfile,
      folder,
    ];
    await mustDocker(build, onLine, env);
    report("workspace image: writing the archive");
    await mustDocker(["save", "--output", file, ref]);
    const asked = await mustDocker(["image", "inspect", ref]);
    const [image] = inspected.parse(JSON.parse(asked));
    return { file, digest: image.Id, bytes: image.Size };
  }

  const base = await ensureBase(work, report);
  const options = ["--layers", ...isolation, "--build-arg", `BASE=${base}`, ...settings];
  await mustBuildah("workspace", ["bud", ...options, "--tag", ref, folder], onLine, env);
  report("workspace image: writing the archive");
  const pushed = path.join(work, "pushed");
  const plain = ["--quiet", "--disable-compression", "--format", "oci"];
  await mustBuildah("workspace", ["push", ...plain, ref, `dir:${pushed}`]);
  return { file, ...(await packFolder(pushed, ref, work, file)) };
}

const inspected = z.tuple([z.looseObject({ Id: z.string(), Size: z.number() })]);

async function mustDocker(
  args: readonly string[],
  onLine?: (line: string) => void,
  env: RunOptions["env"] = {},
): Promise<string> {
  const ran = await run("docker", args, {
    // Secrets need BuildKit, which older engines have to be asked for.
    env: { DOCKER_BUILDKIT: "1", ...env },
    ...(onLine === undefined ? {} : { onLine }),
  });
  if (ran.code !== 0) throw programFailure("workspace", ran);
  return ran.stdout;
}

/**
 * How this machine reaches package registries: its npm registry, its proxies and whom it trusts. All of it is for
 * the build alone: a secret is never part of a layer, and the last stage declares none of the arguments. Arguments
 * are named only; the builder takes their values from its environment, where no list of processes shows them.
 */
async function hostSettings(): Promise<{ settings: string[]; env: Record<string, string> }> {
  const settings: string[] = [];
  const env: Record<string, string> = {};
  const npm = await run("npm", ["config", "get", "registry"], { cwd: os.tmpdir() });
  if (npm.code === 0 && URL.canParse(npm.stdout.trim())) {
    const registry = new URL(npm.stdout.trim());
    // The stages that fetch packages keep the argument in their history.
    if (registry.username !== "" || registry.password !== "")
      throw new UserError(
        `the address of npm's registry ${registry.host} holds a sign-in, which the image's layers would keep`,
        "set one without: npm config set registry <address>",
      );
    env["npm_config_registry"] = registry.href;
    settings.push("--build-arg", "npm_config_registry");
  }
  for (const name of ["http_proxy", "https_proxy", "no_proxy"])
    for (const variable of [name, name.toUpperCase()])
      if (process.env[variable] !== undefined) settings.push("--build-arg", variable);
  const bundle = [process.env["NODE_EXTRA_CA_CERTS"], "/etc/ssl/certs/ca-certificates.crt"].find(
    (file) => file !== undefined && fs.existsSync(file),
  );
  if (bundle !== undefined) settings.push("--secret", `id=ca,src=${bundle}`);
  return { settings, env };
}
