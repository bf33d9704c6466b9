import { findPlatform, readOutputs } from "../platform";
import { habit } from "../habit";
import { inCluster } from "../kubectl";

/** Says what runs: the cluster, its parts, and each user's editor with its address. */
export async function status(stackName: string): Promise<void> {
  const platform = await findPlatform(stackName);
  const { running, detail, components } = await platform.cluster.status();
  console.log(`${stackName}: ${platform.cluster.why}`);
  console.log(`Cluster ${detail}`);
  if (!running) {
    console.log(`Start it with \`${habit("up", stackName)}\`.`);
    return;
  }
  table(
    ["PART", "STATE", "UP", "MEMORY", "RESTARTS"],
    components.map((part) => [
      part.name,
      part.running ? "running" : `ended: ${part.ended}`,
      duration(part.uptime),
      `${(part.memory / 1e6).toFixed(0)} MB`,
      String(part.restarts),
    ]),
  );
  const { urls } = await readOutputs(platform);
  const pods = await editors(platform.cluster);
  table(
    ["USER", "EDITOR", "RESTARTS", "ADDRESS"],
    Object.entries(urls).map(([user, url]) => [user, ...(pods.get(user) ?? ["no pod", ""]), url]),
  );
}

/** State and restarts of each user's pod. */
async function editors(cluster: Parameters<typeof inCluster>[0]): Promise<Map<string, [string, string]>> {
  const columns = [
    "{.metadata.labels.vibecode/user}",
    "{.status.phase}",
    "{.status.containerStatuses[0].ready}",
    "{.status.containerStatuses[0].restartCount}",
    "{.status.containerStatuses[0].state.waiting.reason}",
  ];
  const template = `{range .items[*]}${columns.join('{"\\t"}')}{"\\n"}{end}`;
  const text = await inCluster(
    cluster,
    "get",
    "pods",
    "-A",
    "-l",
    "vibecode/user",
    "-o",
    `jsonpath=${template}`,
  );
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line): [string, [string, string]] => {
        const [user = "", phase = "", ready = "", restarts = "", waiting = ""] = line.split("\t");
        return [user, [ready === "true" ? "ready" : waiting || phase, restarts]];
      }),
  );
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`;
  return `${(seconds / 3600).toFixed(0)} h`;
}

function table(head: string[], rows: string[][]): void {
  if (rows.length === 0) return;
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  console.log();
  for (const row of all)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}
