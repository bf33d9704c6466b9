import { habit } from "../habit";
import { findPlatforms, mustRun, type Platform } from "../platform";
import { describeUse, describeVolumes, findRetained, membersOf, readable } from "../retained";
import { printTable } from "../table";

/** Lists what is kept of users who left: whose, since when, how big; how to get it back, and how to remove it. */
export async function retained(stackName: string): Promise<void> {
  for (const [index, platform] of (await findPlatforms(stackName)).entries()) {
    if (index > 0) console.log();
    await retainedOn(platform);
  }
}

async function retainedOn(platform: Platform): Promise<void> {
  const { stack, place } = platform;
  const where = place === undefined ? stack.name : `${place.name} of ${stack.name}`;
  await mustRun(platform);
  const kept = await findRetained(platform, await membersOf(platform));
  if (kept.length === 0) {
    console.log(`Nothing is kept on ${where} of users who left.`);
    return;
  }
  if (place !== undefined) console.log(`On ${where}:`);
  const isMeasured = kept.some(({ volumes }) => describeUse(volumes) !== "");
  const column = (cell: string) => (isMeasured ? [cell] : []);
  printTable(
    ["USER", "LEFT", "VOLUMES", ...column("ON DISK"), "NAMESPACE"],
    kept.map(({ user, since, volumes, namespace, isLeaving }) => [
      user,
      isLeaving ? "being removed" : (since ?? "unknown"),
      describeVolumes(volumes),
      ...column(describeUse(volumes)),
      namespace.name,
    ]),
  );
  const volumes = kept.flatMap((one) => one.volumes);
  const use = describeUse(volumes);
  const size = readable(volumes.reduce((sum, { bytes }) => sum + bytes, 0));
  const file = `stacks/Pulumi.${stack.name}.yaml`;
  const expected = kept.filter(({ isExpected }) => isExpected).map(({ user }) => user);
  const gone = kept.find(({ isExpected }) => !isExpected)?.user ?? "name";
  const there = place === undefined ? "" : ` with cluster: ${place.name}`;
  console.log(
    [
      `\nTogether: volumes of ${size}${use === "" ? "" : `, which take ${use} of this machine's disk`}.`,
      ...(expected.length === 0
        ? []
        : [`In ${file} again, so \`${habit("up", stack.name)}\` gives it back: ${expected.join(", ")}.`]),
      `To give it back, put the name into vibecode:users of ${file}${there} and run \`${habit("up", stack.name)}\`.`,
      `To remove it for good: \`${habit(`purge USER=${gone}`, stack.name)}\`, which asks first.`,
    ].join("\n"),
  );
}
