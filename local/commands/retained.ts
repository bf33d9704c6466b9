import { habit } from "../habit";
import { findPlatform, mustRun } from "../platform";
import { describeUse, describeVolumes, findRetained, membersOf, readable } from "../retained";
import { printTable } from "../table";

/** Lists what is kept of users who left: whose, since when, how big; how to get it back, and how to remove it. */
export async function retained(stackName: string): Promise<void> {
  const platform = await findPlatform(stackName);
  await mustRun(platform);
  const kept = await findRetained(platform, await membersOf(platform));
  if (kept.length === 0) {
    console.log(`Nothing is kept on ${stackName} of users who left.`);
    return;
  }
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
  const file = `stacks/Pulumi.${stackName}.yaml`;
  const expected = kept.filter(({ isExpected }) => isExpected).map(({ user }) => user);
  const gone = kept.find(({ isExpected }) => !isExpected)?.user ?? "name";
  console.log(
    [
      `\nTogether: volumes of ${size}${use === "" ? "" : `, which take ${use} of this machine's disk`}.`,
      ...(expected.length === 0
        ? []
        : [`In ${file} again, so \`${habit("up", stackName)}\` gives it back: ${expected.join(", ")}.`]),
      `To give it back, put the name into vibecode:users of ${file} and run \`${habit("up", stackName)}\`.`,
      `To remove it for good: \`${habit(`purge USER=${gone}`, stackName)}\`, which asks first.`,
    ].join("\n"),
  );
}
