import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { deploy, up } from "../platform/deploy";
import { kubectl } from "../platform/kubectl";
import { follow } from "../platform/page";
import { convergeAuthelia, deployAuthelia, inAuthelia, smallStores, type Guarded } from "../platform/sign-in";
import { tries } from "../sign-in/cases";
import { visitor, type Visitor } from "../sign-in/portal";
import { totp } from "../sign-in/totp";

jest.setTimeout(400_000);

const namespace = "vibecode-auth";
const page = "sign-in.md";
const alice = "alice.test.localhost";
const bob = "bob.test.localhost";
/** The stack's users now. */
let people = [
  { name: "alice", groups: ["developers"], size: "small" },
  { name: "bob", groups: ["developers"], size: "small", state: "stopped" },
];

let platform: Guarded;
/** Alice's browser, where she signed in. */
let browser: Visitor;
/** What alice's and bob's authenticators hold, since the first sign-in. */
let secrets: { alice: string; bob: string };
/** What a stack's file says now. */
let versions: Record<string, unknown> = {};
let passwordVersion = 1;
let given: Record<string, string> = {};
/** What bob was given for a password. */
let bobs = "";

const here = (...words: string[]) => kubectl("-n", namespace, ...words).trim();

/** `up`, with what the stack's file says now. */
async function converge(deployed = convergeAuthelia) {
  platform = await deployed({
    users: people,
    secrets: given,
    extra: {
      "vibecode:auth": { kind: "authelia", versions },
      "vibecode:data": smallStores(passwordVersion),
    },
  });
}

const newcomer = () => visitor(platform.portal, platform.portalHost);

/** Whether who has this browser is let into an editor. */
const reaches = async (who: Visitor, host = alice) =>
  (await platform.visit(who, { host, path: "/healthz" })).status === 200;

/** Signs in with an authenticator that is there already: what came of each factor. */
async function comesBack(name: "alice" | "bob", password = platform.password(name)) {
  const who = newcomer();
  const first = await who.firstFactor(name, password);
  return { who, factors: [first, first && (await who.secondFactor(totp(secrets[name])))] };
}

/** The database is left with another key than other tests', so none is left. */
async function clear() {
  await up({ users: [] });
  kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=true");
}

beforeAll(async () => {
  // Cut off, they left it so.
  await clear();
  await converge(deployAuthelia);
  browser = newcomer();
  const visiting = newcomer();
  secrets = {
    alice: await browser.signIn("alice", platform.password("alice")),
    bob: await visiting.signIn("bob", platform.password("bob")),
  };
  expect([await reaches(browser), await reaches(browser, bob)]).toEqual([true, false]);
}, 900_000);

afterAll(clear, 300_000);

test("a banned person gets in once the ban is lifted", async () => {
  const right = platform.password("bob");
  const attempt = (passwords: string[]) => tries(platform.portal, platform.portalHost, "bob", passwords);
  expect(await attempt(["a", "b", "c", right])).toEqual([false, false, false, false]);
  follow(page, "Lift a ban on one machine");
  expect(await attempt([right])).toEqual([true]);
});

test("another version is another password, and a hash that was given takes a generated one's place", async () => {
  const old = { alice: platform.password("alice"), bob: platform.password("bob") };
  const [, password = "", hash = ""] =
    /Random Password: (\S+)\s+Digest: (\S+)/.exec(follow(page, "Give somebody a password of their own")) ??
    [];
  versions = { passwords: { alice: 2 } };
  given = { "authSecrets.passwordHashes.bob": hash };
  await converge();
  expect(platform.password("alice")).not.toBe(old.alice);
  expect((await comesBack("alice", old.alice)).factors[0]).toBe(false);
  expect((await comesBack("alice")).factors).toEqual([true, true]);
  expect((await comesBack("bob", old.bob)).factors[0]).toBe(false);
  expect((await comesBack("bob", password)).factors).toEqual([true, true]);
  bobs = password;
  expect(() => platform.password("bob")).toThrow();
  // Who is in stays in: only another session secret ends what goes on.
  expect(await reaches(browser)).toBe(true);
});

test("a dump is made now, when somebody asks for it", () => {
  expect(follow(page, "Dump now")).toMatch(/wrote authelia-\S+\.dump, \d+ bytes; 1 dumps are kept/);
});

