import { UserError } from "../errors";
import { habit } from "../habit";
import { attach } from "../kubectl";
import { findPlatform, readOutputs, type Platform } from "../platform";

/** Shows what a user's editor writes; goes on until interrupted when asked to. */
export async function logs(stackName: string, user: string, follow: boolean): Promise<void> {
  const { cluster } = await findWorkspace(stackName, user);
  const words = ["logs", "deployment/editor", "--timestamps", ...(follow ? ["--follow"] : [])];
  process.exitCode = await attach(cluster, "--namespace", `ws-${user}`, ...words);
}

/** Opens a shell in a user's workspace, as that user. */
export async function shell(stackName: string, user: string): Promise<void> {
  const { cluster } = await findWorkspace(stackName, user);
  const terminal = process.stdin.isTTY ? ["--stdin", "--tty"] : ["--stdin"];
  const words = ["exec", ...terminal, "deployment/editor", "--", "bash", "--login"];
  process.exitCode = await attach(cluster, "--namespace", `ws-${user}`, ...words);
}

async function findWorkspace(stackName: string, user: string): Promise<Platform> {
  const platform = await findPlatform(stackName);
  if (!(await platform.cluster.status()).running) {
    throw new UserError(`${stackName} is not running`, `start it with \`${habit("up", stackName)}\``);
  }
  const { urls } = await readOutputs(platform);
  if (urls[user] === undefined) {
    throw new UserError(
      user === "" ? "whose workspace?" : `${user} has no workspace on ${stackName}`,
      `say USER=name, one of: ${Object.keys(urls).join(", ")}`,
    );
  }
  return platform;
}
