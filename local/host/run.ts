import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { onPath } from "./path";

export interface RunOptions {
  /** Default the folder this process runs in. */
  cwd?: string;
  /** Added to this process's environment; `undefined` takes a variable away. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Called for every line while the program still runs. */
  onLine?: (line: string, from: "stdout" | "stderr") => void;
  /** Ends the program with SIGTERM after so many milliseconds. Default: never. */
  timeout?: number;
  /** Written to the program's standard input, which is empty without it. */
  input?: string;
  /**
   * For a program that must end in its own way: this process then outlives an interruption, hands it on, and
   * waits; and should this process be killed, the program is interrupted too. Default `false`.
   */
  patient?: boolean;
}

export interface Ran {
  /** Exit status; 127 when there is no such program, 128 and more when a signal ended it. */
  code: number;
  stdout: string;
  stderr: string;
  /** Whether this process was told to stop while the program ran; only with `patient`. */
  interrupted: boolean;
}

/** Runs a program to its end. A failure is an answer, not an exception: read `code`. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const [program, argv] =
      options.patient === true && onPath("setpriv")
        ? ["setpriv", ["--pdeathsig", "INT", command, ...args]]
        : [command, args];
    const child = spawn(program, argv, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: "pipe",
    });
    const lines: Record<"stdout" | "stderr", string[]> = { stdout: [], stderr: [] };
    for (const from of ["stdout", "stderr"] as const) {
      createInterface({ input: child[from], crlfDelay: Infinity }).on("line", (line) => {
        lines[from].push(line);
        options.onLine?.(line, from);
      });
    }
    let interrupted = false;
    const onSignal = (signal: NodeJS.Signals) => {
      interrupted = true;
      // A terminal interrupts the whole group, the program included; twice would end it the hard way.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill("SIGINT");
    };
    if (options.patient === true) {
      process.on("SIGINT", onSignal);
      process.on("SIGTERM", onSignal);
    }
    const timer = options.timeout === undefined ? undefined : setTimeout(() => child.kill(), options.timeout);
    const finish = (ran: Omit<Ran, "interrupted">) => {
      clearTimeout(timer);
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
      resolve({ ...ran, interrupted });
    };
    // A program that never reads its input closes it early; that is its right.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.on("error", (cause) => {
      finish({ code: 127, stdout: "", stderr: cause.message });
    });
    child.on("close", (code, signal) => {
      finish({
        code: code ?? (signal === null ? 1 : 143),
        stdout: lines.stdout.join("\n"),
        stderr: lines.stderr.join("\n"),
      });
    });
  });
}
