import * as fs from "node:fs";
import * as path from "node:path";
import type { Report } from "../errors";
import { run } from "../host/run";
import { buildFailure } from "./failure";
import { goEnvironment } from "./go";
import type { ModuleName } from "./modules";
import type { Source } from "./source";

/**
 * Builds a module's binaries into `folder`, which appears only when all of them are there. What was compiled
 * before an interruption stays in Go's own cache, so the next try goes on from there.
 */
export async function build(name: ModuleName, source: Source, folder: string, report: Report): Promise<void> {
  const flags = ["-trimpath", "-ldflags", source.ldflags];
  // Named after us: a `go` that outlived its killed caller may still write into its own.
  const unfinished = path.join(path.dirname(folder), `.${path.basename(folder)}.${process.pid}`);
  const log = path.join(path.dirname(folder), `${name}.log`);
  fs.rmSync(unfinished, { recursive: true, force: true });

  const go = async (args: readonly string[], onLine: (line: string) => void): Promise<string> => {
    const ran = await run("go", args, { cwd: source.folder, env: goEnvironment(name), onLine });
    if (ran.code === 0) return ran.stdout;
    fs.rmSync(unfinished, { recursive: true, force: true });
    fs.writeFileSync(log, `${ran.stdout}\n${ran.stderr}\n`);
    throw buildFailure(name, ran.stderr, log);
  };

  report(`${name}: looking for what must be compiled`);
  let downloads = 0;
  const stale = await go(["list", "-deps", ...flags, "-f", toCompile, ...source.packages], (line) => {
    if (line.startsWith("go: downloading ")) report(`${name}: downloading Go modules (${++downloads})`);
  });
  const total = stale.split("\n").filter((line) => line !== "").length;

  let compiled = 0;
  const progress = () => {
    const left = compiled < total - source.tools.length;
    report(
      left ? `${name}: ${compiled} of ${total} packages` : `${name}: linking ${source.tools.join(", ")}`,
    );
  };
  progress();
  await go(["build", "-v", ...flags, "-o", `${unfinished}${path.sep}`, ...source.packages], (line) => {
    // `go build -v` names each package it begins to compile, alone on its line.
    if (!/^[^\s#]+$/.test(line)) return;
    compiled++;
    progress();
  });

  const missing = source.tools.filter((tool) => !fs.existsSync(path.join(unfinished, tool)));
  if (missing.length > 0) throw new Error(`go built no ${missing.join(", ")} for ${name}`);
  fs.renameSync(unfinished, folder);
  fs.rmSync(log, { force: true });
}

/** Go's template for a package that is not in its cache yet. */
const toCompile =
  '{{if .Stale}}{{if ne .StaleReason "not installed but available in build cache"}}{{.ImportPath}}{{end}}{{end}}';
