import * as fs from "node:fs";
import * as path from "node:path";

import type { Config } from "../../infra/config";
import { embeddedTools } from "../cluster/embedded";
import { habit } from "../habit";
import { clusterPackages, ensurePackages, imagePackages, onPath, preflight } from "../host";
import { reachable } from "../door";
import { chooseBuilder, ensureImages, type BuiltImage } from "../images";
import { cacheFolder, dataFolder } from "../paths";
import { localOutputs, type Outputs } from "../outputs";
import {
  checkConfig,
  findPlatform,
  findPlatforms,
  openLocalStack,
  remember,
  signInKind,
  type Platform,
} from "../platform";
import { partsOf } from "../parts";
import { runSteps } from "../progress";
import { offlinePulumi, policyArgs, preparePulumi, type Outcome, type Pulumi } from "../pulumi";
import { remotePolicy, runEngine } from "../remote";
import { ensureTools } from "../toolchain";
import { mustKeepPolicy } from "../verdict";

/** Converges a stack: machine, tools, images, cluster, then `pulumi up`; says at the end how to get in. */
export async function up(stackName: string): Promise<void> {
  const platform = await findPlatform(stackName);
  for (const { cluster, place } of await findPlatforms(stackName))
    console.log(`Cluster${place === undefined ? "" : ` ${place.name}`}: ${cluster.why}`);
  if (platform.cluster.kind === "existing") {
    await runEngine(platform, "up", await remotePolicy(platform));
    return;
  }
  const { outcome, outputs } = await upLocal(platform, checkConfig(platform));
  console.log(summary(outcome));
  await printAccess(platform, outputs);
}

async function upLocal(platform: Platform, config: Config): Promise<{ outcome: Outcome; outputs: Outputs }> {
  const { cluster } = platform;
  const { name } = platform.stack;
  let pack: string[] = [];
  const isEmbedded = cluster.kind === "embedded";
  const isBasic = signInKind(platform.stack) === "basic";
  let pulumi: Pulumi | undefined;
  const parts = partsOf(platform);
  let images: Record<string, BuiltImage> | undefined;
  let outcome: Outcome | undefined;
  let outputs: Outputs | undefined;

  await runSteps([
    {
      title: "This machine",
      run: async (report) => {
        await preflight({ node: "20", go: true, root: isEmbedded, disk: diskNeeds() });
        const builder = (await chooseBuilder()) === "buildah" ? imagePackages : [];
        await ensurePackages([...(isEmbedded ? clusterPackages : []), ...builder, ...parts.packages], report);
        return undefined;
      },
    },
  ]);
  // The image waits for downloads while Go computes, so they share the machine well.
  await runSteps(
    [
      {
        title: "Pulumi, and the tools of the cluster",
        run: async (report) => {
          pulumi = await preparePulumi(report);
          const tools = isEmbedded ? embeddedTools : onPath("kubectl") ? [] : kubectlTools;
          await ensureTools([...parts.tools, ...tools], report);
          return `Pulumi: ${pulumi.why}`;
        },
      },
      {
        title: "Workspace image",
        run: async (report) => {
          const { workspace } = await ensureImages(["workspace"], report);
          return `Workspace image: ${(workspace.bytes / 1e9).toFixed(2)} GB`;
        },
      },
    ],
    { concurrent: true },
  );
  await runSteps([
    {
      title: "Images of the platform",
      run: async (report) => {
        images = await ensureImages(parts.images, report);
        return undefined;
      },
    },
  ]);
  // The policy asks no cluster, so it need not wait for one.
  await runSteps(
    [
      {
        title: "Cluster",
        run: async (report) => {
          if (images === undefined) throw new Error("an earlier step did not run");
          remember(platform);
          await cluster.start(report);
          await cluster.loadImages(Object.values(images), report);
          return `Cluster: ${(await cluster.status()).detail}`;
        },
      },
      {
        title: "Policy",
        run: async (report) => {
          if (pulumi === undefined || images === undefined) throw new Error("an earlier step did not run");
          const stack = await openLocalStack(platform, offlinePulumi(pulumi), images, report);
          pack = policyArgs({ stack: name, config, state: stack.state(), folder: stack.folder });
          return mustKeepPolicy(stack, pack, report);
        },
      },
    ],
    { concurrent: true },
  );
  await runSteps([
    {
      title: "pulumi up",
      run: async (report) => {
        if (pulumi === undefined || images === undefined) throw new Error("an earlier step did not run");
        const stack = await openLocalStack(platform, pulumi, images, report);
        outcome = await stack.up(report, pack);
        outputs = await localOutputs(stack);
        return undefined;
      },
    },
    {
      title: "Every editor answers",
      run: async (report) => {
        if (outputs === undefined) throw new Error("an earlier step did not run");
        report("waiting for the last address");
        await reachable(
          { address: "127.0.0.1", port: platform.stack.ports.https, ca: outputs.ca },
          Object.entries(outputs.urls).map(([user, url]) => ({
            host: new URL(url).hostname,
            credentials: isBasic ? `${user}:${outputs?.passwords[user] ?? ""}` : undefined,
          })),
          propagationSeconds,
        );
        return undefined;
      },
    },
  ]);
  if (outcome === undefined || outputs === undefined) throw new Error("pulumi up gave no outcome");
  return { outcome, outputs };
}

/** A kubelet refreshes mounted Secrets within its sync period (10 s here, 60 s by default) and some seconds. */
const propagationSeconds = 90;

const kubectlTools = ["kubernetes"] as const;

/** Room for Go's caches and the image's layers, while nothing is built yet; afterwards a build says what it needs. */
function diskNeeds() {
  const isFirst = !fs.existsSync(cacheFolder);
  return isFirst ? [{ folder: cacheFolder, bytes: 20e9, purpose: "the first build" }] : [];
}

function summary({ changes, seconds }: Outcome): string {
  const counts = Object.entries(changes)
    .filter(([operation]) => operation !== "same")
    .map(([operation, count]) => `${count} ${operation}`);
  const what = counts.length === 0 ? "nothing to change" : counts.join(", ");
  return `\nUp to date in ${seconds.toFixed(0)} s: ${what}.`;
}

/** Each user's address and how to sign in. Passwords are shown to a person only, not written into a log. */
async function printAccess(platform: Platform, outputs: Outputs): Promise<void> {
  const authority = path.join(dataFolder, "clusters", platform.stack.name, "ca.crt");
  await fs.promises.writeFile(authority, outputs.ca);
  const width = Math.max(...Object.values(outputs.urls).map((url) => url.length), 0);
  for (const [user, url] of Object.entries(outputs.urls)) {
    const known = outputs.passwords[user];
    const password = process.stdout.isTTY ? known : habit(`password USER=${user}`, platform.stack.name);
    const how = known === undefined ? "" : `user ${user}, password: ${password ?? ""}`;
    console.log(`  ${url.padEnd(width)}  ${how}`);
  }
  if (signInKind(platform.stack) === "authelia") {
    const link = habit("message", platform.stack.name);
    console.log(`\nThe first sign-in sets up an authenticator: it sends a link, which \`${link}\` shows.`);
  }
  console.log(`\nBrowsers must trust the stack's own authority once: ${authority}`);
}
