import { confirmRemoval } from "../confirm";
import { UserError, type Report } from "../errors";
import { habit } from "../habit";
import { findPlatforms, mustRun, type Platform } from "../platform";
import { runSteps } from "../progress";
import { openStack, preparePulumi } from "../pulumi";
import { removeRetained } from "../removal";
import { describeUse, describeVolumes, findRetained, membersOf, type Retained } from "../retained";

/**
 * Removes for good what is kept of a user who left, after the person has typed that user's name; of a user who left
 * several clusters, on one after the other.
 */
export async function purge(stackName: string, user: string, force: boolean): Promise<void> {
  const platforms = await findPlatforms(stackName);
  for (const platform of platforms) await mustRun(platform);
  const [only, ...others] = platforms;
  const left = others.length === 0 && only !== undefined ? [only] : await leftBy(user, platforms);
  for (const platform of left) await purgeOn(platform, user, force);
}

/** Of several clusters those which keep something of a user. One on which the user is now keeps nothing. */
async function leftBy(user: string, platforms: readonly Platform[]): Promise<Platform[]> {
  const found = await Promise.all(
    platforms.map(async (platform) => ({
      platform,
      kept: (await findRetained(platform, await membersOf(platform))).filter(({ isExpected }) => !isExpected),
    })),
  );
  const left = found.filter(({ kept }) => kept.some((one) => one.user === user));
  if (left.length > 0) return left.map(({ platform }) => platform);
  const all = [...new Set(found.flatMap(({ kept }) => kept.map((one) => one.user)))].join(", ");
  throw new UserError(
    user === "" ? "whose work?" : `nothing is kept of ${user} on a cluster that ${user} has left`,
    all === "" ? "nothing is to be done: nothing is kept of anybody" : `say USER=name, one of: ${all}`,
  );
}

async function purgeOn(platform: Platform, user: string, force: boolean): Promise<void> {
  const { stack, place } = platform;
  const { volumes, since, isLeaving } = await keptOf(platform, user);
  const use = describeUse(volumes);
  console.log(
    `${user} left ${place === undefined ? stack.name : `${place.name} of ${stack.name}`}: ${since ?? "nobody noted when"}`,
  );
  console.log(`Volumes: ${describeVolumes(volumes)}${use === "" ? "" : ` (${use} on disk)`}`);
  if (!force && !isLeaving) await confirmRemoval(`This removes the work of ${user} for good`, user);
  await runSteps([
    {
      title: `Removing the work of ${user}`,
      run: async (report) => {
        // The question may have lain open for a while, and somebody may have brought the user back.
        const staying = await removeRetained(platform.cluster, () => keptOf(platform, user), report);
        await removeSecrets(platform, user, report);
        const rest = staying.length === 0 ? "" : `; kept by their storage class: ${staying.join(", ")}`;
        return `The work of ${user} is gone${rest}`;
      },
    },
  ]);
}

/** @throws {UserError} for a user who is in the stack, and for one of whom nothing is kept */
async function keptOf(platform: Platform, user: string): Promise<Retained> {
  const { name } = platform.stack;
  const members = await membersOf(platform);
  const all = await findRetained(platform, members);
  const others = all
    .filter(({ isExpected }) => !isExpected)
    .map((kept) => kept.user)
    .join(", ");
  if (user === "") {
    throw new UserError(
      "whose work?",
      others === ""
        ? `say USER=name; on ${name} nothing is kept of anybody`
        : `say USER=name, one of: ${others}`,
    );
  }
  if (members.listed.has(user)) {
    throw new UserError(
      `${user} is among vibecode:users of stacks/Pulumi.${name}.yaml; nothing was removed`,
      `take the name out and run \`${habit("up", name)}\` first`,
    );
  }
  if (members.deployed.has(user)) {
    throw new UserError(
      `${user} still has a workspace on ${name}; nothing was removed`,
      `run \`${habit("up", name)}\` first, which ends it`,
    );
  }
  const kept = all.find((one) => one.user === user);
  if (kept === undefined) {
    throw new UserError(
      `nothing is kept of ${user} on ${name}`,
      others === ""
        ? `look for the name in \`${habit("status", name)}\``
        : `say USER=name, one of: ${others}; \`${habit("retained", name)}\` tells more`,
    );
  }
  return kept;
}

/** A stack on this machine keeps secrets of users beside its state; another has them in its file, under git. */
async function removeSecrets({ cluster, stack }: Platform, user: string, report: Report): Promise<void> {
  if (cluster.kind === "existing") return;
  const pulumi = await preparePulumi(() => undefined);
  const opened = await openStack({ cluster: stack.name, stack: stack.name, pulumi }, report);
  for (const name of opened.secretNames().filter((one) => one.startsWith(`secretEnv.${user}.`)))
    await opened.removeSecret(name);
}
