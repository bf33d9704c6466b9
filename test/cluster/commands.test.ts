import { spawnSync, type SpawnSyncOptions } from "node:child_process";
import * as fs from "node:fs";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { z } from "zod";

import { ask } from "../../local/door";
import { checkout } from "../../local/paths";

// A stack of its own, with its own data and ports, so that nothing of the person's who runs the tests is touched.
const stack = "commands-test";
const stackFile = path.join(checkout, "stacks", `Pulumi.${stack}.yaml`);
// The same folder at each run: what an interrupted one left is found and removed.
const data = path.join(os.tmpdir(), "vibecode-commands-test");
const ports = { http: 18080, https: 18443 };
const host = "alice.commands.localhost";

/** Writes the stack's file with these users, and other keys. */
function write(users: string, ...more: string[]): void {
  const keys = [
    "vibecode:domain: commands.localhost",
    `vibecode:users: ${users}`,
    "vibecode:auth: { kind: basic }",
    `vibecode:ingress: { httpPort: ${ports.http}, httpsPort: ${ports.https} }`,
    ...more,
  ];
  fs.writeFileSync(stackFile, `config:\n${keys.map((key) => `  ${key}\n`).join("")}`);
}

beforeAll(() => {
  write("[alice]");
  make("destroy", "FORCE=1");
}, 120_000);

afterAll(() => {
  make("destroy", "FORCE=1");
  fs.rmSync(stackFile, { force: true });
  fs.rmSync(data, { recursive: true, force: true });
}, 120_000);

interface Made {
  code: number | null;
  out: string;
  seconds: number;
}

/** Runs a habit as a person would, without a terminal. */
function make(...words: string[]): Made {
  return ended("make", [...words, `STACK=${stack}`], { stdio: ["ignore", "pipe", "pipe"] });
}

/** The same on a terminal, where the person types a line. */
function typed(line: string, ...words: string[]): Made {
  // This terminal has no width of its own.
  const command = ["stty cols 120; make", ...words, `STACK=${stack}`].join(" ");
  return ended("script", ["--quiet", "--return", "--command", command, "/dev/null"], { input: `${line}\n` });
}

function ended(program: string, words: string[], options: SpawnSyncOptions): Made {
  const began = Date.now();
  const ran = spawnSync(program, words, {
    ...options,
    cwd: checkout,
    encoding: "utf8",
    // Without what a `make test` around it sets.
    env: {
      ...process.env,
      VIBECODE_DATA: data,
      NODE_OPTIONS: undefined,
      MAKEFLAGS: undefined,
      MAKELEVEL: undefined,
    },
  });
  return { code: ran.status, out: `${ran.stdout}${ran.stderr}`, seconds: (Date.now() - began) / 1000 };
}

/** What alice's address answers to her password; undefined where nothing listens. */
async function answer(): Promise<number | undefined> {
  const password = make("password", "USER=alice").out.trim();
  const ca = fs.readFileSync(path.join(data, "clusters", stack, "ca.crt"), "utf8");
  const door = { address: "127.0.0.1", port: ports.https, ca };
  return (await ask(door, host, "/healthz", `alice:${password}`))?.status;
}

function listening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => {
      resolve(false);
    });
  });
}

test("before the first up, each command says what to do", () => {
  for (const words of [
    ["status"],
    ["logs", "USER=alice"],
    ["shell", "USER=alice"],
    ["password", "USER=alice"],
    ["retained"],
    ["purge", "USER=alice"],
  ]) {
    expect(make(...words).out).toContain(`make up STACK=${stack}`);
  }
});

test("up ends by saying where each editor is and how to sign in, and the address answers", async () => {
  const made = make("up");
  expect(made.out).toContain(
    `https://${host}:${ports.https}  user alice, password: make password USER=alice STACK=${stack}`,
  );
  expect(made.code).toBe(0);
  expect(await answer()).toBe(200);
}, 300_000);

test("status, logs and shell tell of a user's workspace", () => {
  const status = make("status");
  expect(status.out).toMatch(/kube-apiserver +running/);
  expect(status.out).toMatch(new RegExp(`alice +ready +0 +2 CPU, 4Gi +https://${host}`));
  expect(make("logs", "USER=alice").out).toContain("HTTP server listening");
  expect(make("logs", "USER=mallory").out).toContain(
    "mallory has no workspace on commands-test; say USER=name, one of: alice",
  );
  expect(make("logs").out).toContain("whose workspace?; say USER=name, one of: alice");
  expect(make("shell", "USER=alice").code).toBe(0);
}, 60_000);

test("status tells of a stopped workspace, and what is wrong in one that runs", () => {
  write(
    "[{ name: alice, extensions: [foo.bar] }, { name: bob, state: stopped }]",
    "vibecode:workspace: { gallery: { serviceUrl: 'https://127.0.0.1:1/gallery' } }",
  );
  const up = make("up");
  expect(up.out).toContain("user bob");
  expect(up.code).toBe(0);
  const status = make("status");
  expect(status.out).toMatch(/alice +ready +0 /);
  expect(status.out).toMatch(/bob +stopped +0 +2 CPU, 4Gi +https:/);
  expect(status.out).toMatch(/\nProblems:\n {2}alice: extension foo\.bar: /);
  for (const habit of ["shell", "logs"]) {
    expect(make(habit, "USER=bob").out).toContain(
      `bob's workspace is stopped; set \`state: running\` for bob in stacks/Pulumi.${stack}.yaml`,
    );
  }
}, 300_000);

