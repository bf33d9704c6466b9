import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { checkout } from "../../local/paths";
import { output, start } from "./process";
import type { Running } from "./process";

const metadata = z.object({
  op: z.string(),
  urn: z.string(),
  type: z.string(),
  diffs: z.array(z.string()).nullish(),
  detailedDiff: z.record(z.string(), z.object({ diffKind: z.string(), inputDiff: z.boolean() })).nullish(),
});

const event = z.object({
  resourcePreEvent: z.object({ metadata }).optional(),
  resOpFailedEvent: z.object({ metadata }).optional(),
  diagnosticEvent: z
    .object({ message: z.string(), severity: z.string(), urn: z.string().optional() })
    .optional(),
  summaryEvent: z.object({ resourceChanges: z.record(z.string(), z.number()).nullish() }).optional(),
});

const resource = z.object({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
  initErrors: z.array(z.string()).optional(),
});

export type Resource = z.infer<typeof resource>;

/** One resource the engine decided something about: `update` of `config`, and which properties differ. */
export interface Step {
  op: string;
  type: string;
  name: string;
  /** By property path: `add`, `delete`, `update`, each with `-replace` where it forces one. */
  diff: Record<string, string>;
}

export interface Run {
  /** 0 when it went well. */
  exitCode: number;
  /** Everything printed, for the message of a failed expectation. */
  text: string;
  /** Without the stack itself, the providers, and what stays the same. */
  steps: Step[];
  /** How many resources had which operation, by the engine's own count: `{ create: 2, same: 1 }`. */
  changes: Record<string, number>;
  /** What was printed about a resource or the whole stack, without colours. */
  errors: string[];
  warnings: string[];
  seconds: number;
}

export interface StackArgs {
  /** A JavaScript program; `pulumi`, `k8s` and `config` are there. What it returns are the stack's outputs. */
  program: string;
  /** Stack config: `{ "kubernetes:namespace": "a" }`. Default none. */
  config?: Record<string, string>;
  /** Added to the engine's environment. Default none. */
  env?: Record<string, string>;
}

