import { setTimeout as sleep } from "node:timers/promises";

import { confirmRemoval } from "../confirm";
import { UserError, type Report } from "../errors";
import { habit } from "../habit";
import { fedToCluster, inCluster } from "../kubectl";
import { findPlatform, mustRun, type Platform } from "../platform";
import { runSteps } from "../progress";
import { openStack, preparePulumi } from "../pulumi";
import {
  describeUse,
  describeVolumes,
  findRetained,
  membersOf,
  retainedLabel,
  type Retained,
} from "../retained";

/** Removes for good what is kept of a user who left, after the person has typed that user's name. */
export async function purge(stackName: string, user: string, force: boolean): Promise<void> {
  const platform = await findPlatform(stackName);
  await mustRun(platform);
  const { volumes, since, isLeaving } = await keptOf(platform, user);
  const use = describeUse(volumes);
  console.log(`${user} left ${stackName}: ${since ?? "nobody noted when"}`);
  console.log(`Volumes: ${describeVolumes(volumes)}${use === "" ? "" : ` (${use} on disk)`}`);
  if (!force && !isLeaving) await confirmRemoval(`This removes the work of ${user} for good`, user);
  await runSteps([
    {
      title: `Removing the work of ${user}`,
      run: async (report) => {
        const staying = await remove(platform, user, report);
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
      others === "" ? `nothing is kept on ${name} of users who left` : `say USER=name, one of: ${others}`,
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
        ? "and of nobody else"
        : `say USER=name, one of: ${others}; \`${habit("retained", name)}\` tells more`,
    );
  }
  return kept;
}

/** Removes the namespace and waits for its volumes' end; gives the volumes that outlive it. */
async function remove(platform: Platform, user: string, report: Report): Promise<string[]> {
  const { cluster } = platform;
  const { name } = platform.stack;
  // The question may have lain open for a while, and somebody may have brought the user back.
  let kept = await keptOf(platform, user);
  if (kept.since === undefined && !kept.isLeaving) {
    // An `up` that takes the namespace over takes the mark away, and so changes what is about to be removed.
    const today = new Date().toISOString().slice(0, 10);
    await inCluster(cluster, "label", "namespace", kept.namespace.name, `${retainedLabel}=${today}`);
    kept = await keptOf(platform, user);
  }
  const volumes = await policies(
    platform,
    kept.volumes.map((volume) => volume.name),
  );
  if (!kept.isLeaving) {
    const { uid, resourceVersion } = kept.namespace;
    const preconditions = { uid, resourceVersion };
    const options = { apiVersion: "v1", kind: "DeleteOptions", preconditions };
    const path = `/api/v1/namespaces/${kept.namespace.name}`;
    report(`removing ${kept.namespace.name}`);
    try {
      await fedToCluster(cluster, JSON.stringify(options), "delete", "--raw", path, "--filename", "-");
    } catch (error) {
      if (!(error instanceof UserError) || !error.message.includes("(Conflict)")) throw error;
      throw new UserError(
        `${kept.namespace.name} was changed meanwhile, and was not removed`,
        `see what \`${habit("retained", name)}\` says, and try again`,
        { cause: error },
      );
    }
  }
  const going = volumes.filter(({ policy }) => policy === "Delete").map((volume) => volume.name);
  await untilGone(platform, kept.namespace.name, going, report);
  return volumes.filter(({ policy }) => policy !== "Delete").map((volume) => volume.name);
}

/** What becomes of each volume when its claim goes. */
async function policies(platform: Platform, names: string[]): Promise<{ name: string; policy: string }[]> {
  const bound = names.filter((name) => name !== "");
  if (bound.length === 0) return [];
  const columns = "NAME:.metadata.name,POLICY:.spec.persistentVolumeReclaimPolicy";
  const words = ["--ignore-not-found", "--no-headers", "-o", `custom-columns=${columns}`];
  const text = await inCluster(platform.cluster, "get", "persistentvolumes", ...bound, ...words);
  return text
    .split("\n")
    .map((line) => line.split(/\s+/))
    .flatMap(([name = "", policy = ""]) => (name === "" ? [] : [{ name, policy }]));
}

/** A volume of a cloud takes its minutes. */
const patience = 300_000;

async function untilGone(
  platform: Platform,
  namespace: string,
  volumes: string[],
  report: Report,
): Promise<void> {
  const { cluster, stack } = platform;
  const left = async (kind: string, names: string[]) => {
    if (names.length === 0) return [];
    const text = await inCluster(cluster, "get", kind, ...names, "--ignore-not-found", "-o", "name");
    return text.split("\n").filter((line) => line !== "");
  };
  const end = Date.now() + patience;
  for (;;) {
    const rest = [...(await left("namespaces", [namespace])), ...(await left("persistentvolumes", volumes))];
    if (rest.length === 0) return;
    report(`waiting for the end of ${rest.join(", ")}`);
    if (Date.now() > end) {
      const messages = `jsonpath={range .status.conditions[?(@.status=="True")]}{.message}{"\\n"}{end}`;
      const why = await inCluster(
        cluster,
        "get",
        "namespaces",
        namespace,
        "--ignore-not-found",
        "-o",
        messages,
      );
      throw new UserError(
        `${rest.join(", ")} will not go${why.trim() === "" ? "" : `:\n${why.trim()}`}`,
        `the cluster goes on with it; \`${habit(`purge USER=${namespace.slice(3)}`, stack.name)}\` waits again`,
      );
    }
    await sleep(1000);
  }
}

/** A stack on this machine keeps secrets of users beside its state; another has them in its file, under git. */
async function removeSecrets({ cluster, stack }: Platform, user: string, report: Report): Promise<void> {
  if (cluster.kind === "existing") return;
  const pulumi = await preparePulumi(() => undefined);
  const opened = await openStack({ cluster: stack.name, stack: stack.name, pulumi }, report);
  for (const name of opened.secretNames().filter((one) => one.startsWith(`secretEnv.${user}.`)))
    await opened.removeSecret(name);
}
