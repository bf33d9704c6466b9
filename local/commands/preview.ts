import * as fs from "node:fs";

import { UserError } from "../errors";
import { ensureImages } from "../images";
import { partsOf } from "../parts";
import { checkConfig, findPlatform, machineConfig, openLocalStack, type Platform } from "../platform";
import { runSteps } from "../progress";
import { openOffline, policyArgs, preparePulumi, type LocalStack, type Offline, type Plan } from "../pulumi";
import { remotePolicy, runEngine } from "../remote";
import { checkWithoutSecrets } from "../stack-config";
import { ensureTools } from "../toolchain";

export interface PreviewOptions {
  /** Ask nobody, not even for a stack of this machine. Default: only stacks whose cluster exists already. */
  offline?: boolean | undefined;
  /** A file with what `pulumi stack export` printed, to be compared with. */
  state?: string | undefined;
  /** Show every property that differs, not only which resources do. */
  detail?: boolean | undefined;
  /** Ask cluster and backend, by the person's own login. */
  live?: boolean | undefined;
  /** Ask the cluster what it has, and fail where that is not what the stack's file says. */
  drift?: boolean | undefined;
}

/** Prints what `up` would change, and what the policy pack says of it; fails where a mandatory rule is broken. */
export async function preview(stackName: string, options: PreviewOptions = {}): Promise<void> {
  const platform = await findPlatform(stackName);
  const isRemote = platform.cluster.kind === "existing";
  const args = [
    ...(options.detail === true ? ["--diff"] : []),
    ...(options.drift === true ? ["--refresh", "--run-program", "--expect-no-changes"] : []),
  ];
  if (options.live === true || (isRemote && options.drift === true)) {
    if (!isRemote)
      throw new UserError(`the stack ${stackName} is of this machine`, "leave LIVE out: it is asked");
    const pack = options.drift === true ? [] : await remotePolicy(platform);
    await runEngine(platform, "preview", [...pack, ...args]);
    return;
  }
  const isOffline = isRemote || options.offline === true || options.state !== undefined;
  conclude(await (isOffline ? previewOffline(platform, options.state, args) : previewLocal(platform, args)));
}

async function previewLocal(platform: Platform, args: readonly string[]): Promise<Plan> {
  const config = checkConfig(platform);
  let stack: LocalStack | undefined;
  await runSteps([
    {
      title: "Pulumi and the images",
      run: async (report) => {
        const pulumi = await preparePulumi(report);
        const { tools, images: names } = partsOf(platform);
        await ensureTools(tools, report);
        const images = await ensureImages(names, report);
        stack = await openLocalStack(platform, pulumi, images, report);
        return undefined;
      },
    },
  ]);
  if (stack === undefined) throw new Error("an earlier step did not run");
  const { name } = platform.stack;
  const pack = policyArgs({ stack: name, config, state: stack.state(), folder: stack.folder });
  return stack.preview([...pack, ...args]);
}

async function previewOffline(
  platform: Platform,
  stateFile: string | undefined,
  args: readonly string[],
): Promise<Plan> {
  const { name, config: file } = platform.stack;
  // A stack of this machine is told at `make up` where its cluster is and which images were built.
  const machine = platform.cluster.kind === "existing" ? {} : machineConfig(platform, unbuilt);
  const { masked, missing, config } = checkWithoutSecrets(name, { ...file, ...machine });
  const state = stateFile === undefined ? undefined : readState(stateFile);
  let offline: Offline | undefined;
  await runSteps([
    {
      title: "Pulumi",
      run: async (report) => {
        const pulumi = await preparePulumi(report);
        offline = await openOffline({ stack: name, pulumi, masked, missing, state }, report);
        return undefined;
      },
    },
  ]);
  if (offline === undefined) throw new Error("an earlier step did not run");
  const { stack, notes, close } = offline;
  try {
    const pack = policyArgs({ stack: name, config, state, folder: stack.folder });
    const plan = await stack.preview([...pack, ...args]);
    console.log(`\n${notes.join("\n")}`);
    return plan;
  } finally {
    close();
  }
}

/** Names of images that this machine would build. */
const unbuilt = Object.fromEntries(
  ["workspace", "traefik", "authelia", "oauth2Proxy", "postgres", "valkey"].map((name) => [
    name,
    `localhost/vibecode/${name.toLowerCase()}:unbuilt`,
  ]),
);

function readState(file: string): string {
  if (fs.existsSync(file)) return fs.readFileSync(file, "utf8");
  throw new UserError(`there is no file ${file}`, "write it with `pulumi stack export`");
}

/** Counts and verdict, in two lines that stand alone in a log. */
function conclude({ changes, violations, errors }: Plan): void {
  const counts = Object.entries(changes).map(([operation, count]) => `${count} ${operation}`);
  console.log(`\nChanges: ${counts.length === 0 ? "none" : counts.join(", ")}`);
  const rules = (mandatory: boolean) => [
    ...new Set(violations.filter((each) => each.mandatory === mandatory).map(({ rule }) => rule)),
  ];
  const [broken, warned] = [rules(true), rules(false)];
  const warnings = warned.length === 0 ? "" : `; warnings of ${warned.join(", ")}`;
  console.log(`Policy: ${broken.length === 0 ? "kept" : `BROKEN: ${broken.join(", ")}`}${warnings}`);
  if (errors.length > 0) throw new UserError("the preview failed", "mend what it says above");
  if (broken.length > 0)
    throw new UserError(
      `${broken.length === 1 ? "a mandatory rule is" : `${broken.length} mandatory rules are`} broken: ${broken.join(", ")}`,
      "change what is said of it above; docs/policy.md tells why it is a rule, and how to except a resource",
    );
}
