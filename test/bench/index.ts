import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { preparePulumi } from "../../local/pulumi";
import { ensureTools } from "../../local/toolchain";
import { measureExperience } from "./editor";
import { measureEngine } from "./engine";
import { measureMonitoring, monitoringTable } from "./monitoring";
import { measureSignIn } from "./sign-in";
import {
  costTable,
  experienceTable,
  goalsTable,
  growthTable,
  machine,
  processesTable,
  signInTable,
  sizesTable,
} from "./tables";

const report = (message: string) => {
  process.stderr.write(`${message}\n`);
};

const print = (text: string) => {
  process.stdout.write(`${text}\n`);
};

/** Above so many users the first `up` takes the better part of an hour, and more. */
const usualStepwise = 100;

/**
 * Arguments: other numbers of users than 10, 100 and 500; 0 leaves out what needs the running platform; `--every-up` waits
 * for the first `up` of more than 100 users too.
 */
async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const stepwise = words.includes("--every-up") ? Infinity : usualStepwise;
  const given = words.filter((word) => word !== "--every-up").map(Number);
  const counts = given.filter((count) => count > 0);
  print(machine());
  const pulumi = await preparePulumi(report);
  await ensureTools(["kubernetes", "kwok"], report);
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "vibecode-bench-"));
  try {
    const sizes = counts.length > 0 ? counts : [10, 100, 500];
    const measured = await measureEngine(folder, pulumi, sizes, stepwise, report);
    print(costTable(measured.cost));
    print(sizesTable(measured.sizes));
    print(growthTable(measured.sizes));
    print(processesTable(measured.sizes));
    print(goalsTable(measured.fixed, measured.sizes));
    print(machine());
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
  if (given.includes(0)) return;
  print(signInTable(await measureSignIn(100, 20, report)));
  print(experienceTable(await measureExperience("alice", 5, report)));
  print(monitoringTable(await measureMonitoring(20, report)));
}

// What was started ends with this process, however it ends.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    process.exit(1);
  });
}
void main();
