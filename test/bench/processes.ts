import * as fs from "node:fs";

/** What one process of a run took. */
export interface Usage {
  /** Most memory at one moment, in bytes. */
  peak: number;
  /** Seconds of processor time. */
  cpu: number;
}

/** By what the process is: `engine`, `program`, `language host`, `kubernetes`. */
export type Usages = Record<string, Usage>;

/** Linux counts processor time in hundredths of a second for whoever reads /proc. */
const ticksPerSecond = 100;

const roles: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/pulumi-language-|language-host/, () => "language host"],
  [/@pulumi\/pulumi\/cmd\/run(\/|\0|$)/, () => "program"],
  [/pulumi-resource-(\w+)/, ([, name = ""]) => name],
  [/\/plugins\/(\w+)\/main/, ([, name = ""]) => name],
  [/^[^\0]*\/pulumi\0/, () => "engine"],
];

/** What a process is to a run of the engine, by its command line; undefined for any other. */
export function roleOf(commandLine: string): string | undefined {
  for (const [pattern, name] of roles) {
    const match = pattern.exec(commandLine);
    if (match) return name(match);
  }
  return undefined;
}

/** A file of /proc; empty where its process has ended. */
function read(pid: string, file: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/** The processes below this one. */
function descendants(): string[] {
  const parents = new Map<string, string[]>();
  for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = /^PPid:\s*(\d+)/m.exec(read(pid, "status"))?.[1];
    if (parent !== undefined) parents.set(parent, [...(parents.get(parent) ?? []), pid]);
  }
  const below = (pid: string): string[] =>
    (parents.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(String(process.pid));
}

/** What the engine and each process that it starts take until the work is done. */
export async function usagesDuring(work: Promise<unknown>): Promise<Usages> {
  const seen = new Map<string, { role: string } & Usage>();
  const look = () => {
    for (const pid of descendants()) {
      const role = roleOf(read(pid, "cmdline"));
      const peak = /^VmHWM:\s*(\d+) kB/m.exec(read(pid, "status"))?.[1];
      // The name in brackets may hold anything; the fields after it begin with the state, the third of all.
      const times = read(pid, "stat")
        .replace(/^.*\) /, "")
        .split(" ");
      if (role === undefined || peak === undefined || times.length < 13) continue;
      const cpu = (Number(times[11]) + Number(times[12])) / ticksPerSecond;
      seen.set(pid, { role, peak: Number(peak) * 1024, cpu });
    }
  };
  const timer = setInterval(look, 200);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  const usages: Usages = {};
  for (const { role, peak, cpu } of seen.values()) {
    const known = usages[role] ?? { peak: 0, cpu: 0 };
    usages[role] = { peak: Math.max(known.peak, peak), cpu: known.cpu + cpu };
  }
  return usages;
}
