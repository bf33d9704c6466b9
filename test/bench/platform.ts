import * as fs from "node:fs/promises";
import * as path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { checkout } from "../../local/paths";
import type { Pulumi } from "../../local/pulumi";
import { keepNoLogs } from "../../local/pulumi/prepare";
import { start } from "../plugins/process";
import type { Running } from "../plugins/process";
import type { ControlPlane } from "./control-plane";
import { usagesDuring, type Usages } from "./processes";
import { run } from "./run";

const state = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          type: z.string(),
          custom: z.boolean(),
          inputs: z.record(z.string(), z.unknown()).optional(),
        }),
      )
      .default([]),
  }),
});

/** What one run of the engine took. */
export interface Run {
  seconds: number;
  /** What each of its processes took. */
  usages: Usages;
}

/** A Kubernetes object as kubectl takes it. */
export type Manifest = Record<string, unknown>;

const up = ["up", "--yes", "--skip-preview", "--stack", "bench"];

/** The engine writes the state at its end only. */
const atOnce = { PULUMI_SKIP_CHECKPOINTS: "true" };

export const userNames = (count: number) => Array.from({ length: count }, (_, index) => `user${index + 1}`);

/** The project itself, as a stack of its own whose files lie in a temporary folder. */
export class Platform {
  private constructor(
    private readonly folder: string,
    private readonly pulumi: Pulumi,
    private readonly cluster: ControlPlane,
    /** What the engine put into the stack's file for the secrets. */
    private salt?: unknown,
  ) {}

  static async create(folder: string, pulumi: Pulumi, cluster: ControlPlane): Promise<Platform> {
    for (const name of [
      "infra",
      "components",
      "node_modules",
      "package.json",
      "tsconfig.json",
      "Pulumi.yaml",
    ]) {
      await fs.symlink(path.join(checkout, name), path.join(folder, name));
    }
    for (const name of ["stacks", "state"]) await fs.mkdir(path.join(folder, name));
    const platform = new Platform(folder, pulumi, cluster);
    keepNoLogs(platform.home);
    await platform.run("stack", "init", "bench");
    const file = await fs.readFile(platform.file, "utf8");
    platform.salt = z.object({ encryptionsalt: z.string() }).parse(parse(file)).encryptionsalt;
    return platform;
  }

  /** Says what bringing the stack to these users would change. */
  async preview(users: readonly unknown[]): Promise<Run> {
    await this.configure(users, {});
    return this.measured(["preview", "--stack", "bench"]);
  }

  /**
   * Brings the stack to these users, and writes the state once, at the end: what was made before is lost where the engine
   * is killed. It shows what writing the state at each step costs.
   */
  async upAtOnce(users: readonly unknown[]): Promise<Run> {
    await this.configure(users, {});
    return this.measured(up, atOnce);
  }

  /** Brings the stack to these users. Secrets have paths: `secretEnv.user1.TOKEN`. */
  async up(
    users: readonly unknown[],
    extra: Record<string, unknown> = {},
    secrets: Record<string, string> = {},
  ): Promise<Run> {
    await this.configure(users, extra);
    for (const [key, value] of Object.entries(secrets)) {
      await this.run("config", "set", "--secret", "--path", `vibecode:${key}`, value, "--stack", "bench");
    }
    return this.measured(up);
  }

  /** Begins to bring the stack to these users, and hands the engine over: it may wait for long. */
  async begin(users: readonly unknown[], extra: Record<string, unknown> = {}): Promise<Running> {
    await this.configure(users, extra);
    return start(this.pulumi.command, [...up, "--non-interactive"], {
      cwd: this.folder,
      env: { ...process.env, ...this.environment },
    });
  }

  private async configure(users: readonly unknown[], extra: Record<string, unknown>): Promise<void> {
    const { kubeconfig, context } = this.cluster;
    const config = {
      "vibecode:domain": "bench.localhost",
      "vibecode:cluster": { kubeconfig, context, name: "bench", network: { apiServer: ["10.9.9.9/32"] } },
      "vibecode:users": users,
      "vibecode:auth": { kind: "basic" },
      "vibecode:images": { workspace: "localhost/workspace:bench" },
      "vibecode:storage": { class: "bench", retain: false },
      "vibecode:ingress": { exposure: { type: "NodePort" } },
      ...extra,
    };
    // JSON is YAML.
    await fs.writeFile(this.file, JSON.stringify({ encryptionsalt: this.salt, config }));
  }

  /**
   * How many resources the stack holds, with the components of the program and without, and the Kubernetes objects
   * among them, in the order of their making.
   */
  async objects(): Promise<{ registered: number; resources: number; manifests: Manifest[] }> {
    const exported = await this.run("stack", "export", "--show-secrets", "--stack", "bench");
    const { resources } = state.parse(JSON.parse(exported)).deployment;
    const own = resources.filter(({ type }) => !type.startsWith("pulumi:"));
    const real = own.filter(({ custom }) => custom);
    return {
      registered: own.length,
      resources: real.length,
      manifests: real.flatMap(({ type, inputs }) =>
        type.startsWith("kubernetes:") ? [plain(inputs ?? {})] : [],
      ),
    };
  }

  private get file(): string {
    return path.join(this.folder, "stacks", "Pulumi.bench.yaml");
  }

  private get home(): string {
    return path.join(this.folder, "home");
  }

  private get environment() {
    return {
      ...this.pulumi.env,
      PULUMI_BACKEND_URL: `file://${path.join(this.folder, "state")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "bench",
      PULUMI_HOME: this.home,
      PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
      // A test runner's options are not for the engine's Node processes.
      NODE_OPTIONS: undefined,
    };
  }

  private run(...args: string[]): Promise<string> {
    return this.engine(args);
  }

  private async measured(args: string[], environment: Record<string, string> = {}): Promise<Run> {
    const began = performance.now();
    const usages = await usagesDuring(this.engine(args, environment));
    return { seconds: (performance.now() - began) / 1000, usages };
  }

  private engine(args: string[], environment: Record<string, string> = {}): Promise<string> {
    return run(this.pulumi.command, [...args, "--non-interactive"], {
      cwd: this.folder,
      env: { ...this.environment, ...environment },
    });
  }
}

const wrapped = z.looseObject({ plaintext: z.string() });

/** The object without what the engine adds: secrets are wrapped in the state, names of its own begin with `__`. */
function plain(inputs: Record<string, unknown>): Manifest {
  const open = (value: unknown): unknown => {
    const secret = wrapped.safeParse(value);
    if (secret.success) return open(JSON.parse(secret.data.plaintext));
    if (Array.isArray(value)) return value.map(open);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (key.startsWith("__") ? [] : [[key, open(item)]])),
    );
  };
  return z.record(z.string(), z.unknown()).parse(open(inputs));
}
