import * as fs from "node:fs";
import * as path from "node:path";
import type { Report } from "../errors";
import { run } from "../host";
import { checkout } from "../paths";
import { packPlugins } from "../plugins/pack";
import { ensureTools, toolFolders, toolPath } from "../toolchain";
import { choosePulumi, installRoot, ownHome, site, sourceModule, type Choice } from "./choose";
import { readPins } from "./pins";

/** A Pulumi that is ready to run the project. */
export interface Pulumi {
  command: string;
  /** Added to the environment of every run. */
  env: Readonly<Record<string, string>>;
  plugins: "official" | "offline";
  /** Why it was this one. */
  why: string;
}

/**
 * Chooses a Pulumi, and installs or builds it where it is not there yet.
 * @param from Pulumi's own site
 */
export async function preparePulumi(report: Report, from = site): Promise<Pulumi> {
  let choice = await choosePulumi(from);
  report(choice.why);
  if (choice.from === "installer") choice = await install(choice, report, from);
  if (choice.from === "source") await ensureTools([sourceModule], report);
  if (choice.plugins === "offline" || choice.needsLanguageHost) await packPlugins(report);
  if (choice.from !== "path") keepNoLogs(ownHome);
  return {
    command: choice.command ?? toolPath("pulumi"),
    env: environment(choice),
    plugins: choice.plugins,
    why: choice.why,
  };
}

/**
 * Keeps the engine from writing each of its steps to a log in its home, compressed and encrypted: nobody asked for it, no
 * option turns it off, and at a hundred users it was half of what the engine cost. Where its folder cannot be made the
 * engine goes without. `pulumi -v=9 --logtostderr` says the same to whoever wants to know.
 */
export function keepNoLogs(home: string): void {
  const logs = path.join(home, "logs");
  if (fs.statSync(logs, { throwIfNoEntry: false })?.isFile() === true) return;
  fs.mkdirSync(home, { recursive: true });
  // An engine that runs at this moment may still write there; the next one finds it gone.
  fs.rmSync(logs, { recursive: true, force: true, maxRetries: 3 });
  fs.writeFileSync(logs, "");
}

/** Runs Pulumi's own installer into our cache; where that fails, the build from source is left. */
async function install(choice: Choice, report: Report, from: string): Promise<Choice> {
  const version = readPins().pulumi;
  const root = installRoot(version);
  report(`installing Pulumi ${version}`);
  const failed = await runInstaller(version, root, report, from);
  if (failed === undefined) return { ...choice, command: path.join(root, "bin", "pulumi") };
  fs.rmSync(root, { recursive: true, force: true });
  const why = `Pulumi ${version}, built from source with the offline plugins (its installer failed: ${failed})`;
  report(why);
  return { from: "source", plugins: "offline", needsLanguageHost: true, why };
}

/** Gives the last words of an installer that failed. */
async function runInstaller(
  version: string,
  root: string,
  report: Report,
  from: string,
): Promise<string | undefined> {
  const script = await fetchText(from);
  if (script === undefined) return "its script cannot be had";
  const words = ["-s", "--", "--version", version, "--install-root", root, "--no-edit-path"];
  const ran = await run("sh", words, {
    input: script,
    onLine: (line) => {
      report(`installing Pulumi ${version}: ${line.trim()}`);
    },
  });
  return ran.code === 0 ? undefined : (ran.stderr.trim().split("\n").at(-1) ?? "");
}

async function fetchText(from: string): Promise<string | undefined> {
  try {
    const answer = await fetch(from, { signal: AbortSignal.timeout(30_000) });
    return answer.ok ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
}

function environment(choice: Choice): Record<string, string> {
  const isOffline = choice.plugins === "offline";
  const folders = [
    ...(isOffline ? [path.join(checkout, "local", "plugins", "bin")] : []),
    ...(choice.needsLanguageHost ? [path.join(checkout, "local", "pulumi", "bin")] : []),
    ...(choice.from === "source" ? toolFolders([sourceModule]) : []),
    // The Node that the SDK asks for, where the machine's own is older.
    path.join(checkout, "node_modules", ".bin"),
    process.env["PATH"] ?? "",
  ];
  return {
    PATH: folders.join(path.delimiter),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // The engine writes the whole state at each step, from memory that it throws away: collecting that less often spares a
    // fifth of its time. Above two gigabytes it collects as it would.
    GOGC: process.env["GOGC"] ?? "400",
    GOMEMLIMIT: process.env["GOMEMLIMIT"] ?? "2GiB",
    // Checking types is lint's job; it took 3.7 of 5.1 seconds.
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    ...(isOffline ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
    ...(choice.from === "path" ? {} : { PULUMI_HOME: ownHome }),
  };
}