test("a dump is copied away whole", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-dump-"));
  follow(page, "Copy a dump away", folder);
  const [name = "none", ...others] = fs.readdirSync(folder);
  expect(others).toEqual([]);
  expect(name).toMatch(/^authelia-\S+\.dump$/);
  const copy = fs.readFileSync(path.join(folder, name));
  expect(copy.subarray(0, 5).toString()).toBe("PGDMP");
  const sum = here("exec", "postgres-0", "-c", "postgres", "--", "sha256sum", `/dumps/${name}`).split(" ")[0];
  expect(createHash("sha256").update(copy).digest("hex")).toBe(sum);
  fs.rmSync(folder, { recursive: true });
});

test("another session secret and another encryption key sign everybody out, and authenticators go on", async () => {
  expect(await reaches(browser)).toBe(true);
  versions = { ...versions, session: 2, resetPassword: 2, encryption: 2 };
  await converge();
  expect(await reaches(browser)).toBe(false);
  const { who, factors } = await comesBack("alice");
  expect(factors).toEqual([true, true]);
  expect(await reaches(who)).toBe(true);
  browser = who;
  expect(checkWith("previous-encryption-key")).toMatch(/FAIL/);
  expect(checkWith("STORAGE_ENCRYPTION_KEY")).toMatch(/SUCCESS/);
});

test("whose second factor was reset has none, and adds another with the password", async () => {
  follow(page, "Reset a second factor");
  expect((await comesBack("alice")).factors).toEqual([true, false]);
  const registering = newcomer();
  const fresh = await registering.signIn("alice", platform.password("alice"));
  expect(fresh).not.toBe(secrets.alice);
  expect(await reaches(registering)).toBe(true);
  expect((await comesBack("alice")).factors).toEqual([true, false]);
  // A session that had both factors is not ended by it.
  expect(await reaches(browser)).toBe(true);
});

test("a dump from before the key was rotated brings the second factors back into an empty database", async () => {
  follow(page, "Put a dump back");
  const { who, factors } = await comesBack("alice");
  expect(factors).toEqual([true, true]);
  expect(await reaches(who)).toBe(true);
  expect(checkWith("STORAGE_ENCRYPTION_KEY")).toMatch(/SUCCESS/);
});

test("other passwords of the stores end no session, and let nobody in meanwhile; who leaves is out", async () => {
  const leaving = (await comesBack("bob", bobs)).who;
  // He is stopped: his address says so to nobody else.
  expect((await platform.visit(leaving, { host: bob })).status).toBe(503);
  const stores = () =>
    ["postgres", "valkey"].map((store) => here("get", "secret", store, "-o", "jsonpath={.data.password}"));
  const before = stores();
  passwordVersion = 2;
  // The hash of a user who is none would be refused.
  [people, given] = [people.slice(0, 1), {}];
  const watched = await meanwhile(converge());
  for (const [index, password] of stores().entries()) expect(password).not.toBe(before[index]);
  expect(watched.size).toBeGreaterThan(0);
  expect([...watched]).not.toContain(200);
  expect(await reaches(browser)).toBe(true);
  expect((await comesBack("alice")).factors).toEqual([true, true]);
  // 4.37.5 knows his session until it ends, where 4.39 asks its file anew; nothing of his is there for it to open.
  expect((await platform.visit(leaving, { host: bob })).status).toBe(404);
  expect((await platform.visit(leaving, { host: alice })).status).not.toBe(200);
  expect(await leaving.firstFactor("bob", bobs)).toBe(false);
});

test("a move to basic and back keeps second factors and passwords, also with a rotated key", async () => {
  const password = platform.password("alice");
  follow(page, "Before you leave Authelia");
  const basic = await deploy({ users: people });
  expect(basic.password("alice")).toBe(password);
  expect(here("get", "pods", "-o", "name")).toBe("");
  await converge();
  expect(platform.password("alice")).toBe(password);
  expect((await comesBack("alice")).factors).toEqual([true, true]);
});

/** What a stranger is told at alice's, and alice at bob's, until something has come about. */
async function meanwhile(work: Promise<unknown>): Promise<Set<number>> {
  const told = new Set<number>();
  const done = new AbortController();
  const end = () => {
    done.abort();
  };
  work.then(end, end);
  try {
    while (!done.signal.aborted) {
      told.add((await platform.visit(newcomer(), { host: alice, path: "/healthz" })).status);
      told.add((await platform.visit(browser, { host: bob, path: "/healthz" })).status);
      await sleep(200);
    }
  } finally {
    await work;
  }
  return told;
}

/** What Authelia says of the database with one of the keys. */
const checkWith = (key: string) =>
  inAuthelia(
    "sh",
    "-c",
    `AUTHELIA_STORAGE_ENCRYPTION_KEY_FILE=/secrets/${key} authelia storage encryption check --config /config/configuration.yml || true`,
  );
