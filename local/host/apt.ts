import * as fs from "node:fs";
import * as path from "node:path";
import { UserError, type Report } from "../errors";
import { cacheFolder } from "../paths";
import { describePackage, type PackageName } from "./packages";
import { onPath } from "./path";
import { withoutServices } from "./policy";
import { run } from "./run";

/** Installs what is missing of these Debian packages; does nothing where all are there. */
export async function ensurePackages(names: readonly PackageName[], report: Report): Promise<void> {
  const missing = await missingPackages(names);
  if (missing.length === 0) return;
  const problem = cannotInstall(missing);
  if (problem !== undefined) throw problem;

  const services = missing.flatMap((name) => describePackage(name).services ?? []);
  await withoutServices(services, async () => {
    if (listsAreOld()) await apt(["update"], missing, report, { mayFail: true });
    // What another package provides, Docker's runtime say, is the machine's own: it is never exchanged for ours.
    const install = ["install", "--yes", "--no-remove", "--no-install-recommends", ...missing];
    await apt(install, missing, report);
  });
  const still = await missingPackages(missing);
  if (still.length > 0) throw new UserError(`apt-get left out ${still.join(", ")}`, installCommand(still));
}

/** Which of the packages are missing: what they bring is not there, from wherever, and dpkg knows none of it. */
export async function missingPackages(names: readonly PackageName[]): Promise<PackageName[]> {
  const absent = names.filter((name) => !onPath(describePackage(name).brings));
  if (absent.length === 0) return [];
  const asked = await run("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\\n", ...absent]);
  const installed = new Set(asked.stdout.split("\n").filter((line) => line.endsWith(" installed")));
  return absent.filter((name) => !installed.has(`${name} installed`));
}

/** Why this user cannot install packages on this machine, if so. */
export function cannotInstall(missing: readonly PackageName[]): UserError | undefined {
  const what = missing.map((name) => `${name} (${describePackage(name).reason})`).join(", ");
  if (!onPath("apt-get"))
    return new UserError(
      `missing on this machine, which is no Debian: ${what}`,
      "install them with the machine's own package manager",
    );
  if (process.getuid?.() === 0) return undefined;
  return new UserError(`Debian packages are missing: ${what}`, installCommand(missing));
}

const installCommand = (names: readonly string[]) =>
  `run \`sudo apt-get install --no-install-recommends ${names.join(" ")}\``;

/** Package lists that are not there, or older than a day, name versions that mirrors may have dropped. */
function listsAreOld(folder = "/var/lib/apt/lists"): boolean {
  const times = fs.existsSync(folder)
    ? fs
        .readdirSync(folder)
        .filter((file) => /_Packages(\.\w+)?$/.test(file))
        .map((file) => fs.statSync(path.join(folder, file)).ctimeMs)
    : [];
  return Math.max(0, ...times) < Date.now() - 86_400_000;
}

async function apt(
  args: readonly string[],
  packages: readonly string[],
  report: Report,
  { mayFail = false } = {},
): Promise<void> {
  report(`installing Debian packages: ${packages.join(", ")}`);
  const ran = await run(
    "apt-get",
    // Half an hour for another apt-get to end; the progress goes to standard output, a line a step.
    ["-o", "DPkg::Lock::Timeout=1800", "-o", "APT::Status-Fd=1", "-o", "Dpkg::Use-Pty=0", ...args],
    {
      env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
      onLine: (line) => {
        const step = /^(?:dl|pm)status:[^:]*:([\d.]+):(.*)/.exec(line);
        const waiting = /^Waiting for cache lock: .*?held by process (\d+ \([^)]*\))/.exec(line);
        if (step?.[1] !== undefined)
          report(`Debian packages: ${Math.round(Number(step[1]))} % ${step[2] ?? ""}`);
        else if (waiting?.[1] !== undefined) report(`Debian packages: waiting for process ${waiting[1]}`);
      },
    },
  );
  if (ran.code === 0 || mayFail) return;
  const log = path.join(cacheFolder, "apt.log");
  fs.mkdirSync(cacheFolder, { recursive: true });
  fs.writeFileSync(log, `${ran.stdout}\n${ran.stderr}\n`);
  throw aptRemoval(packages, ran.stdout) ?? aptFailure(packages, ran.stderr, log);
}

/** What apt-get would have removed, if that is why it failed. */
function aptRemoval(packages: readonly string[], output: string): UserError | undefined {
  const removed = /^The following packages will be REMOVED:\n((?: .*(?:\n|$))+)/m.exec(output)?.[1];
  if (removed === undefined) return undefined;
  const names = removed.trim().split(/\s+/).join(", ");
  return new UserError(
    `Debian packages were not installed (${packages.join(", ")}): that would have removed ${names}`,
    `install them by hand, if ${names} may go, or use another machine`,
  );
}

/** Turns a failed apt-get into the line a user can act on. */
export function aptFailure(packages: readonly string[], output: string, log: string): UserError {
  const what = `Debian packages could not be installed (${packages.join(", ")})`;
  const said = `apt-get's own words: ${log}`;
  if (/No space left|enough free space/i.test(output))
    return new UserError(`${what}: the disk is full`, `free some space (${said})`);
  if (/Could not get lock|Unable to (acquire|lock)/i.test(output))
    return new UserError(`${what}: another program holds apt's lock`, `wait for it to end (${said})`);
  if (
    /Unable to fetch|Failed to fetch|Could not (resolve|connect)|Temporary failure|has no installation candidate|Unable to locate/i.test(
      output,
    )
  )
    return new UserError(
      `${what}: Debian's mirror is out of reach or has no such package`,
      `check the network and /etc/apt/sources.list (${said})`,
    );
  return new UserError(what, `read ${log}`);
}
