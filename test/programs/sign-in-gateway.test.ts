import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";

import { z } from "zod";

import type { Policy } from "../../components/auth/authelia/rules";
import type { Told } from "../platform/request";
import { authelia, type Authelia } from "../sign-in/authelia";
import { arrivals, cases, people, tries, type Who } from "../sign-in/cases";
import { checkPath, visitor, type Visitor } from "../sign-in/portal";
import { mounted, password } from "../sign-in/stack";
import { decide } from "../unit/authelia-evaluator";

const domain = "dev.example.com";
const host = `auth.${domain}`;
const root = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-sign-in-"));

/** Another Authelia, with nothing of the last one's. */
async function fresh(said: object = {}): Promise<Authelia> {
  const folder = fs.mkdtempSync(path.join(root, "authelia-"));
  return authelia({ folder, ...(await mounted(domain, 443, said)) });
}

const get = (to: Authelia, path: string, headers: Record<string, string> = {}): Promise<Told> =>
  to.send({
    method: "GET",
    path,
    headers: { host, "x-forwarded-proto": "https", "x-forwarded-host": host, ...headers },
  });

jest.setTimeout(120_000);
afterAll(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

describe("with everybody signed in", () => {
  let one: Authelia;
  let visitors: Record<Who, Visitor>;
  beforeAll(async () => {
    one = await fresh();
    visitors = await arrivals(one, host, () => password);
  });
  afterAll(() => one.stop());

  const judged = cases(domain).flatMap(({ check, ...asked }) =>
    check === undefined ? [] : [{ ...asked, check }],
  );
  test.each(judged)("$who asks for $what: $check", async ({ who, check, ...target }) => {
    const told = await visitors[who].ask(target);
    expect(told.status).toBe(check);
    if (check === 302) expect(told.headers.location).toContain(`https://${host}/?rd=`);
  });

  test("the check says who it was", async () => {
    const told = await visitors.alice.ask({ host: `alice.${domain}` });
    expect(told.headers).toMatchObject({
      "remote-user": "alice",
      "remote-name": "Alice Doe",
      "remote-email": "alice@example.com",
      "remote-groups": "developers,users",
    });
  });

  test("the check tries no password", async () => {
    const asked = { "x-forwarded-host": `bob.${domain}`, "x-forwarded-uri": "/", accept: "text/html" };
    const basic = `Basic ${Buffer.from(`bob:${password}`).toString("base64")}`;
    const told = await get(one, checkPath, { ...asked, authorization: basic, "proxy-authorization": basic });
    // A wrong one would be a 401 with a question for a password; none is the way to the portal.
    expect(told.status).toBe(302);
  });

  test("the check is asked about what Traefik says, not about X-Original-URL", async () => {
    const told = await visitors.alice.ask({
      host: `bob.${domain}`,
      headers: { "x-original-url": `https://alice.${domain}/` },
    });
    expect(told.status).toBe(403);
  });

  // What a script of a page below the domain can do: it cannot overwrite the cookie, and can add one.
  test("of two cookies of its name the first counts, and who signs in over somebody else's has one of their own", async () => {
    const bob = visitor(one, host);
    await bob.signIn("bob", password);
    const planted = bob.cookie() ?? "";
    const own = visitors.alice.cookie() ?? "";
    const asked = async (label: string, cookie: string) =>
      (await visitor(one, host).ask({ host: `${label}.${domain}`, headers: { cookie } })).status;
    expect([await asked("alice", `${planted}; ${own}`), await asked("bob", `${planted}; ${own}`)]).toEqual([
      403, 200,
    ]);
    expect([await asked("alice", `${own}; ${planted}`), await asked("bob", `${own}; ${planted}`)]).toEqual([
      200, 403,
    ]);
    const { status, headers } = await one.send({
      method: "POST",
      path: "/api/firstfactor",
      headers: {
        host,
        cookie: planted,
        "content-type": "application/json",
        "x-forwarded-proto": "https",
        "x-forwarded-host": host,
      },
      body: JSON.stringify({ username: "alice", password, keepMeLoggedIn: false }),
    });
    expect(status).toBe(200);
    const fresh = headers["set-cookie"]?.at(-1)?.split(";")[0] ?? planted;
    expect(fresh).not.toBe(planted);
    const state = async (cookie: string) => (await get(one, "/api/state", { cookie })).body;
    expect(await state(fresh)).toContain('"username":"alice"');
    expect(await state(planted)).not.toContain("alice");
  });

  test.each([
    "/api/verify",
    "/api/verify/",
    "/api/verify/x",
    "/api/VERIFY",
    "/api//verify",
    "/api/./verify",
    "/api/x/../verify",
    "/api/%76erify",
    "/api/authz/forward-auth/",
    "/api",
    "/api/",
    "/api/unknown",
    "/unknown",
    "/sign-in/",
    "/sign-in/../main.js",
    "/sign-in/%2e%2e/main.js",
  ])("%s is not there", async (path) => {
    expect((await get(one, path)).status).toBe(404);
  });

  test("the health is Authelia's own", async () => {
    const told = await get(one, "/api/health");
    expect(told).toMatchObject({ status: 200, body: '{"status":"OK"}' });
    expect(told.headers["content-security-policy"]).toBe("default-src 'none';");
  });

  test.each(["/", "/logout", "/one-time-password/register?token=x", "/?rd=https%3A%2F%2Fx.example"])(
    "%s is the page, in which nothing runs but its own files",
    async (path) => {
      const told = await get(one, path);
      expect(told).toMatchObject({
        status: 200,
        headers: {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy":
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
            "require-trusted-types-for 'script'; trusted-types 'none'",
          "x-frame-options": "DENY",
          "referrer-policy": "no-referrer",
          "cache-control": "no-store",
        },
      });
      for (const [, file = ""] of told.body.matchAll(/(?:src|href)="([^"#]+)"/g))
        expect([file, (await get(one, file)).status]).toEqual([file, 200]);
      expect(told.body).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=|https?:/);
    },
  );

  test("the page is not written to", async () => {
    const told = await one.send({ method: "POST", path: "/", headers: { host }, body: "x" });
    expect(told.status).toBe(405);
  });

  test("the page is told of the stack what is in its configuration", async () => {
    const { body } = await get(one, "/sign-in/settings.json");
    expect(JSON.parse(body)).toEqual({
      domain,
      messages: "file",
      lock: { tries: 3, within: "10 minutes", lasts: "12 hours" },
    });
  });

  test.each([
    ["said", { "content-length": "70000" }],
    ["not said", { "transfer-encoding": "chunked" }],
  ])("a body too long is refused when its length is %s", async (_, headers) => {
    const told = await one.send({
      method: "POST",
      path: "/api/firstfactor",
      headers: { host, "content-type": "application/json", ...headers },
      body: "x".repeat(70_000),
    });
    expect(told.status).toBe(413);
  });

  test("it asks on a few connections, however many questions there are", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
    const cookie = visitors.alice.cookie() ?? "";
    const headers = { cookie, "x-forwarded-proto": "https", "x-forwarded-host": `alice.${domain}` };
    const ask = () =>
      new Promise<number>((resolve, reject) => {
        http
          .get({ agent, host: "127.0.0.1", port: one.port, path: checkPath, headers }, (answer) => {
            answer.resume().on("end", () => {
              resolve(answer.statusCode ?? 0);
            });
          })
          .on("error", reject);
      });
    // Whatever was opened is there for a minute, also when it is closed: each seen from both of its ends.
    const behind = Number(
      /Initializing server for \S+ connections on '127\.0\.0\.1:(\d+)'/.exec(one.log())?.[1],
    );
    const mark = `0100007F:${behind.toString(16).toUpperCase().padStart(4, "0")} `;
    const seen = () => fs.readFileSync("/proc/net/tcp", "utf8").split(mark).length - 1;
    let connections = 0;
    const statuses: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      statuses.push(...(await Promise.all(Array.from({ length: 300 }, ask))));
      connections = Math.max(connections, seen());
    }
    agent.destroy();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(connections).toBeGreaterThan(1);
    expect(connections).toBeLessThan(100);
  });

  test("its configuration lies nowhere, and its child's variables have the names of 4.37", () => {
    const child = childOf(one);
    const args = fs.readFileSync(`/proc/${child}/cmdline`, "utf8");
    expect(args).toContain("--config\0/proc/self/fd/3");
    expect(fs.readdirSync(os.tmpdir()).filter((name) => /^authelia-.*\.yml$/.test(name))).toEqual([]);
    const names = fs.readFileSync(`/proc/${child}/environ`, "utf8").split("\0");
    expect(names.filter((name) => name.startsWith("AUTHELIA_JWT_SECRET_FILE="))).toHaveLength(1);
  });
});

