import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const script = path.join(__dirname, "../../components/data/postgres/dump.sh");
const day = 24 * 60 * 60 * 1000;

let work: string;
let dumps: string;
beforeEach(() => {
  work = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-dump-"));
  dumps = path.join(work, "dumps");
  fs.mkdirSync(dumps);
  // Postgres's own programs have their part in test/cluster/data.test.ts.
  stand("pg_isready", "exit 0");
  stand("pg_dump", 'for word; do case "$word" in --file=*) echo data >"${word#--file=}";; esac; done');
  stand("pg_restore", "exit 0");
  stand("sleep", "exit 0");
});
afterEach(() => {
  fs.rmSync(work, { recursive: true });
});

function stand(program: string, body: string): void {
  fs.writeFileSync(path.join(work, program), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

function dump(keep = 14) {
  const env = { PATH: `${work}:/usr/bin:/bin`, DUMPS: dumps, KEEP_DAYS: String(keep) };
  const ran = spawnSync("sh", [script], {
    encoding: "utf8",
    env: { ...env, PGDATABASE: "authelia", PGHOST: "postgres" },
  });
  return { code: ran.status, said: ran.stdout, complained: ran.stderr };
}

/** An earlier dump, so many days old. */
function earlier(name: string, days: number): void {
  const file = path.join(dumps, name);
  fs.writeFileSync(file, "earlier");
  const then = new Date(Date.now() - days * day);
  fs.utimesSync(file, then, then);
}

const there = () => fs.readdirSync(dumps).sort();
const made = /^authelia-\d{8}T\d{6}Z\.dump$/;

test("a dump has the database and the time in its name, and is its owner's alone", () => {
  expect(dump()).toMatchObject({ code: 0, complained: "" });
  expect(there()).toEqual([expect.stringMatching(made)]);
  const file = path.join(dumps, there()[0] ?? "");
  expect(fs.readFileSync(file, "utf8")).toBe("data\n");
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("dumps that are too old go, and nothing else does", () => {
  earlier("authelia-1.dump", 15);
  earlier("authelia-2.dump", 14.01);
  earlier("authelia-3.dump", 13.99);
  earlier("authelia-4.dump", 1);
  earlier("notes.txt", 99);
  const { said } = dump(14);
  expect(there()).toEqual([expect.stringMatching(made), "authelia-3.dump", "authelia-4.dump", "notes.txt"]);
  expect(said).toMatch(/^wrote authelia-\S+, 5 bytes; 3 dumps are kept\n$/);
});

test("the new dump stays, whatever the clock did meanwhile", () => {
  stand("pg_restore", 'touch --date="99 days ago" "$2"');
  expect(dump().code).toBe(0);
  expect(there()).toEqual([expect.stringMatching(made)]);
});

test.each([
  ["pg_dump fails half way", "pg_dump", 'echo half >"$PGDATABASE.part"; exit 1'],
  ["pg_dump writes nothing", "pg_dump", "exit 0"],
  ["what it wrote cannot be read back", "pg_restore", "exit 1"],
  ["the disk does not take it", "sync", "exit 1"],
])("where %s the job fails, and the last good dump stays however old it is", (_, program, body) => {
  earlier("authelia-1.dump", 99);
  stand(program, body);
  expect(dump().code).not.toBe(0);
  expect(there()).toContain("authelia-1.dump");
  expect(there().filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("a server that never answers fails the job, and says so", () => {
  earlier("authelia-1.dump", 99);
  stand("pg_isready", "exit 2");
  expect(dump()).toEqual({ code: 1, said: "", complained: "no dump: postgres does not answer\n" });
  expect(there()).toEqual(["authelia-1.dump"]);
});

test("a server that answers late is waited for", () => {
  stand("pg_isready", `echo x >>"${work}/tries"; [ "$(wc -l <"${work}/tries")" -ge 3 ]`);
  expect(dump().code).toBe(0);
});

test("what a dump that was killed left goes at the next", () => {
  fs.writeFileSync(path.join(dumps, "authelia-0.dump.part"), "half");
  expect(dump().code).toBe(0);
  expect(there()).toEqual([expect.stringMatching(made)]);
});
