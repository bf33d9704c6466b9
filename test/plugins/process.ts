import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

export interface Ended {
  /** 1 also when a signal ended it. */
  exitCode: number;
  stdout: string;
  /** What it wrote to both, in the order it came. */
  all: string;
}

export interface Options {
  cwd?: string;
  /** The whole environment. Default: this process's. */
  env?: NodeJS.ProcessEnv;
  input?: string;
  /** In a process group of its own: Ctrl-C does not reach it. Default false. */
  detached?: boolean;
}

export interface Running {
  process: ChildProcess;
  ended: Promise<Ended>;
}

/** Starts a program. */
export function start(command: string, args: string[], { input, ...options }: Options = {}): Running {
  const process = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let all = "";
  process.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    all += text;
  });
  process.stderr.setEncoding("utf8").on("data", (text: string) => (all += text));
  process.stdin.on("error", () => undefined).end(input);
  const ended = new Promise<Ended>((resolve, reject) => {
    process.on("error", reject);
    process.on("close", (code) => {
      resolve({ exitCode: code ?? 1, stdout, all });
    });
  });
  return { process, ended };
}

/** What a program prints; throws when it fails. */
export async function output(command: string, args: string[], options?: Options): Promise<string> {
  const { exitCode, stdout, all } = await start(command, args, options).ended;
  if (exitCode !== 0) throw new Error(`${command} ${args.join(" ")} exits with ${exitCode}: ${all}`);
  return stdout.trimEnd();
}
