import { greeting, startServer } from "../platform/dev-server";
import { kubectl, podAddress } from "../platform/kubectl";
import { deployOidc, type Federated } from "../platform/oidc";
import { message, type Told } from "../platform/request";
import { arrivals, cases, type Who } from "../sign-in/owner-cases";
import { visitor, type Visitor } from "../sign-in/visitor";
import { tcp } from "./attempts";
import { eventually } from "./eventually";
import { expectHeld } from "./stranger";

jest.setTimeout(180_000);

const domain = "test.localhost";
const alice = `alice.${domain}`;
const bob = `bob.${domain}`;
const portal = `auth.${domain}`;
const namespace = "vibecode-auth";

let platform: Federated;
let visitors: Record<Who, Visitor>;
const arriving = () => visitor({ entrance: platform, portal: platform.portal, issuer: platform.issuer });

const here = (...words: string[]) => kubectl("-n", namespace, ...words).trim();
const ready = (workload: string) => here("rollout", "status", workload, "--timeout=150s");

/** Whether the answer is an editor's: its page, or the way to it. */
const isEditor = ({ status, headers }: Told) =>
  status === 200 || (status === 302 && headers.location?.startsWith("./") === true);

beforeAll(async () => {
  platform = await deployOidc();
  for (const user of ["alice", "bob"]) startServer(user, 3000);
  visitors = await arrivals(arriving);
}, 900_000);

afterAll(async () => {
  await platform.remove();
});

describe("through Traefik and TLS", () => {
  test.each(cases(domain).filter(({ refusal }) => refusal === undefined))(
    "$who reaches $what",
    async (one) => {
      const { status, headers } = await visitors[one.who].ask(one);
      expect([status, isEditor({ status, headers, body: "" })]).toEqual([status, true]);
    },
  );

  test.each(cases(domain).filter(({ refusal }) => refusal !== undefined))(
    "$who does not reach $what",
    async ({ refusal, ...one }) => {
      expect(await visitors[one.who].ask(one)).toMatchObject({ status: refusal });
    },
  );

  test.each([
    ["bob's editor with a dot at the end", { host: `${bob}.` }],
    ["bob's editor by doubled slashes", { host: bob, path: "//" }],
    ["bob's editor by a host before an @", { host: `${bob}:1@${alice}` }],
    ["two hosts in one", { host: `${alice}, ${bob}` }],
    ["her own name on another domain", { host: "alice.example.org" }],
    ["the node by its address", { host: "10.201.0.2" }],
  ])("alice does not reach %s, with her cookie sent wherever she asks", async (_, asked) => {
    const cookie = visitors.alice.jar.header(`https://${alice}/`) ?? "";
    const { status } = await platform.send({ ...asked, headers: { cookie } });
    expect([400, 403, 404]).toContain(status);
  });

  test("who has no session is led to sign-in, and back to where they came from", async () => {
    const page = `https://${alice}/?folder=/home&x=1`;
    const { status, body } = await visitors.nobody.ask({ host: alice, path: "/?folder=/home&x=1" });
    expect(status).toBe(403);
    expect(body).toContain(`action="${platform.portal}/oauth2/start"`);
    expect(body).toContain(`name="rd" value="${page.replace("&", "&amp;")}"`);
    const { headers } = await arriving().signIn("alice", page);
    expect(headers.location).toBe(page);
    expect((await arriving().signIn("alice", "https://evil.example/")).headers.location).toBe("/");
  });

  test("a WebSocket opens for the owner alone", async () => {
    const heard = (who: Who, host: string) => {
      const cookie = visitors[who].jar.header(`https://${host}/`) ?? "";
      return message(platform.door, { host, headers: { cookie } }, "hello");
    };
    expect(await heard("alice", `3000--${alice}`)).toBe("heard hello");
    expect(await heard("alice", `3000--${bob}`)).toBe(403);
    expect(await heard("nobody", `3000--${alice}`)).toBe(403);
  });

  test("a workspace learns who is there from sign-in alone, and nothing that it could sign in with", async () => {
    const cookie = visitors.alice.jar.header(`https://${alice}/`) ?? "";
    const { body } = await platform.send({
      host: `3000--${alice}`,
      headers: {
        cookie: `mine=1; ${cookie}; other=2`,
        "x-auth-request-email": "bob+dev@example.com",
        "x-auth-request-groups": "admins",
        "x-auth-request-access-token": "bob's",
      },
    });
    expect(body).toContain(greeting);
    expect(body).toContain('"x-auth-request-email":"alice@example.com"');
    expect(body).toContain('"x-auth-request-groups":"team"');
    expect(body).toContain('"cookie":"mine=1; other=2"');
    expect(body).not.toMatch(/bob|admins/);
  });

  test.each([["carol"], ["dave"], ["erin"]])(
    "%s, whom nobody vouches for, gets no session",
    async (login) => {
      const who = arriving();
      expect((await who.signIn(login)).status).toBeGreaterThanOrEqual(403);
      for (const host of [alice, bob, `${login}.${domain}`])
        expect(isEditor(await who.ask({ host }))).toBe(false);
    },
  );
});

