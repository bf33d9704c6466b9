import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export { freePort } from "../../local/sign-in/process";

export interface ProcessArgs {
  /** Where it runs; what it prints goes to `<name>.log` there. */
  folder: string;
  /** Default the program's own. */
  name?: string;
  program: string;
  args: readonly string[];
  /** All of its environment besides PATH. */
  env?: Readonly<Record<string, string>>;
  /** Whose rights it has; default this process's. */
  user?: Owner | undefined;
  /** Throws for as long as it does not answer. */
  ready: () => Promise<unknown>;
  /** What ends it at once and in order. Default SIGTERM. */
  signal?: NodeJS.Signals;
}

export interface Owner {
  uid: number;
  gid: number;
}

export interface Running {
  pid: number;
  /** Its exit status, when it has ended: 0 where a signal ended it. */
  ended: () => Promise<number>;
  stop: () => Promise<void>;
}

/** Starts a program beside this one and waits until it answers. It ends with this process, whatever ends that. */
export async function start(args: ProcessArgs): Promise<Running> {
  const log = path.join(args.folder, `${args.name ?? path.basename(args.program)}.log`);
  const output = fs.openSync(log, "a");
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...as(args.user), args.program, ...args.args], {
    cwd: args.folder,
    env: { PATH: process.env["PATH"], ...args.env },
    stdio: ["ignore", output, output],
  });
  fs.closeSync(output);
  const closed = once(child, "close");
  const ended = async () => {
    await closed;
    return child.exitCode ?? 0;
  };
  const over = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    if (over()) return;
    child.kill(args.signal ?? "SIGTERM");
    await closed;
  };

  const limit = Date.now() + 60_000;
  for (;;) {
    try {
      await args.ready();
      return { pid: child.pid ?? 0, ended, stop };
    } catch (cause) {
      if (!over() && Date.now() < limit) {
        await sleep(100);
        continue;
      }
      await stop();
      const last = fs.readFileSync(log, "utf8").trim().split("\n").slice(-20).join("\n");
      throw new Error(`${args.program} does not run:\n${last}`, { cause });
    }
  }
}

const as = (user: Owner | undefined) =>
  user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];

/** Throws while nobody listens. */
export async function connects(port: number): Promise<void> {
  const socket = net.connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

/** Throws unless who listens has this to say to that. */
export async function says(port: number, question: string, answer: string): Promise<void> {
  const socket = net.connect(port, "127.0.0.1").setEncoding("utf8");
  try {
    socket.end(question);
    let said = "";
    for await (const chunk of socket) said += String(chunk);
    if (said !== answer) throw new Error(said);
  } finally {
    socket.destroy();
  }
}