/** A stack of its own in a temporary folder, run by the real engine with the plugins of this checkout. */
export class Stack {
  private constructor(
    readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async create({ program, config = {}, env = {} }: StackArgs): Promise<Stack> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "vibecode-engine-"));
    await fs.mkdir(path.join(folder, "state"));
    await fs.mkdir(path.join(folder, "node_modules", "@pulumi"), { recursive: true });
    await fs.writeFile(path.join(folder, "package.json"), '{ "main": "index.js" }');
    await fs.writeFile(
      path.join(folder, "Pulumi.yaml"),
      "name: plugins\nruntime:\n  name: nodejs\n  options: { typescript: false }\n",
    );
    const bin = [path.join(checkout, "local/plugins/bin"), path.join(checkout, "node_modules/.bin")];
    const stack = new Stack(folder, {
      ...process.env,
      PATH: [...bin, process.env["PATH"]].join(path.delimiter),
      PULUMI_HOME: path.join(folder, "home"),
      PULUMI_BACKEND_URL: `file://${path.join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      // Jest's own options are not for the engine's Node processes.
      NODE_OPTIONS: "",
      ...env,
    });
    await stack.program(program);
    await stack.pulumi("stack", "init", "test");
    const pairs = Object.entries(config).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
    if (pairs.length > 0) await stack.pulumi("config", "set-all", ...pairs);
    return stack;
  }

  /** Replaces the program. */
  async program(program: string): Promise<void> {
    const k8s = /\bk8s\b/.test(program) ? ['const k8s = require("@pulumi/kubernetes");'] : [];
    await this.link(
      ["@pulumi/pulumi", ...[k8s.join(), program].join().matchAll(/@pulumi\/\w+/g)].map(String),
    );
    await fs.writeFile(
      path.join(this.folder, "index.js"),
      [
        'const pulumi = require("@pulumi/pulumi");',
        ...k8s,
        "const config = new pulumi.Config();",
        `module.exports = (() => {\n${program}\n})() ?? {};`,
      ].join("\n"),
    );
  }

  /** The engine starts a plugin for each package it finds, so only those the program names are there. */
  private async link(packages: string[]): Promise<void> {
    for (const name of new Set(packages)) {
      const link = path.join(this.folder, "node_modules", name);
      await fs.rm(link, { force: true });
      await fs.symlink(path.join(checkout, "node_modules", name), link);
    }
  }

  /** Any command of the command line; throws when it fails. */
  pulumi(...args: string[]): Promise<string> {
    return output("pulumi", [...args, "--non-interactive"], this.options());
  }

  up(...args: string[]): Promise<Run> {
    return this.run("up", "--yes", "--skip-preview", ...args);
  }

  preview(...args: string[]): Promise<Run> {
    return this.run("preview", ...args);
  }

  refresh(...args: string[]): Promise<Run> {
    return this.run("refresh", "--yes", "--skip-preview", ...args);
  }

  destroy(...args: string[]): Promise<Run> {
    return this.run("destroy", "--yes", "--skip-preview", ...args);
  }

  import(...args: string[]): Promise<Run> {
    return this.run("import", "--yes", "--skip-preview", "--protect=false", "--generate-code=false", ...args);
  }

  /** The stack's outputs, secrets shown. */
  async outputs(): Promise<Record<string, unknown>> {
    const text = await this.pulumi("stack", "output", "--json", "--show-secrets");
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  }

  /** The state as it is on disk: a secret is an object with `ciphertext`. Without the stack and the providers. */
  async resources(): Promise<Resource[]> {
    const text = await this.pulumi("stack", "export");
    const state = z.object({ deployment: z.object({ resources: z.array(resource).optional() }) });
    const resources = state.parse(JSON.parse(text)).deployment.resources ?? [];
    return resources.filter(({ type }) => !type.startsWith("pulumi:"));
  }

  /** Starts a command and hands it over, to be interrupted or killed. */
  start(...args: string[]): Running {
    return start("pulumi", [...args, "--non-interactive"], { ...this.options(), detached: true });
  }

  /** Ends the stack's files, not its resources. */
  async remove(): Promise<void> {
    await fs.rm(this.folder, { recursive: true, force: true });
  }

  private options() {
    return { cwd: this.folder, env: this.env } as const;
  }

  private async run(command: string, ...args: string[]): Promise<Run> {
    const log = path.join(this.folder, `${randomUUID()}.events`);
    const began = performance.now();
    const flags = ["--non-interactive", "--color=never", `--event-log=${log}`];
    const result = await start("pulumi", [command, ...flags, ...args], {
      ...this.options(),
      env: { ...this.env, PULUMI_DEBUG_COMMANDS: "true" },
    }).ended;
    const seconds = (performance.now() - began) / 1000;
    const lines = await fs.readFile(log, "utf8").catch(() => "");
    const events = lines
      .split("\n")
      .filter(Boolean)
      .map((line) => event.parse(JSON.parse(line)));
    const said = (severity: string) =>
      events
        .flatMap(({ diagnosticEvent: d }) =>
          d?.severity === severity ? [d.message.replaceAll(/<\{%[^%]*%\}>/g, "").trim()] : [],
        )
        // What the engine says of every plugin that it finds on PATH.
        .filter((message) => !/^using pulumi-\S+ from \$PATH at /.test(message));
    return {
      exitCode: result.exitCode,
      text: result.all,
      steps: events.flatMap(({ resourcePreEvent }) =>
        resourcePreEvent ? step(resourcePreEvent.metadata) : [],
      ),
      changes: events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {},
      errors: said("error"),
      warnings: said("warning"),
      seconds,
    };
  }
}

function step({ op, urn, type, detailedDiff, diffs }: z.infer<typeof metadata>): Step[] {
  if (op === "same" || type.startsWith("pulumi:")) return [];
  const plain = Object.fromEntries((diffs ?? []).map((key) => [key, "update"]));
  const detailed = Object.entries(detailedDiff ?? {}).map(([key, { diffKind }]) => [key, diffKind]);
  const diff =
    detailed.length > 0 ? z.record(z.string(), z.string()).parse(Object.fromEntries(detailed)) : plain;
  return [{ op, type, name: urn.split("::").slice(3).join("::"), diff }];
}
