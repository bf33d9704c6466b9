import { spawnSync } from "node:child_process";
import { z } from "zod";
import { UserError } from "../errors";
import { modules, type ModuleName } from "./modules";
import type { Source } from "./source";

const answer = z.object({ GOVERSION: z.string(), GOOS: z.string(), GOARCH: z.string() });
export type Go = z.infer<typeof answer>;

/** The environment every `go` here runs in: ours decides, not what the user's shell happens to set. */
export function goEnvironment(name: ModuleName): Record<string, string> {
  return { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off", ...modules[name].env };
}

/** Which Go builds this module. Asked in its folder, since Go may fetch a newer Go that go.mod asks for. */
export function findGo(name: ModuleName, source: Source): Go {
  const fix = `install Go ${source.goMod.go} or later and put it on PATH`;
  const asked = spawnSync("go", ["env", "-json", "GOVERSION", "GOOS", "GOARCH"], {
    cwd: source.folder,
    env: { ...process.env, ...goEnvironment(name) },
    encoding: "utf8",
  });
  if (asked.error !== undefined) throw new UserError("Go is not installed", fix);
  if (asked.status !== 0) {
    if (/requires go >=|invalid go version|unknown directive/.test(asked.stderr))
      throw new UserError(`Go is too old to build ${name}`, fix);
    throw new UserError(`go does not run: ${asked.stderr.trim()}`, fix);
  }
  const go = answer.parse(JSON.parse(asked.stdout));
  if (older(go.GOVERSION.replace(/^go/, ""), source.goMod.go))
    throw new UserError(`${go.GOVERSION} is too old to build ${name}`, fix);
  return go;
}

/** Compares `1.26.8` with `1.26`, number by number. */
export function older(version: string, wanted: string): boolean {
  const numbers = (text: string) => text.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const have = numbers(version);
  for (const [at, want] of numbers(wanted).entries()) {
    const got = have[at] ?? 0;
    if (got !== want) return got < want;
  }
  return false;
}
