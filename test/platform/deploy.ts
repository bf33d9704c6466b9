import type { ImageArchive } from "../../local/cluster";
import { reachable, type Door } from "../../local/door";
import { ensureImages, type ImageName } from "../../local/images";
import { openStack, preparePulumi, type LocalStack, type Outcome } from "../../local/pulumi";
import { imagesConfig } from "../../local/parts";
import { localOutputs, machineConfig, signInKind } from "../../local/platform";
import { readStackFile } from "../../local/stack";
import { testCluster } from "../cluster/instance";
import { kubectl } from "./kubectl";

export interface PlatformArgs {
  /** The stack's users. */
  users: readonly unknown[];
  /** Other keys of the config, with their namespace. */
  extra?: Readonly<Record<string, unknown>>;
  /** Images of this machine besides those of every stack. */
  images?: readonly ImageName[];
  /** Images that the test itself built, by their names in `vibecode:images`. */
  standIns?: Readonly<Record<string, ImageArchive>>;
  /** Secrets of the config, by their places below the namespace: `secretEnv.alice.TOKEN`. */
  secrets?: Readonly<Record<string, string>>;
}

/** The platform as a test meets it: on the cluster `test`, below a domain of its own. */
export interface Deployed {
  domain: string;
  /** Where HTTPS answers, with the stack's own authority; plain HTTP has the port 30080. */
  door: Door;
  url: (user: string) => string;
  password: (user: string) => string;
  /** Public halves of the SSH keys, by user. */
  sshKeys: Record<string, string>;
}

const domain = "test.localhost";
/** Most tests are of what is behind the door. */
const basic = { kind: "basic" };
/**
 * The usual size, which asks the node for less: those who leave go after those who come are there, so for a moment a
 * node of two CPUs must hold both.
 */
const modest = { requests: { cpu: "200m", memory: "512Mi" }, limits: { cpu: "2", memory: "4Gi" } };

/** Converges the platform on the test cluster and says what the engine did. */
export async function up(args: PlatformArgs): Promise<Outcome> {
  return (await open(args)).up(quiet);
}

/** Converges the platform, waits until every editor answers, and gives what a test needs to use it. */
export async function deploy(args: PlatformArgs): Promise<Deployed> {
  const stack = await open(args);
  await stack.up(quiet);
  const { urls, passwords, sshKeys, ca } = await localOutputs(stack);
  const door = { address: process.env["VIBECODE_TEST_NODE"] ?? "", port: 30443, ca };
  const isBasic = signInKind({ config: { "vibecode:auth": basic, ...args.extra } }) === "basic";
  await reachable(
    door,
    Object.keys(urls).map((user) => ({
      host: `${user}.${domain}`,
      credentials: isBasic ? `${user}:${passwords[user] ?? ""}` : undefined,
    })),
    60,
  );
  return {
    domain,
    door,
    url: (user) => known(urls, user),
    password: (user) => known(passwords, user),
    sshKeys,
  };
}

/** Takes every user out of the test cluster, with all that a user leaves. */
export async function empty(): Promise<void> {
  await up({ users: [] });
  kubectl("delete", "namespaces", "-l", "vibecode/user", "--wait=true");
}

/** The stack `local` with another domain, other users, and its state beside the test cluster's. */
export async function open(args: PlatformArgs): Promise<LocalStack> {
  const platform = { stack: { ...readStackFile("local"), name: "test" }, cluster: testCluster("test") };
  const overrides = {
    ...machineConfig(platform, await loadedImages(args)),
    "vibecode:domain": domain,
    "vibecode:users": args.users,
    "vibecode:auth": basic,
    "vibecode:workspace": { sizes: { medium: modest } },
    ...args.extra,
  };
  const pulumi = await preparePulumi(quiet);
  const stack = await openStack({ cluster: "test", stack: "local", pulumi, overrides, print: quiet }, quiet);
  for (const name of stack.secretNames()) await stack.removeSecret(name);
  for (const [name, value] of Object.entries(args.secrets ?? {})) await stack.setSecret(name, value);
  return stack;
}

const quiet = () => undefined;

async function loadedImages({
  images: more = [],
  standIns = {},
}: PlatformArgs): Promise<Record<string, string>> {
  const images = await ensureImages(["workspace", "traefik", ...more], quiet);
  await testCluster("test").loadImages([...Object.values(images), ...Object.values(standIns)], quiet);
  const own = Object.fromEntries(Object.entries(standIns).map(([name, { ref }]) => [name, ref]));
  return { ...imagesConfig(images), ...own };
}

function known(values: Record<string, string>, user: string): string {
  const value = values[user];
  if (value === undefined) throw new Error(`${user} is not in the stack`);
  return value;
}