test("signing out ends the session for a copy of its cookie as well", async () => {
  const leaving = arriving();
  await leaving.signIn("alice");
  const cookie = leaving.jar.header(`https://${alice}/`) ?? "";
  const copy = () => platform.send({ host: alice, headers: { cookie, accept: "application/json" } });
  expect(isEditor(await copy())).toBe(true);
  const { body } = await leaving.ask({ host: portal });
  expect(body).toBe("Authenticated");
  await leaving.signOut();
  expect((await copy()).status).toBe(401);
  expect((await leaving.ask({ host: alice })).status).toBe(403);
});

test("nobody reaches an editor, sign-in or its store but by Traefik", async () => {
  const ways = {
    "alice's editor": tcp(podAddress("ws-alice", "app.kubernetes.io/name=workspace"), 8080),
    "alice's editor by name": tcp("editor.ws-alice.svc.cluster.local", 8080),
    "oauth2-proxy": tcp(podAddress(namespace, "app.kubernetes.io/name=oauth2-proxy"), 4180),
    "oauth2-proxy by name": tcp(`oauth2-proxy.${namespace}.svc.cluster.local`, 4180),
    valkey: tcp(podAddress(namespace, "app.kubernetes.io/name=valkey"), 6379),
  };
  await expectHeld(ways, [namespace, "ws-alice"]);
});

describe("a session", () => {
  const stillThere = () =>
    eventually(async () => {
      expect(isEditor(await visitors.alice.ask({ host: alice }))).toBe(true);
      expect((await visitors.alice.ask({ host: bob })).status).toBe(403);
    }, 60);

  test.each([
    ["oauth2-proxy", "deployment/oauth2-proxy"],
    ["Valkey", "statefulset/valkey"],
  ])("survives a restart of %s", async (_, workload) => {
    here("rollout", "restart", workload);
    ready(workload);
    ready("deployment/oauth2-proxy");
    await stillThere();
  });
});

test("without sign-in's pods everything is closed, and opens again with them", async () => {
  const cookie = visitors.alice.jar.header(`https://${alice}/`) ?? "";
  here("scale", "deployment/oauth2-proxy", "--replicas=0");
  here("wait", "pods", "-l", "app.kubernetes.io/name=oauth2-proxy", "--for=delete", "--timeout=120s");
  try {
    for (const host of [alice, bob, `3000--${alice}`, `3000--${bob}`, portal])
      for (const headers of [{ cookie }, { cookie, accept: "application/json" }, undefined])
        expect((await platform.send({ host, headers })).status).toBeGreaterThanOrEqual(500);
  } finally {
    here("scale", "deployment/oauth2-proxy", "--replicas=1");
    ready("deployment/oauth2-proxy");
  }
  await eventually(async () => {
    expect(isEditor(await visitors.alice.ask({ host: alice }))).toBe(true);
  }, 60);
});

test("a user who goes is refused with a session that was theirs, and the others go on", async () => {
  const cookie = visitors.bob.jar.header(`https://${bob}/`) ?? "";
  const ask = (host: string) => platform.send({ host, headers: { cookie, accept: "text/html" } });
  expect((await ask(portal)).status).toBe(202);
  await platform.users(["alice", "ada", "carol", "dave"]);
  expect((await ask(portal)).status).toBe(403);
  expect((await ask(alice)).status).toBe(403);
  expect(isEditor(await visitors.alice.ask({ host: alice }))).toBe(true);
}, 300_000);

// Last: it leaves this machine with nothing of that limit for a while.
test("sign-in's own page has a limit of its own, and the editors go on", async () => {
  const asked = Array.from({ length: 160 }, () => platform.send({ host: portal, path: "/ping" }));
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  expect(isEditor(await visitors.alice.ask({ host: alice }))).toBe(true);
});
