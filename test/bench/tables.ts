import * as os from "node:os";
import type { Experience } from "./editor";
import type { Cost, Size } from "./engine";
import type { Run } from "./platform";
import type { Latency, SignInCost } from "./sign-in";

const s = (seconds: number) => `${seconds.toFixed(1)} s`;

export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |\n`;
  return [head, head.map(() => "---"), ...rows].map(line).join("");
}

/** On what it was measured, and when. */
export function machine(): string {
  const cpus = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ${cpus.length} × ${cpus[0]?.model.trim() ?? "?"}, ${memory} GiB, load ${os.loadavg()[0]?.toFixed(1) ?? "?"}\n`;
}

export function costTable({ defaults, everything }: Cost): string {
  return table(
    ["What one user costs", "Resources", "Aim"],
    [
      ["with defaults", `${defaults}`, ""],
      ["with everything on", `${everything}`, "at most 16"],
    ],
  );
}

/** What is measured at each number of users; undefined where it was left out. */
const measures: readonly (readonly [string, (size: Size) => number | undefined])[] = [
  ["preview of nothing yet", ({ planned }) => planned.seconds],
  ["up from nothing", ({ up }) => up?.seconds],
  ["the same, state written once", ({ atOnce }) => atOnce.seconds],
  ["preview, no change", ({ looked }) => looked.seconds],
  ["up, no change", ({ again }) => again.seconds],
  ["up, one user more", ({ more }) => more.seconds],
  ["kubectl, same objects", ({ kubectl }) => kubectl],
  ["kubectl, one user more", ({ kubectlNew }) => kubectlNew],
  ["kubectl, all again", ({ kubectlAll }) => kubectlAll],
];

const orNone = (value: number | undefined, write: (value: number) => string): string =>
  value === undefined ? "" : write(value);

export function sizesTable(sizes: Size[]): string {
  return table(
    ["", ...sizes.map(({ users }) => `${users} users`)],
    [
      ["resources", ...sizes.map(({ resources }) => `${resources}`)],
      ["of them Kubernetes objects", ...sizes.map(({ objects }) => `${objects}`)],
      ...measures.map(([name, of]) => [name, ...sizes.map((size) => orNone(of(size), s))]),
    ],
  );
}

/** How time grows: where it is linear, each user more costs the same. */
export function growthTable(sizes: Size[]): string {
  const steps = sizes.slice(1).map((to, index) => [sizes[index] ?? to, to] as const);
  const perUser = (of: (size: Size) => number | undefined) =>
    steps.map(([from, to]) => {
      const [before, after] = [of(from), of(to)];
      if (before === undefined || after === undefined) return "";
      return `${((1000 * (after - before)) / (to.users - from.users)).toFixed(0)} ms`;
    });
  const rate = (of: (size: Size) => number | undefined) =>
    sizes.map((size) => orNone(of(size), (seconds) => `${(size.resources / seconds).toFixed(0)}/s`));
  return table(
    [
      "",
      ...sizes.map(({ users }) => `resources at ${users}`),
      ...steps.map(([from, to]) => `a user from ${from.users} to ${to.users}`),
    ],
    measures.map(([name, of]) => [name, ...rate(of), ...perUser(of)]),
  );
}

/** Memory at its most and processor time, of each process. */
export function processesTable(sizes: Size[]): string {
  const runs = sizes.flatMap(({ users, up, atOnce, again }): (readonly [string, Run])[] => [
    up ? [`${users}: up from nothing`, up] : [`${users}: up, state written once`, atOnce],
    [`${users}: no change`, again],
  ]);
  const names = [...new Set(runs.flatMap(([, { usages }]) => Object.keys(usages)))];
  const cell = (name: string, { usages }: Run) => {
    const usage = usages[name];
    return usage === undefined ? "" : `${(usage.peak / 1e6).toFixed(0)} MB, ${s(usage.cpu)}`;
  };
  return table(
    ["Most memory, processor time", ...runs.map(([head]) => head)],
    names.map((name) => [name, ...runs.map(([, run]) => cell(name, run))]),
  );
}

/** What is aimed at, and whether it is kept. */
export function goalsTable(fixed: Run, sizes: Size[]): string {
  const verdict = (measured: number | undefined, most: number) =>
    orNone(measured, (value) => `${s(value)}, ${value <= most ? "kept" : "**not kept**"}`);
  const hundred = sizes.filter(({ users }) => users === 100);
  return table(
    ["Aim", "At most", "Measured"],
    [
      ["the engine's fixed start: up of no users, no change", "", s(fixed.seconds)],
      ...hundred.flatMap(({ up, again, more, kubectl }) => [
        ["100 users from nothing: 3 times kubectl", s(3 * kubectl), verdict(up?.seconds, 3 * kubectl)],
        ["100 users, no change", s(10), verdict(again.seconds, 10)],
        ["one user more than 100", s(12), verdict(more.seconds, 12)],
      ]),
    ],
  );
}

export function experienceTable({ ready, warmUp, imageBytes }: Experience): string {
  const sorted = ready.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const all = sorted.map(s).join(", ");
  return table(
    ["What a user waits for", "Measured", "Aim"],
    [
      ["Pod created to the editor's first 200, the middle one", `${s(middle)} (${all})`, "under 5 s"],
      ["make up with nothing to do", s(warmUp), "well under 2 minutes"],
      ["the workspace's image, unpacked", `${(imageBytes / 1e9).toFixed(2)} GB`, "under 1.2 GB"],
    ],
  );
}

export function signInTable({ rate, behind, open }: SignInCost): string {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const row = (what: string, { middle, slow }: Latency) => [what, ms(middle), ms(slow)];
  return table(
    [`One request to an editor, ${rate} a second`, "the middle", "99 of 100 below"],
    [
      row("behind sign-in", behind),
      row("the same route without it", open),
      row("what sign-in adds", { middle: behind.middle - open.middle, slow: behind.slow - open.slow }),
    ],
  );
}