test("nothing of a user who is in the stack is retained, and nothing of that user is purged", () => {
  expect(make("retained").out).toContain(`Nothing is kept on ${stack} of users who left.`);
  expect(make("purge", "USER=bob", "FORCE=1").out).toContain(
    `bob is among vibecode:users of stacks/Pulumi.${stack}.yaml; nothing was removed`,
  );
  write("[alice]");
  expect(make("retained").out).toContain("Nothing is kept");
  const made = make("purge", "USER=bob", "FORCE=1");
  expect(made.out).toContain(`bob still has a workspace on ${stack}; nothing was removed`);
  expect(made.code).not.toBe(0);
}, 60_000);

test("what a user left is listed, and only who is told twice to removes it", () => {
  expect(make("up").code).toBe(0);
  const listed = make("retained").out;
  const day = new Date().toISOString().slice(0, 10);
  expect(listed).toMatch(new RegExp(`\nbob +${day} +home 10 GiB, extensions 2 GiB +.*ws-bob\n`));
  expect(listed).toContain(`make purge USER=bob STACK=${stack}`);
  expect(listed).toContain(`put the name into vibecode:users of stacks/Pulumi.${stack}.yaml`);
  const fileOfAll = fs.readFileSync(stackFile, "utf8");
  write("[alice, bob]");
  expect(make("retained").out).toMatch(/again, so `make up STACK=.*` gives it back: bob\./);
  fs.writeFileSync(stackFile, fileOfAll);

  expect(make("purge", "FORCE=1").out).toContain("whose work?; say USER=name, one of: bob");
  expect(make("purge", "USER=mallory", "FORCE=1").out).toContain(`nothing is kept of mallory on ${stack}`);
  const unasked = make("purge", "USER=bob");
  expect(unasked.out).toContain("say FORCE=1 to remove without a question");
  expect(unasked.code).not.toBe(0);
  const refused = typed("bib", "purge", "USER=bob");
  expect(refused.out).toContain("This removes the work of bob for good. Type bob to go on:");
  expect(refused.out).toContain("nothing was removed; type bob to remove it");
  expect(make("retained").out).toContain("ws-bob");

  const purged = typed("bob", "purge", "USER=bob");
  expect(purged.out).toContain("The work of bob is gone");
  expect(purged.code).toBe(0);
  expect(make("retained").out).toContain("Nothing is kept");
}, 300_000);

test("down and up, twice, leave the work and the password as they were", async () => {
  const password = make("password", "USER=alice").out;
  for (let round = 0; round < 2; round++) {
    const down = make("down");
    expect(down.code).toBe(0);
    expect(await listening(ports.https)).toBe(false);
    const up = make("up");
    expect(up.out).toContain("nothing to change");
    expect(up.code).toBe(0);
    expect(up.seconds).toBeLessThan(100);
    expect(await answer()).toBe(200);
  }
  expect(make("password", "USER=alice").out).toBe(password);
}, 300_000);

test("up goes on after a kill -9 of everything", async () => {
  const text = fs.readFileSync(path.join(data, "clusters", stack, "pids.json"), "utf8");
  const pids = z.object({ outer: z.number(), inner: z.number() }).parse(JSON.parse(text));
  // The first process of the namespaces takes all others with it.
  for (const pid of [pids.inner, pids.outer]) process.kill(pid, "SIGKILL");
  expect(make("up").code).toBe(0);
  expect(await answer()).toBe(200);
}, 200_000);

test("a port that somebody else holds is named before anything starts", async () => {
  make("down");
  const taken = createServer().listen(ports.https, "127.0.0.1");
  await once(taken, "listening");
  try {
    const made = make("up");
    expect(made.code).not.toBe(0);
    expect(made.out).toMatch(
      new RegExp(`port ${ports.https} is taken by .*\\(pid ${process.pid}\\); .*httpsPort`),
    );
    expect(make("status").out).toContain("is not running");
  } finally {
    taken.close();
  }
}, 60_000);

test("a mistake in the stack's file is said before anything else is done", () => {
  const right = fs.readFileSync(stackFile, "utf8");
  fs.writeFileSync(
    stackFile,
    right.replace("[alice]", "[alice, Bob]").replace("commands.localhost", "https://x"),
  );
  try {
    const made = make("up");
    expect(made.code).not.toBe(0);
    expect(made.out).toContain("2 mistakes in the stack's config; nothing was touched:");
    expect(made.out).toContain('vibecode:users[1]: "Bob" must be');
    expect(made.out).not.toContain("This machine");
  } finally {
    fs.writeFileSync(stackFile, right);
  }
}, 60_000);

test("destroy asks, and without anybody to ask it removes nothing", () => {
  const made = make("destroy");
  expect(made.code).not.toBe(0);
  expect(made.out).toContain("FORCE=1");
  expect(fs.existsSync(path.join(data, "clusters", stack))).toBe(true);
  expect(make("destroy", "FORCE=1").code).toBe(0);
  expect(fs.existsSync(path.join(data, "clusters", stack))).toBe(false);
}, 60_000);
