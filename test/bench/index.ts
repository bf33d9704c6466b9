import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { preparePulumi } from "../../local/pulumi/prepare";
import { ensureTools } from "../../local/toolchain";
import { measureEngine } from "./engine";
import { addedTable, machine, sizesTable } from "./tables";

const report = (message: string) => {
  process.stderr.write(`${message}\n`);
};

async function main(): Promise<void> {
  const counts = process.argv.slice(2).map(Number);
  const pulumi = await preparePulumi(report);
  await ensureTools(["kubernetes"], report);
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "vibecode-bench-"));
  try {
    const { sizes, added } = await measureEngine(
      folder,
      pulumi,
      counts.length > 0 ? counts : [1, 10, 50],
      report,
    );
    process.stdout.write([machine(), sizesTable(sizes), addedTable(added)].join("\n"));
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

// What was started ends with this process, however it ends.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    process.exit(1);
  });
}
void main();
