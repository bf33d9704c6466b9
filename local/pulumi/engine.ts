import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { UserError, type Report } from "../errors";
import { run } from "../host";
import { checkout, dataFolder } from "../paths";
import { Events, isNoise, type Touched, type Violation } from "./events";
import { countPending, settlePending } from "./pending";
import type { Pulumi } from "./prepare";
import { clearRemnants } from "./remnants";
import {
  saltFile,
  secretNames,
  seedSecrets,
  stackFolder,
  stateFile,
  writeConfig,
  type StackFolder,
} from "./stack-folder";
import { clearStaleLocks } from "./stack-lock";

export interface StackArgs {
  /** The local cluster the stack is put on; names the folder of its state. */
  cluster: string;
  /** `local` for stacks/Pulumi.local.yaml. */
  stack: string;
  pulumi: Pulumi;
  /** Config that this machine decides, over the stack file's own: `{ "vibecode:cluster": { ... } }`. */
  overrides?: Readonly<Record<string, unknown>>;
  /** The folder of Pulumi.yaml. Default the checkout. */
  project?: string;
  /** Where state and secrets lie. Default: beside the cluster's volumes. */
  folder?: string;
  /** The stack's file. Default: that of `stack` in the project. */
  source?: string;
  /** Takes warnings and what the program prints, whole. Default: standard error. */
  print?: (text: string) => void;
}

/** What a run of the engine did. */
export interface Outcome {
  /** Resources by operation: `{ create: 2, same: 40 }`. */
  changes: Readonly<Record<string, number>>;
  /** Every resource that was not left as it was. */
  touched: readonly Touched[];
  seconds: number;
}

/** What a run of the engine would do. */
export interface Plan {
  /** Resources by operation: `{ create: 2, same: 40 }`. */
  changes: Readonly<Record<string, number>>;
  /** What the policy pack says of it; a mandatory one stops an `up`. */
  violations: readonly Violation[];
  /** What else is wrong, where a mandatory rule is broken too. */
  errors: readonly string[];
}

/** Whether a local stack was ever made on this machine; touches nothing. */
export function stackExists(cluster: string, stack: string): boolean {
  return fs.existsSync(path.join(dataFolder, "clusters", cluster, "project", `Pulumi.${stack}.yaml`));
}

/** Opens a local stack; makes it where it does not exist. */
export async function openStack(args: StackArgs, report: Report): Promise<LocalStack> {
  const found = stackFolder(args.cluster, args.stack, args.project ?? checkout, args.folder);
  const files = { ...found, source: args.source ?? found.source };
  const { pulumi, overrides = {}, print = toStandardError } = args;
  const stack = new LocalStack(files, pulumi, overrides, print);
  await stack.make(report);
  return stack;
}

const quiet = () => undefined;

const toStandardOutput = (line: string) => {
  process.stdout.write(`${line}\n`);
};

const toStandardError = (text: string) => {
  process.stderr.write(`${text}\n`);
};

/** One stack whose state lies on this machine. */
class LocalStack {
  constructor(
    private readonly files: StackFolder,
    private readonly pulumi: Pulumi,
    private readonly overrides: Readonly<Record<string, unknown>>,
    private readonly print: (text: string) => void,
  ) {}

  /** Where the stack's files are, for what belongs to one run. */
  get folder(): string {
    return this.files.folder;
  }

  /** Writes the config of this moment, and gives its file. */
  writtenConfig(): string {
    writeConfig(this.files, this.overrides);
    return this.files.configFile;
  }

  /** The stack's state as the backend keeps it; its secrets are encrypted. */
  state(): string {
    return fs.readFileSync(stateFile(this.files), "utf8");
  }

  /** Brings the cluster to what the program says; goes on where an interrupted run stopped. */
  up(report: Report, args: readonly string[] = []): Promise<Outcome> {
    return this.change("up", ["--skip-preview", ...args], report);
  }

  /**
   * Says what `up` would do, and gives it counted.
   *
   * @param print takes each line that Pulumi prints. Default: standard output
   * @throws {UserError} when the preview itself fails; a mandatory rule that is broken is an answer
   */
  async preview(args: readonly string[] = [], print = toStandardOutput): Promise<Plan> {
    const color = process.stdout.isTTY ? "always" : "never";
    const log = path.join(this.files.folder, `events.${process.pid}`);
    const flags = ["--suppress-progress", "--color", color, "--event-log", log, ...this.config()];
    const events = new Events(quiet, quiet);
    const ran = await this.engine(["preview", ...flags, ...args], {
      onLine: (line) => {
        if (!isNoise(line)) print(line);
      },
      // Without it the engine keeps no such log.
      env: { PULUMI_DEBUG_COMMANDS: "true" },
    });
    if (fs.existsSync(log)) {
      for (const line of fs.readFileSync(log, "utf8").split("\n")) events.line(line);
      fs.rmSync(log);
    }
    const { changes, violations, failures } = events;
    if (ran.code !== 0 && !violations.some(({ mandatory }) => mandatory))
      throw new UserError("the preview failed", "mend what it says above");
    return { changes, violations, errors: failures };
  }

  /** The stack's outputs; secret ones only when asked for. */
  async outputs({ showSecrets = false } = {}): Promise<Record<string, unknown>> {
    const text = await this.ask(["stack", "output", "--json", ...(showSecrets ? ["--show-secrets"] : [])]);
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  }

