import * as os from "node:os";
import type { Experience } from "./editor";
import type { Added, Cost, Size } from "./engine";
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

export function sizesTable(sizes: Size[]): string {
  return table(
    [
      "Users",
      "Resources",
      "of them Kubernetes objects",
      "up",
      "up again, no change",
      "kubectl, same objects",
    ],
    sizes.map((size) => [
      `${size.users}`,
      `${size.resources}`,
      `${size.objects}`,
      s(size.up),
      s(size.again),
      s(size.kubectl),
    ]),
  );
}

export function addedTable({ to, fixed, up, kubectlNew, kubectlAll }: Added): string {
  const bound = (kubectl: number) =>
    `${s(3 * kubectl + fixed)} ${up <= 3 * kubectl + fixed ? "(kept)" : "(not kept)"}`;
  return table(
    [`One user more than ${to}`, "Measured", "Aim for up: 3 times that and the engine's start"],
    [
      ["the engine's fixed start: up of no users, no change", s(fixed), ""],
      ["up", s(up), ""],
      ["kubectl, the new user's objects", s(kubectlNew), bound(kubectlNew)],
      ["kubectl, all objects", s(kubectlAll), bound(kubectlAll)],
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
