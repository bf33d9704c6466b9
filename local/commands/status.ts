import { readOutputs, usersOf } from "../outputs";
import { findPlatforms, type Platform } from "../platform";
import { habit } from "../habit";
import { printTable } from "../table";
import { workspacesIn } from "../workspaces";

/** Says what runs: each cluster, its parts, and each user's editor with its address and what is wrong with it. */
export async function status(stackName: string): Promise<void> {
  for (const [index, platform] of (await findPlatforms(stackName)).entries()) {
    if (index > 0) console.log();
    await statusOf(platform);
  }
}

async function statusOf(platform: Platform): Promise<void> {
  const { name: stackName } = platform.stack;
  const { running, detail, components } = await platform.cluster.status();
  const place = platform.place === undefined ? "" : ` on ${platform.place.name}`;
  console.log(`${stackName}${place}: ${platform.cluster.why}`);
  console.log(`Cluster ${detail}`);
  if (!running) {
    if (platform.cluster.kind !== "existing") console.log(`Start it with \`${habit("up", stackName)}\`.`);
    return;
  }
  printTable(
    ["PART", "STATE", "UP", "MEMORY", "RESTARTS"],
    components.map((part) => [
      part.name,
      part.running ? "running" : `ended: ${part.ended}`,
      duration(part.uptime),
      `${(part.memory / 1e6).toFixed(0)} MB`,
      String(part.restarts),
    ]),
  );
  const [outputs, workspaces] = await Promise.all([readOutputs(platform), workspacesIn(platform.cluster)]);
  const users = usersOf(platform, outputs).map((user) => ({
    user,
    url: outputs.urls[user] ?? "",
    workspace: workspaces.get(user),
  }));
  printTable(
    ["USER", "STATE", "RESTARTS", "SIZE", "ADDRESS"],
    users.map(({ user, url, workspace }) =>
      workspace === undefined
        ? [user, `gone: \`${habit("up", stackName)}\` makes it again`, "", "", url]
        : [user, workspace.state, String(workspace.restarts), workspace.size, url],
    ),
  );
  const problems = users.flatMap(({ user, workspace }) =>
    (workspace?.problems ?? []).map((problem) => `  ${user}: ${problem}`),
  );
  if (problems.length > 0) console.log(["\nProblems:", ...problems].join("\n"));
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`;
  return `${(seconds / 3600).toFixed(0)} h`;
}