  /** Places of the stack's own secrets: `secretEnv.alice.TOKEN`. */
  secretNames(): string[] {
    return secretNames(this.files);
  }

  /** Encrypts a value with the stack's passphrase, for the next `up`. It is no argument, which others could see. */
  async setSecret(name: string, value: string): Promise<void> {
    await this.ask(["config", "set", "--secret", "--path", `${this.files.projectName}:${name}`], value);
  }

  /**
   * Encrypts many values at once, by their paths in the config.
   *
   * @param config what stands beside them under the same keys
   */
  async setSecrets(
    config: Readonly<Record<string, unknown>>,
    values: readonly (readonly [string, string])[],
  ): Promise<void> {
    if (values.length === 0) return;
    seedSecrets(this.files, config, (key) => values.some(([place]) => place.split("[", 1).join() === key));
    const words = values.flatMap(([place, value]) => ["--secret", `${place}=${value}`]);
    await this.ask(["config", "set-all", "--path", ...words]);
  }

  /** The state as `pulumi stack export` gives it, its secrets encrypted. */
  exportState(): Promise<string> {
    return this.ask(["stack", "export"]);
  }

  /** Takes over what `exportState` gave. */
  async importState(text: string): Promise<void> {
    await this.ask(["stack", "import"], text);
  }

  async removeSecret(name: string): Promise<void> {
    await this.ask(["config", "rm", "--path", `${this.files.projectName}:${name}`]);
  }

  /** Makes the stack in the backend, with the salt of its secrets in the scratch project. */
  async make(report: Report): Promise<void> {
    const [salt, state] = [saltFile(this.files), stateFile(this.files)];
    if (fs.existsSync(salt) && fs.existsSync(state)) return;
    report(`making the stack ${this.files.stack}`);
    // Cut off between the two, the stack cannot hold anything yet; one that does is not removed by this.
    if (fs.existsSync(state)) await this.ask(["stack", "rm", "--yes"]);
    // A salt without a state stays: the state was lost, and the stack's own secrets lie beside the salt.
    await this.ask(["stack", "init", "--no-select"]);
  }

  private async change(command: string, args: readonly string[], report: Report): Promise<Outcome> {
    const config = this.config();
    await clearStaleLocks(this.files, report);
    clearRemnants(this.files, report);
    await this.settle(report);
    const events = new Events(report, this.print);
    const began = Date.now();
    const ran = await this.engine([command, "--yes", "--json", ...config, ...args], {
      onLine: (line, from) => {
        if (from === "stdout") events.line(line);
      },
    });
    if (ran.interrupted)
      throw new UserError(
        `\`pulumi ${command}\` was interrupted`,
        "run the command again: it goes on from there",
      );
    const besides = ran.stderr.split("\n").filter((line) => line.trim() !== "" && !isNoise(line));
    if (ran.code !== 0) throw failure(command, ran.code, [...events.errors, ...besides]);
    for (const line of besides) this.print(line);
    return { changes: events.changes, touched: events.touched, seconds: (Date.now() - began) / 1000 };
  }

  /** Settles what an interrupted run left. */
  private async settle(report: Report): Promise<void> {
    const count = countPending(fs.readFileSync(stateFile(this.files), "utf8"));
    if (count === 0) return;
    report(`settling ${count} operations that an interrupted run left`);
    const { state } = settlePending(await this.ask(["stack", "export"]));
    await this.ask(["stack", "import"], JSON.stringify(state));
  }

  /** The config of this moment, for a run of the program; a question about the stack leaves an `up` its own. */
  private config(): string[] {
    return ["--config-file", this.writtenConfig()];
  }

  /** A question about the stack, which needs no program; its answer is what Pulumi prints. */
  private async ask(args: readonly string[], input?: string): Promise<string> {
    const ran = await this.engine(args, {
      cwd: this.files.scratch,
      ...(input === undefined ? {} : { input }),
    });
    if (ran.code === 0) return ran.stdout;
    throw new UserError(
      `\`pulumi ${args.slice(0, 2).join(" ")}\` failed: ${ran.stderr.replace(/^error: /gm, "").trim()}`,
      `the stack's files are in ${this.files.folder}`,
    );
  }

  private engine(args: readonly string[], options: Parameters<typeof run>[2]) {
    const { project, stack, backend, passphraseFile } = this.files;
    return run(this.pulumi.command, [...args, "--non-interactive", "--stack", stack], {
      cwd: project,
      patient: true,
      ...options,
      env: {
        ...this.pulumi.env,
        ...options?.env,
        // A killed engine may leave the attributes beside a file empty, and the file unreadable: none are written.
        PULUMI_BACKEND_URL: `file://${backend}?metadata=skip`,
        PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile,
        PULUMI_CONFIG_PASSPHRASE: undefined,
        PULUMI_STACK: undefined,
        // Every run keeps its history; another copy of each state beside it helps nobody.
        PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
        // A test runner's options are not for the engine's Node processes.
        NODE_OPTIONS: undefined,
      },
    });
  }
}

function failure(command: string, code: number, said: readonly string[]): UserError {
  const text = said.map((line) => line.replace(/^error: /, "")).join("\n");
  return new UserError(
    `\`pulumi ${command}\` ${text === "" ? `ended with status ${code}` : `failed:\n${text}\n`}`,
    "mend that and run the command again: it goes on from there",
  );
}

export type { LocalStack };