describe("rules of the stack's own", () => {
  const inside = "10.8.1.2";
  const outside = "203.0.113.9";
  const said = {
    access: {
      adminHosts: ["grafana"],
      internalNetworks: ["10.8.0.0/16"],
      rules: [
        { hosts: "workspaces", paths: ["/api"], policy: "deny" },
        { hosts: ["docs"], paths: ["/open"], policy: "bypass" },
        { hosts: ["docs"], groups: ["guests"], policy: "one_factor" },
        { hosts: ["docs"], groups: ["developers"], networks: ["10.8.0.0/16"], policy: "two_factor" },
      ],
    },
  };
  type Asking = Who | "guest's password";
  /** Each one's name and factors. */
  const who: Record<Asking, { name: "" | keyof typeof people; factors: 0 | 1 | 2 }> = {
    nobody: { name: "", factors: 0 },
    password: { name: "alice", factors: 1 },
    alice: { name: "alice", factors: 2 },
    ada: { name: "ada", factors: 2 },
    guest: { name: "guest", factors: 2 },
    "guest's password": { name: "guest", factors: 1 },
  };
  let one: Authelia;
  let rules: Awaited<ReturnType<typeof mounted>>["rules"];
  let visitors: Record<Asking, Visitor>;

  /** What the evaluator of the unit tests says, and what it comes to for this one. */
  const judged = (asking: Asking, label: string, path: string, address: string) => {
    const { name, factors } = who[asking];
    const own = name === "" ? [] : [...people[name], ...(name === "guest" ? [] : ["users"])];
    const policy = decide(rules, { name, groups: own, address }, { host: `${label}.${domain}`, path });
    return { policy, statuses: statusesOf(policy, factors) };
  };
  const statusesOf = (policy: Policy, factors: 0 | 1 | 2): number[] => {
    if (policy === "bypass") return [200];
    // Somebody who has not signed in is asked to where a rule is about people, and sent away where none is.
    if (policy === "deny") return factors === 0 ? [302, 403] : [403];
    return [factors >= (policy === "one_factor" ? 1 : 2) ? 200 : 302];
  };
  const asked = async (asking: Asking, label: string, path: string, address: string) => {
    const target = { host: `${label}.${domain}`, path, headers: { "x-forwarded-for": address } };
    return (await visitors[asking].ask(target)).status;
  };

  beforeAll(async () => {
    const made = await mounted(domain, 443, said);
    rules = made.rules;
    one = await authelia({ folder: fs.mkdtempSync(path.join(root, "authelia-")), ...made });
    const guest = visitor(one, host);
    await guest.firstFactor("guest", password);
    visitors = { ...(await arrivals(one, host, () => password)), "guest's password": guest };
  });
  afterAll(() => one.stop());

  test.each<[Asking, string, string, string, Policy, number]>([
    ["alice", "alice", "/", outside, "two_factor", 200],
    ["alice", "alice", "/api", outside, "deny", 403],
    ["alice", "alice", "/api/v1?x=1", outside, "deny", 403],
    ["alice", "3000--alice", "/api/v1", inside, "deny", 403],
    ["alice", "alice", "/api?x=/", outside, "deny", 403],
    ["alice", "alice", "/apis", outside, "two_factor", 200],
    ["alice", "alice", "/%61pi", outside, "deny", 403],
    ["alice", "alice", "/api%2fv1", outside, "deny", 403],
    ["alice", "alice", "//api", outside, "deny", 403],
    ["alice", "alice", "/x/../api", outside, "deny", 403],
    ["password", "alice", "/", outside, "two_factor", 302],
    ["password", "alice", "/", inside, "one_factor", 200],
    ["password", "3000--alice", "/", inside, "one_factor", 200],
    ["password", "alice", "/api", inside, "deny", 403],
    ["password", "bob", "/", inside, "deny", 403],
    ["nobody", "alice", "/", inside, "one_factor", 302],
    ["nobody", "docs", "/open/x", outside, "bypass", 200],
    ["nobody", "docs", "/opened", outside, "one_factor", 302],
    ["nobody", "docs", "/open/../x", outside, "one_factor", 302],
    ["guest's password", "docs", "/", outside, "one_factor", 200],
    ["guest's password", "guest", "/", inside, "deny", 403],
    ["alice", "docs", "/", outside, "deny", 403],
    ["alice", "docs", "/", inside, "two_factor", 200],
    ["password", "docs", "/", inside, "two_factor", 302],
    ["ada", "grafana", "/", inside, "two_factor", 200],
  ])("%s asks for %s and %s from %s: %s, so %i", async (asking, label, path, address, policy, status) => {
    expect(judged(asking, label, path, address)).toEqual({ policy, statuses: [status] });
    expect(await asked(asking, label, path, address)).toBe(status);
  });

  test("are judged by Authelia as by what judges them in the unit tests, whoever asks for what from where", async () => {
    const labels = ["alice", "3000--alice", "bob", "guest", "docs", "grafana", "prometheus"];
    const paths = [
      "/",
      "/api",
      "/api/",
      "/api/v1?x=1",
      "/api?x",
      "/apis",
      "/x/api",
      "/API",
      "/open",
      "/open/x",
    ];
    const odd = [
      "//api",
      "/x/../api",
      "/./api",
      "/%61pi",
      "/api%2fx",
      "/api%0Ax",
      "/api;x",
      "/open/../x",
      "/x?y=/api",
    ];
    const differing: unknown[] = [];
    const seen = new Set<Policy>();
    const compare = async (...question: Parameters<typeof asked>) => {
      const { policy, statuses } = judged(...question);
      seen.add(policy);
      const status = await asked(...question);
      if (!statuses.includes(status)) differing.push([...question, policy, status]);
    };
    for (const asking of ["nobody", "password", "alice", "ada", "guest", "guest's password"] as const)
      for (const label of labels)
        await Promise.all(
          [...paths, ...odd].flatMap((path) =>
            [inside, outside].map((address) => compare(asking, label, path, address)),
          ),
        );
    expect(differing).toEqual([]);
    expect([...seen].sort()).toEqual(["bypass", "deny", "one_factor", "two_factor"]);
  });
});

