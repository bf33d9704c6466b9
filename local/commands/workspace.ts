import { UserError } from "../errors";
import { habit } from "../habit";
import { attach } from "../kubectl";
import { findPlatform, mustRun, readOutputs, type Platform } from "../platform";
import { workspacesIn } from "../workspaces";

/** Shows what a user's workspace writes, its preparation first; goes on until interrupted when asked to. */
export async function logs(stackName: string, user: string, follow: boolean): Promise<void> {
  const { cluster } = await findWorkspace(stackName, user);
  const words = [
    "logs",
    "deployment/editor",
    "--all-containers",
    "--prefix",
    "--timestamps",
    ...(follow ? ["--follow"] : []),
  ];
  process.exitCode = await attach(cluster, "--namespace", `ws-${user}`, ...words);
}

/** Opens a shell in a user's workspace, as that user. */
export async function shell(stackName: string, user: string): Promise<void> {
  const { cluster } = await findWorkspace(stackName, user);
  const terminal = process.stdin.isTTY ? ["--stdin", "--tty"] : ["--stdin"];
  const words = ["exec", ...terminal, "deployment/editor", "--container", "editor", "--", "bash", "--login"];
  process.exitCode = await attach(cluster, "--namespace", `ws-${user}`, ...words);
}

async function findWorkspace(stackName: string, user: string): Promise<Platform> {
  const platform = await findPlatform(stackName);
  await mustRun(platform);
  const { urls } = await readOutputs(platform);
  if (urls[user] === undefined) {
    throw new UserError(
      user === "" ? "whose workspace?" : `${user} has no workspace on ${stackName}`,
      `say USER=name, one of: ${Object.keys(urls).join(", ")}`,
    );
  }
  const state = (await workspacesIn(platform.cluster)).get(user)?.state;
  if (state === "stopped" || state === "stopping") {
    throw new UserError(
      `${user}'s workspace is ${state}`,
      `set \`state: running\` for ${user} in stacks/Pulumi.${stackName}.yaml and run \`${habit("up", stackName)}\``,
    );
  }
  return platform;
}
