import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { UserError } from "../errors";
import { findOnPath, run } from "../host";
import { cacheFolder } from "../paths";
import { toolFolders } from "../toolchain";
import type { ModuleName } from "../toolchain";
import { readPins, satisfies, type Pins } from "./pins";

/** Which Pulumi to take, and why. Nothing has been installed or built yet. */
export interface Choice {
  from: "path" | "installed" | "installer" | "source";
  /** The command, where it is there already. */
  command?: string;
  plugins: "official" | "offline";
  /** Whether Pulumi came without its host for Node programs, so that ours is taken. */
  needsLanguageHost: boolean;
  /** One clause for the person who waits: `Pulumi 3.250.0 on PATH with its official plugins`. */
  why: string;
}

/** The module that makes Pulumi where none can be had. */
export const sourceModule = "pulumi" satisfies ModuleName;

/** Pulumi's own site: the installer, and the plugins of its providers. */
export const site = "https://get.pulumi.com";

/** Where the official installer puts Pulumi for us, outside the user's own installation. */
export const installRoot = (version: string) => path.join(cacheFolder, "pulumi", version);

/** Pulumi's home where the Pulumi is ours. A user's own keeps its home, in which its plugins lie. */
export const ownHome = path.join(cacheFolder, "pulumi", "home");

/**
 * Decides within seconds: Pulumi on PATH, else the official installer where its site answers, else our build
 * from source. What an earlier run made is taken without asking the network again.
 * @param from Pulumi's own site
 */
export async function choosePulumi(from = site): Promise<Choice> {
  const pins = readPins();
  const installed = path.join(installRoot(pins.pulumi), "bin", "pulumi");
  const found = findOnPath("pulumi");
  const refused: string[] = [];

  if (found !== undefined) {
    const version = await versionOf(found);
    if (version !== undefined && satisfies(version, pins.required))
      return { from: "path", ...(await present(found, pins, {}, `Pulumi ${version} on PATH`, from)) };
    refused.push(
      `${found} ${version === undefined ? "does not run" : `is ${version}, not ${pins.required}`}`,
    );
  } else refused.push("no Pulumi on PATH");

  if ((await versionOf(installed)) !== undefined)
    return {
      from: "installed",
      ...(await present(
        installed,
        pins,
        { PULUMI_HOME: ownHome },
        `Pulumi ${pins.pulumi}, installed earlier`,
        from,
      )),
    };
  if (isBuilt())
    return {
      from: "source",
      ...offline(`Pulumi ${pins.pulumi}, built from source earlier (${refused.join()})`),
    };
  if (await answers(from))
    return {
      from: "installer",
      plugins: "official",
      needsLanguageHost: false,
      why: `Pulumi ${pins.pulumi} by its official installer (${refused.join()})`,
    };
  refused.push(`${new URL(from).host} does not answer`);
  return { from: "source", ...offline(`Pulumi ${pins.pulumi}, built from source (${refused.join(", ")})`) };
}

const offline = (why: string) =>
  ({ plugins: "offline", needsLanguageHost: true, why: `${why}, with the offline plugins` }) as const;

/** Whether an earlier run built Pulumi; where there is no Go that could have, it did not. */
function isBuilt(): boolean {
  try {
    return toolFolders([sourceModule]).every((folder) => fs.existsSync(folder));
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** A Pulumi that is there: does it have the official plugins, or can it get them? */
async function present(
  command: string,
  pins: Pins,
  env: Readonly<Record<string, string>>,
  what: string,
  from: string,
): Promise<Omit<Choice, "from">> {
  const missing = await missingPlugins(command, pins, env);
  const official = missing.length === 0 || (await answers(from));
  return {
    command,
    plugins: official ? "official" : "offline",
    needsLanguageHost: !hasLanguageHost(command),
    why: official
      ? `${what} with its official plugins`
      : `${what} with the offline plugins (it has no ${missing.join(", ")}, and ${new URL(from).host} does not answer)`,
  };
}

async function versionOf(command: string): Promise<string | undefined> {
  const asked = await run(command, ["version"], { timeout: 5000, env: { PULUMI_SKIP_UPDATE_CHECK: "true" } });
  return asked.code === 0 ? /v(\d+\.\d+\.\d+\S*)/.exec(asked.stdout)?.[1] : undefined;
}

const listed = z.array(z.object({ name: z.string(), kind: z.string(), version: z.string().optional() }));

async function missingPlugins(
  command: string,
  pins: Pins,
  env: Readonly<Record<string, string>>,
): Promise<string[]> {
  const asked = await run(command, ["plugin", "ls", "--json"], { timeout: 5000, env });
  const plugins = asked.code === 0 ? listed.parse(JSON.parse(asked.stdout)) : [];
  const there = new Set(plugins.map(({ kind, name, version }) => `${kind} ${name} ${version ?? ""}`));
  return [...pins.plugins].flatMap(([name, version]) =>
    there.has(`resource ${name} ${version}`) ? [] : [`${name} ${version}`],
  );
}

/** The engine looks for the host beside itself, then on PATH. */
function hasLanguageHost(command: string): boolean {
  const beside = path.join(path.dirname(fs.realpathSync(command)), "pulumi-language-nodejs");
  return fs.existsSync(beside) || findOnPath("pulumi-language-nodejs") !== undefined;
}

/** Asked by Node itself: curl may not be there. */
async function answers(from: string): Promise<boolean> {
  try {
    return (await fetch(from, { method: "HEAD", signal: AbortSignal.timeout(3000) })).ok;
  } catch {
    return false;
  }
}
