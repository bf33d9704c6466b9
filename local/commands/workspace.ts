import { UserError } from "../errors";
import { habit } from "../habit";
import { attach } from "../kubectl";
import { readOutputs, usersOf } from "../outputs";
import { findPlatform, findPlatforms, mustRun, type Platform } from "../platform";
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
  const all = await findPlatforms(stackName);
  const [only, ...others] = all;
  // Without its cluster nothing tells who is on it; of several any tells of all.
  if (only !== undefined && others.length === 0) await mustRun(only);
  const outputs = await readOutputs(await findPlatform(stackName));
  const platform = all.find((each) => usersOf(each, outputs).includes(user));
  if (platform === undefined) {
    throw new UserError(
      user === "" ? "whose workspace?" : `${user} has no workspace on ${stackName}`,
      `say USER=name, one of: ${Object.keys(outputs.urls).join(", ")}`,
    );
  }
  if (others.length > 0) await mustRun(platform);
  const state = (await workspacesIn(platform.cluster)).get(user)?.state;
  if (state === "stopped" || state === "stopping") {
    throw new UserError(
      `${user}'s workspace is ${state}`,
      `set \`state: running\` for ${user} in stacks/Pulumi.${stackName}.yaml and run \`${habit("up", stackName)}\``,
    );
  }
  return platform;
}
