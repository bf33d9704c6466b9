import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { UserError } from "../errors";
import { dataFolder } from "../paths";

/** The files of one local stack, all below one folder that only its owner can read. */
export interface StackFolder {
  folder: string;
  stack: string;
  /** The project's name, by which the backend files the stack. */
  projectName: string;
  /** The project as it is checked out. */
  project: string;
  /** The stack's own file, which the engine never writes. */
  source: string;
  /** The same project without a program, where the engine may write its stack file. */
  scratch: string;
  /** Where the engine keeps the stack's state. */
  backend: string;
  passphraseFile: string;
  /** The stack's config for one run: what is checked out, with the machine's own settings and the salt. */
  configFile: string;
}

/**
 * Finds a stack's files, and makes the folders and the passphrase where they are not there yet.
 *
 * @param folder default: that of the cluster of this name, beside its volumes
 */
export function stackFolder(
  cluster: string,
  stack: string,
  project: string,
  folder = path.join(dataFolder, "clusters", cluster),
): StackFolder {
  const projectName = z.object({ name: z.string() }).parse(read(path.join(project, "Pulumi.yaml"))).name;
  const files: StackFolder = {
    folder,
    stack,
    projectName,
    project,
    source: path.join(project, "stacks", `Pulumi.${stack}.yaml`),
    scratch: path.join(folder, "project"),
    backend: path.join(folder, "state"),
    passphraseFile: path.join(folder, "passphrase"),
    configFile: path.join(folder, `Pulumi.${stack}.yaml`),
  };
  for (const made of [files.scratch, files.backend]) fs.mkdirSync(made, { recursive: true, mode: 0o700 });
  makePassphrase(files.passphraseFile);
  fs.writeFileSync(
    path.join(files.scratch, "Pulumi.yaml"),
    stringify({ name: projectName, runtime: "nodejs" }),
  );
  return files;
}

/** A link never replaces: of two first runs at once, one passphrase wins and both use it. */
function makePassphrase(file: string): void {
  if (fs.existsSync(file)) return;
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
  try {
    fs.linkSync(draft, file);
  } catch (error) {
    if (!fs.existsSync(file)) throw error;
  } finally {
    fs.rmSync(draft);
  }
}

/** The file of the engine's state; it appears with the stack. */
export function stateFile(files: StackFolder): string {
  return path.join(files.backend, ".pulumi", "stacks", files.projectName, `${files.stack}.json`);
}

/** The stack file of the scratch project, which holds the salt of the stack's secrets. */
export function saltFile(files: StackFolder): string {
  return path.join(files.scratch, `Pulumi.${files.stack}.yaml`);
}

const stackFile = z.looseObject({
  config: z.record(z.string(), z.unknown()).nullish(),
  encryptionsalt: z.string().optional(),
});

/** Writes the config for one run. The engine would write the salt into the checkout, so it gets this copy. */
export function writeConfig(files: StackFolder, overrides: Readonly<Record<string, unknown>>): void {
  if (!fs.existsSync(files.source))
    throw new UserError(`there is no stack ${files.stack}`, `write stacks/Pulumi.${files.stack}.yaml`);
  const checkedOut = stackFile.parse(read(files.source));
  if (checkedOut.encryptionsalt !== undefined)
    throw new UserError(
      `stacks/Pulumi.${files.stack}.yaml holds secrets of another passphrase (encryptionsalt)`,
      "take them out: a local stack generates its own",
    );
  // The scratch project's own config is nothing but secrets, which only this stack's passphrase opens.
  const { encryptionsalt, config: own } = stackFile.parse(read(saltFile(files)));
  // Where the last one of an object was taken out, an empty object stays.
  const secrets = Object.entries(own ?? {}).filter(([, value]) => places(value, "").length > 0);
  const config = { ...checkedOut.config, ...Object.fromEntries(secrets), ...overrides };
  const draft = `${files.configFile}.${process.pid}`;
  fs.writeFileSync(draft, stringify({ ...checkedOut, encryptionsalt, config }), { mode: 0o600 });
  fs.renameSync(draft, files.configFile);
}

/** Puts keys of a config beside the stack's secrets, which replace what is in the stack's file key by key. */
export function seedSecrets(
  files: StackFolder,
  config: Readonly<Record<string, unknown>>,
  isSeeded: (key: string) => boolean,
): void {
  const { config: own, ...salted } = stackFile.parse(read(saltFile(files)));
  const seeds = Object.entries(config).filter(([key]) => isSeeded(key));
  fs.writeFileSync(
    saltFile(files),
    stringify({ ...salted, config: { ...own, ...Object.fromEntries(seeds) } }),
    {
      mode: 0o600,
    },
  );
}

/** Places of the stack's secrets, below the project's name: `secretEnv.alice.TOKEN`. */
export function secretNames(files: StackFolder): string[] {
  const { config } = stackFile.parse(read(saltFile(files)));
  return Object.entries(config ?? {})
    .flatMap(([key, value]) => places(value, key.slice(files.projectName.length + 1)))
    .sort();
}

/** Where below a value something is encrypted. */
function places(value: unknown, path: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((inner: unknown, index) => places(inner, `${path}[${index}]`));
  const found = z.record(z.string(), z.unknown()).safeParse(value).data ?? {};
  if ("secure" in found) return [path];
  return Object.entries(found).flatMap(([key, inner]) => places(inner, `${path}.${key}`));
}

function read(file: string): unknown {
  return parse(fs.readFileSync(file, "utf8")) ?? {};
}
