import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { stringify } from "yaml";

import { translateVariable } from "./translate";

/** The real 4.37.5 lies beside this program. */
const program = path.join(__dirname, "authelia");

/**
 * Starts 4.37.5. It ends with this process, whatever ends that.
 *
 * @param configuration with its own keys. It lies in no folder: its file has no name when the child reads it.
 */
export function startAuthelia(
  args: readonly string[],
  configuration?: Readonly<Record<string, unknown>>,
): ChildProcess {
  const file = configuration === undefined ? undefined : nameless(stringify(configuration));
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env))
    env[name.startsWith("AUTHELIA_") ? translateVariable(name) : name] = value;
  const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], {
    stdio: ["inherit", "inherit", "inherit", ...(file === undefined ? [] : [file])],
    env,
  });
  if (file !== undefined) fs.closeSync(file);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return child;
}

/** Waits for the end, and gives the exit status as a shell does. */
export function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("exit", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : os.constants.signals[signal]));
    });
  });
}

/** A port of loopback that nobody has. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port of loopback is free");
  return address.port;
}

function nameless(text: string): number {
  const name = path.join(os.tmpdir(), `authelia-${randomUUID()}.yml`);
  const file = fs.openSync(name, "wx+", 0o600);
  fs.unlinkSync(name);
  fs.writeSync(file, text);
  return file;
}
