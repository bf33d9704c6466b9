import { spawnSync } from "node:child_process";
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

beforeAll(() => {
  fs.writeFileSync(
    stackFile,
    `config:
  vibecode:domain: commands.localhost
  vibecode:users: [alice]
  vibecode:ingress: { httpPort: ${ports.http}, httpsPort: ${ports.https} }
`,
  );
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
  const began = Date.now();
  const ran = spawnSync("make", [...words, `STACK=${stack}`], {
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
    stdio: ["ignore", "pipe", "pipe"],
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
  expect(status.out).toMatch(new RegExp(`alice +ready +0 +https://${host}`));
  expect(make("logs", "USER=alice").out).toContain("HTTP server listening");
  expect(make("logs", "USER=mallory").out).toContain(
    "mallory has no workspace on commands-test; say USER=name, one of: alice",
  );
  expect(make("logs").out).toContain("whose workspace?; say USER=name, one of: alice");
  expect(make("shell", "USER=alice").code).toBe(0);
}, 60_000);

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
