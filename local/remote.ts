import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { UserError } from "./errors";
import { run } from "./host";
import { checkout, dataFolder } from "./paths";
import type { Platform } from "./platform";
import { policyArgs, preparePulumi } from "./pulumi";
import { checkWithoutSecrets } from "./stack-config";

/**
 * Runs Pulumi on a stack whose cluster exists already, on this terminal and with the person's own login: where
 * the state of a shared stack lies, and who may change it, is not for this machine to decide.
 */
export async function runEngine(
  { stack }: Platform,
  command: "up" | "preview" | "destroy",
  args: readonly string[] = [],
): Promise<void> {
  const pulumi = await preparePulumi(console.log);
  // What users leave is marked by the program, which a destroy does not run unless told to.
  const program = command === "destroy" ? ["--run-program"] : [];
  // Where nobody can answer, who started it has: a workflow asks for approval before it gets here.
  const answered = process.env["CI"] === "true" && command === "up" ? ["--yes", "--non-interactive"] : [];
  const words = [command, ...program, ...answered, ...args, "--stack", stack.name];
  const child = spawn(pulumi.command, words, {
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

/**
 * Arguments that make a run of such a stack keep to the policy pack. Its own preview comes before an `up`, so that the
 * rules about the whole stack speak before anything is touched.
 *
 * @throws {UserError} when the stack's config is wrong, or its state cannot be read
 */
export async function remotePolicy({ stack }: Platform): Promise<string[]> {
  const { config } = checkWithoutSecrets(stack.name, stack.config);
  const pulumi = await preparePulumi(() => undefined);
  const words = ["stack", "export", "--stack", stack.name];
  const exported = await run(pulumi.command, words, { cwd: checkout, env: pulumi.env });
  if (exported.code !== 0)
    throw new UserError(
      `the state of ${stack.name} cannot be read: ${exported.stderr.trim()}`,
      `run \`pulumi login\`, and \`pulumi stack init ${stack.name}\` where there is no such stack yet`,
    );
  const folder = path.join(dataFolder, "remote");
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return policyArgs({ stack: stack.name, config, state: exported.stdout, folder });
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
