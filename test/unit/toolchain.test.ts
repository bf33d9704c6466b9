import { called, onlyOnPath, realPath, removeTemporary, temporary } from "./host-stand-ins";
import * as fs from "node:fs";
import * as path from "node:path";
import { ensureTools, toolFolders, toolPath } from "../../local/toolchain";

const folder = path.join(temporary, "cache", "toolchain");

/** A go that says it is some version, and whose build does as told. */
const go = (build: string, version = "go1.26.8") => ({
  go: `case "$1" in
env) echo '{"GOVERSION":"${version}","GOOS":"linux","GOARCH":"amd64"}' ;;
list) echo "go: downloading example.com/a v1.0.0" >&2; echo a; echo b; echo c ;;
build)
  for argument; do case "$previous" in -o) out="$argument" ;; esac; previous="$argument"; done
  mkdir -p "$out"
  ${build} ;;
esac`,
});

const builds = () => called().filter((call) => call.startsWith("go build")).length;

async function reports(work: (report: (message: string) => void) => Promise<void>): Promise<string[]> {
  const messages: string[] = [];
  await work((message) => messages.push(message));
  return messages;
}

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});
afterAll(removeTemporary);

test("a real module is built once: the second call runs nothing and takes less than half a second", async () => {
  process.env["PATH"] = realPath;
  expect((await reports((report) => ensureTools(["pause"], report))).at(-1)).toBe("pause: linking pause");
  const began = Date.now();
  expect(await reports((report) => ensureTools(["pause"], report))).toEqual([]);
  expect(Date.now() - began).toBeLessThan(500);
  expect(fs.statSync(toolPath("pause")).mode & 0o111).not.toBe(0);
  expect(path.dirname(toolPath("pause"))).toBe(toolFolders(["pause"])[0]);
}, 120_000);

test("progress counts downloads and packages, and names what is linked", async () => {
  onlyOnPath(go(`echo a >&2; echo b >&2; echo c >&2; touch "$out/coredns"`));
  expect(await reports((report) => ensureTools(["coredns"], report))).toEqual([
    "coredns: looking for what must be compiled",
    "coredns: downloading Go modules (1)",
    "coredns: 0 of 3 packages",
    "coredns: 1 of 3 packages",
    "coredns: linking coredns",
    "coredns: linking coredns",
  ]);
  expect(fs.existsSync(toolPath("coredns"))).toBe(true);
});

test("of two callers at once, one builds and the other takes what it built", async () => {
  onlyOnPath(go(`sleep 0.3; touch "$out/coredns"`));
  const messages: string[] = [];
  const ensure = () => ensureTools(["coredns"], (message) => messages.push(message));
  await Promise.all([ensure(), ensure()]);
  expect(builds()).toBe(1);
  expect(messages).toContainEqual(
    expect.stringMatching(/^waiting for (the build of coredns \(pid \d+\)|another process)$/),
  );
});

test("a failed build leaves no folder, keeps Go's words, and the next call builds again", async () => {
  onlyOnPath(go(`touch "$out/coredns"; echo "dial tcp: lookup registry: i/o timeout" >&2; exit 1`));
  const log = path.join(folder, "coredns.log");
  await expect(ensureTools(["coredns"], () => undefined)).rejects.toThrow(
    `coredns could not be built: Go's module registry is out of reach; check the network, GOPROXY and the proxy settings (Go's own words: ${log})`,
  );
  expect(fs.readFileSync(log, "utf8")).toContain("i/o timeout");
  expect(fs.readdirSync(folder).sort()).toEqual(["coredns.log", "lock"]);

  onlyOnPath(go(`touch "$out/coredns"`));
  await ensureTools(["coredns"], () => undefined);
  expect(fs.readdirSync(folder).sort()).toEqual([expect.stringMatching(/^coredns-[0-9a-f]{16}$/), "lock"]);
});

test("another Go builds into another folder, and what was unused for a month goes", async () => {
  onlyOnPath(go(`touch "$out/coredns"`));
  await ensureTools(["coredns"], () => undefined);
  const [old = ""] = toolFolders(["coredns"]);
  const recent = path.join(folder, "coredns-0123456789abcdef");
  const other = path.join(folder, "traefik-0123456789abcdef");
  const cutOff = path.join(folder, ".coredns-0123456789abcdef.1");
  for (const made of [recent, other, cutOff]) fs.mkdirSync(made);
  const longAgo = new Date(Date.now() - 31 * 86_400_000);
  for (const aged of [old, other]) fs.utimesSync(aged, longAgo, longAgo);

  onlyOnPath(go(`touch "$out/coredns"`, "go1.27.0"));
  await ensureTools(["coredns"], () => undefined);
  expect(toolFolders(["coredns"])).not.toEqual([old]);
  expect([old, recent, other, cutOff].map((made) => fs.existsSync(made))).toEqual([false, true, true, false]);
});

test.each([
  ["Go is not installed; install Go 1.26.0 or later and put it on PATH", {}],
  ["go1.25.4 is too old to build coredns; install Go 1.26.0 or later", go("", "go1.25.4")],
  [
    "Go is too old to build coredns; install Go 1.26.0 or later",
    { go: `echo "go: go.mod requires go >= 1.26.0 (running go 1.24.1; GOTOOLCHAIN=local)" >&2; exit 1` },
  ],
])("%s", async (message, scripts) => {
  onlyOnPath(scripts);
  await expect(ensureTools(["coredns"], () => undefined)).rejects.toThrow(message);
});

test("a tool that nobody builds, or that is not built yet, is an error that says so", () => {
  onlyOnPath(go(""));
  expect(() => toolPath("nonesuch")).toThrow("no tool is called nonesuch");
  expect(() => toolPath("kubectl")).toThrow("kubectl is not built yet; run `make up`");
});
