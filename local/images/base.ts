import * as fs from "node:fs";
import * as path from "node:path";
import type { Report } from "../errors";
import { run } from "../host/run";
import { buildah, isolation, mustBuildah } from "./buildah";
import { runContained } from "./contained";
import { programFailure } from "./failure";
import { fileKey } from "./key";

/** Debian's release under the images that we make ourselves; the Containerfile's public base is the same. */
const release = "bookworm";
const slim = path.join(__dirname, "slim-base.sh");

/** Key of the base: what a change of it would change. Debian's updates do not count. */
export const baseKey = () => fileKey(slim, release);

/** Makes the base of the workspace's image from Debian's packages, where the storage has not got it yet. */
export async function ensureBase(work: string, report: Report): Promise<string> {
  const ref = `localhost/vibecode/base:${baseKey()}`;
  if ((await buildah(["images", "--quiet", ref])).code === 0) return ref;
  const root = path.join(work, "base");
  const sources = await hostSources();

  report("workspace image: Debian's packages");
  const mirror = sources.find((source) => source.suite === release)?.uri;
  await must(
    "debootstrap",
    ["--variant=minbase", release, root, ...(mirror === undefined ? [] : [mirror])],
    (line) => {
      const step = /^I: (\w+) (\S+)/.exec(line);
      if (step) report(`workspace image: Debian's packages (${step[1] ?? ""} ${step[2] ?? ""})`);
    },
  );
  await must("sh", [slim, root]);
  writeSources(root, sources);

  report("workspace image: Debian's updates");
  const container = await mustBuildah("workspace", ["from", "scratch"]);
  await mustBuildah("workspace", ["add", "--quiet", container, root, "/"]);
  const update =
    "apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*";
  await mustBuildah("workspace", ["run", ...isolation, container, "--", "sh", "-c", update]);
  await mustBuildah("workspace", ["config", "--cmd", "bash", container]);
  await mustBuildah("workspace", ["commit", "--quiet", "--rm", container, ref]);
  fs.rmSync(root, { recursive: true });
  return ref;
}

async function must(
  command: string,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<void> {
  const ran = await runContained(command, args, onLine === undefined ? {} : { onLine });
  if (ran.code !== 0) throw programFailure("workspace", ran);
}

interface AptSource {
  uri: string;
  suite: string;
}

/** Where this machine gets Debian's packages, so that a mirror or a proxy in its place is used here too. */
async function hostSources(): Promise<AptSource[]> {
  const suites = [release, `${release}-updates`, `${release}-security`];
  const format = "$(ORIGIN) $(COMPONENT) $(SUITE) $(RELEASE) $(REPO_URI)";
  const { stdout } = await run("apt-get", [
    "indextargets",
    "--format",
    format,
    "Created-By: Packages",
    "Origin: Debian",
    "Component: main",
  ]);
  const found = new Map<string, AptSource>();
  for (const line of stdout.split("\n")) {
    const words = line.split(" ");
    const uri = words.at(-1);
    const suite = words.find((word) => suites.includes(word));
    if (uri !== undefined && suite !== undefined && !found.has(suite)) found.set(suite, { uri, suite });
  }
  return [...found.values()];
}

/** debootstrap writes the release alone; without the other two there would be no updates. */
function writeSources(root: string, sources: readonly AptSource[]): void {
  const file = path.join(root, "etc/apt/sources.list");
  const used = /^deb (\S+)/m.exec(fs.readFileSync(file, "utf8"))?.[1] ?? "";
  const debian = used.replace(/\/$/, "");
  const usual: AptSource[] = [
    { uri: debian, suite: release },
    { uri: debian, suite: `${release}-updates` },
    { uri: `${debian}-security`, suite: `${release}-security` },
  ];
  const lines = usual.map(({ uri, suite }) => {
    const host = sources.find((source) => source.suite === suite)?.uri;
    return `deb ${host ?? uri} ${suite} main\n`;
  });
  fs.writeFileSync(file, lines.join(""));
}
