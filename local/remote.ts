import { spawn } from "node:child_process";

import { UserError } from "./errors";
import { run } from "./host";
import { checkout } from "./paths";
import type { Platform } from "./platform";
import { preparePulumi } from "./pulumi";

/**
 * Runs Pulumi on a stack whose cluster exists already, on this terminal and with the person's own login: where
 * the state of a shared stack lies, and who may change it, is not for this machine to decide.
 */
export async function runEngine({ stack }: Platform, command: "up" | "preview" | "destroy"): Promise<void> {
  const pulumi = await preparePulumi(console.log);
  // What users leave is marked by the program, which a destroy does not run unless told to.
  const program = command === "destroy" ? ["--run-program"] : [];
  const child = spawn(pulumi.command, [command, ...program, "--stack", stack.name], {
    cwd: checkout,
    stdio: "inherit",
    env: { ...process.env, ...pulumi.env },
  });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve(code ?? 1);
    });
  });
}

/** The outputs of such a stack, secrets included. */
export async function remoteOutputs({ stack }: Platform): Promise<unknown> {
  const pulumi = await preparePulumi(() => undefined);
  const ran = await run(
    pulumi.command,
    ["stack", "output", "--json", "--show-secrets", "--stack", stack.name],
    { cwd: checkout, env: pulumi.env },
  );
  if (ran.code !== 0) {
    throw new UserError(
      `the outputs of ${stack.name} cannot be read: ${ran.stderr.trim()}`,
      "run `pulumi login`",
    );
  }
  return JSON.parse(ran.stdout);
}