test("a name is banned after as many wrong passwords as the stack says, here as there", async () => {
  const one = await fresh({ regulation: { retries: 2, within: "10m", ban: "12h" } });
  expect(await tries(one, host, "bob", ["wrong", password])).toEqual([false, true]);
  expect(await tries(one, host, "alice", ["wrong", "wrong", password])).toEqual([false, false, false]);
  await one.stop();
});

test("it is measured under the names of 4.39, at one path and by reading alone", async () => {
  const { configuration, users } = await mounted(domain);
  const said = { telemetry: { metrics: { enabled: true, address: "tcp://:9959/metrics" } } };
  const folder = fs.mkdtempSync(path.join(root, "authelia-"));
  const one = await authelia({
    folder,
    users,
    configuration: { ...z.looseObject({}).parse(configuration), ...said },
  });
  await tries(one, host, "bob", ["wrong", password]);
  await get(one, checkPath, { "x-forwarded-host": `bob.${domain}`, accept: "text/html" });
  const ask = (path: string, init?: RequestInit) =>
    fetch(`http://127.0.0.1:${one.metrics ?? 0}${path}`, init);
  // As Prometheus 3 asks.
  const accept =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6";
  const told = await ask("/metrics", { headers: { accept } });
  const text = await told.text();
  expect(told.headers.get("content-type")).toContain("version=0.0.4");
  expect(text).toMatch(/^# TYPE authelia_authn counter$/m);
  expect(text).toMatch(/^authelia_authn\{banned="false",success="false"\} 1$/m);
  expect(text).toMatch(/^authelia_authn\{banned="false",success="true"\} 1$/m);
  expect(text).toMatch(/^authelia_authn_duration_count\{success="true"\} 1$/m);
  expect(text).toMatch(/^authelia_authz\{code="302"\} 1$/m);
  expect(text).toMatch(/^authelia_request\{code="200",method="POST"\} \d+$/m);
  expect(text).not.toMatch(/authelia_(authentication|verify)/);
  expect((await ask("/")).status).toBe(404);
  expect((await ask("/metrics?x")).status).toBe(404);
  expect((await ask("/metrics", { method: "POST" })).status).toBe(405);
  await one.stop();
});

describe("when Authelia ends", () => {
  test("it is not answered for, and the program ends with its status", async () => {
    const one = await fresh();
    const child = childOf(one);
    // Stopped first, so that there is a time in which it cannot answer.
    process.kill(child, "SIGSTOP");
    const answer = get(one, checkPath).then(
      ({ status }) => status,
      () => "cut off",
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(child, "SIGKILL");
    expect([502, "cut off"]).toContain(await answer);
    expect(await one.ended()).toBe(137);
  });

  test("by a signal of ours, both end in order", async () => {
    const one = await fresh();
    const child = childOf(one);
    await one.stop();
    expect(await one.ended()).toBe(0);
    expect(runs(child)).toBe(false);
    expect(one.log()).toContain("Shutting down");
  });

  test("by our own end, it does not stay", async () => {
    const one = await fresh();
    const child = childOf(one);
    process.kill(one.pid(), "SIGKILL");
    await one.ended();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(runs(child)).toBe(false);
  });
});

test("the database's key is checked and changed as the pod's first container does it", async () => {
  const one = await fresh();
  await one.stop();
  const check = (env = {}) => one.run(["storage", "encryption", "check"], env);
  expect((await check()).stdout).toContain("SUCCESS");

  const key = path.join(root, "new-key");
  fs.writeFileSync(key, "n".repeat(64));
  const renewed = { AUTHELIA_STORAGE_ENCRYPTION_KEY_FILE: key };
  expect((await check(renewed)).stdout).not.toContain("SUCCESS");
  const changed = await one.run([
    "storage",
    "encryption",
    "change-key",
    "--new-encryption-key",
    "n".repeat(64),
  ]);
  expect(changed).toMatchObject({ code: 0 });
  expect((await check(renewed)).stdout).toContain("SUCCESS");
  expect((await check()).stdout).not.toContain("SUCCESS");
});

test("what it does not know keeps it from starting", async () => {
  const { configuration, users } = await mounted(domain);
  const folder = fs.mkdtempSync(path.join(root, "authelia-"));
  const started = authelia({ folder, users, configuration, secrets: { SESSION_COLOUR: "red" } });
  await expect(started).rejects.toThrow("nobody said what 4.37.5 has for AUTHELIA_SESSION_COLOUR_FILE");
});

/** Whether a process is at work: what only waits for its parent to notice its end has no command line. */
function runs(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`;
  return fs.existsSync(file) && fs.readFileSync(file, "utf8") !== "";
}

/** Process id of the real Authelia. */
function childOf(one: Authelia): number {
  const children = execFileSync("pgrep", ["--parent", String(one.pid())], { encoding: "utf8" });
  return Number(children.trim());
}
