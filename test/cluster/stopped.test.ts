import { setTimeout as sleep } from "node:timers/promises";

import { deploy, up, type Deployed } from "../platform/deploy";
import { inWorkspace, kubectl, names } from "../platform/kubectl";
import { get, message, type Question } from "../platform/request";

jest.setTimeout(60_000);

let platform: Deployed;
const told = (question: Question) => get(platform.door, question);
const status = async (question: Question) => (await told(question)).status;
const as = (user: string) => `${user}:${platform.password(user)}`;
const hosts = ["bob.test.localhost", "3000--bob.test.localhost"];

/** Waits until bob sees this at both of his hosts: the kubelet hands a changed Secret to Traefik after some seconds. */
async function bobSees(expected: number): Promise<void> {
  const end = Date.now() + 90_000;
  for (;;) {
    const seen = await Promise.all(hosts.map((host) => status({ host, credentials: as("bob") })));
    if (seen[0] === expected && seen[1] === expected) return;
    if (Date.now() > end) throw new Error(`bob sees ${seen.join(" and ")}, not ${expected}`);
    await sleep(500);
  }
}

beforeAll(async () => {
  platform = await deploy({ users: ["alice", "bob"] });
  inWorkspace("bob", "echo precious > kept.txt");
  await up({ users: ["alice", { name: "bob", state: "stopped" }] });
  await bobSees(503);
}, 600_000);

test("a stopped workspace has no pod, and keeps its volumes and its route", () => {
  kubectl("-n", "ws-bob", "wait", "--for=delete", "pod", "-l", "app=editor", "--timeout=60s");
  expect(names("pod", "ws-bob")).toEqual([]);
  expect(names("pvc", "ws-bob")).toEqual(["extensions", "home"]);
  expect(names("ingress", "vibecode-ingress")).toEqual(["ws-alice", "ws-bob"]);
});

test.each(hosts)("at %s its owner is told so, in a page that nobody keeps", async (host) => {
  const page = await told({ host, credentials: as("bob"), headers: { accept: "text/html,*/*;q=0.8" } });
  expect(page.status).toBe(503);
  expect(page.headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "retry-after": "300",
    "x-workspace-state": "stopped",
    "x-content-type-options": "nosniff",
    "content-security-policy": expect.stringContaining("default-src 'none'") as unknown,
  });
  expect(page.body).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(page.body).toContain("<h1>This workspace is stopped</h1>");
  expect(page.body).toContain("Its files are kept.");
});

test("a program is told in plain text, and says nothing back of what it was asked", async () => {
  const question = { host: "bob.test.localhost", path: "/secret?word=xyzzy", credentials: as("bob") };
  const answer = await told(question);
  expect(answer).toMatchObject({ status: 503, headers: { "content-type": "text/plain; charset=utf-8" } });
  expect(answer.body).toMatch(/^This workspace is stopped\.\n/);
  expect(JSON.stringify(answer)).not.toContain("xyzzy");
});

test("an editor that was open is refused its WebSocket, not left waiting", async () => {
  const question = { host: "bob.test.localhost", credentials: as("bob") };
  expect(await message(platform.door, question, "hello")).toBe(503);
});

test.each(hosts)("nobody else learns at %s that it is stopped", async (host) => {
  for (const credentials of [as("alice"), "bob:wrong"]) {
    expect(await told({ host, credentials })).toMatchObject({ status: 401, body: "401 Unauthorized\n" });
  }
  expect(await status({ host })).toBe(401);
  expect(await status({ host: "alice.test.localhost", path: "/healthz", credentials: as("alice") })).toBe(
    200,
  );
});

test("started again, it has its files, and its address opens the editor", async () => {
  await deploy({ users: ["alice", "bob"] });
  expect(inWorkspace("bob", "cat kept.txt")).toBe("precious\n");
  const question = { host: "bob.test.localhost", path: "/healthz", credentials: as("bob") };
  expect((await told(question)).body).toContain('"status"');
}, 300_000);
