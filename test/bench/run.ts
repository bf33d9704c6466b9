import * as host from "../../local/host/run";
import type { RunOptions } from "../../local/host/run";

/** Runs a program to its end and gives what it printed; throws when it fails. */
export async function run(command: string, args: string[], options?: RunOptions): Promise<string> {
  const ran = await host.run(command, args, options);
  if (ran.code === 0) return ran.stdout;
  throw new Error(`${command} ${args.join(" ")} ended with ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
}
