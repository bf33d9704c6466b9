import { startServer, greeting } from "../platform/dev-server";
import { kubectl, podAddress } from "../platform/kubectl";
import { load } from "../platform/load";
import { get, message, type Told } from "../platform/request";
import { deployAuthelia, type Guarded } from "../platform/sign-in";
import { adminHost, arrivals, cases, tries, type Who } from "../sign-in/cases";
import { visitor, type Visitor } from "../sign-in/portal";
import { tcp } from "./attempts";
import { eventually } from "./eventually";
import { expectHeld } from "./stranger";

jest.setTimeout(180_000);

const domain = "test.localhost";
const alice = `alice.${domain}`;
const bob = `bob.${domain}`;
const namespace = "vibecode-auth";

let platform: Guarded;
let visitors: Record<Who, Visitor>;

const visit = (who: Who, host: string, path?: string) => platform.visit(visitors[who], { host, path });
const here = (...words: string[]) => kubectl("-n", namespace, ...words).trim();
const ready = (...workloads: string[]) => {
  for (const workload of workloads) here("rollout", "status", workload, "--timeout=150s");
};

/** Whether the answer comes from a workspace, and not from Traefik or sign-in. */
const isWorkspace = ({ status, headers, body }: Told) =>
  !(status === 404 && body === "404 page not found\n") &&
  // Traefik's, where nobody answers whom it asks; an editor's has a body.
  !(status === 500 && body === "") &&
  ![400, 401, 403, 421, 429, 502, 503, 504].includes(status) &&
  headers.location?.startsWith(`https://${platform.portalHost}`) !== true;

beforeAll(async () => {
  platform = await deployAuthelia();
  for (const user of ["alice", "bob"]) for (const port of [3000, 65535]) startServer(user, port);
  visitors = await arrivals(platform.portal, platform.portalHost, platform.password);
}, 900_000);

describe("through Traefik and TLS", () => {
  // No host of the platform's own is there yet: the check alone judges those.
  const there = cases(domain).filter(({ host }) => !host.startsWith(`${adminHost}.`));
  test.each(
    there.map((each) => [`${each.who} ${each.passes ? "reaches" : "does not reach"} ${each.what}`, each]),
  )("%s", async (_, { who, passes, check, ...target }) => {
    const told = await platform.visit(visitors[who], target);
    expect({ status: told.status, reached: isWorkspace(told) }).toEqual({
      status: told.status,
      reached: passes,
    });
    // What Traefik itself has no route for, or cannot read, it does not ask about.
    if (!passes && check !== undefined && ![400, 404].includes(told.status)) expect(told.status).toBe(check);
  });

  test("who has no cookie is sent to sign-in and back to where they came from", async () => {
    const { status, headers } = await visit("nobody", alice, "/?folder=/home");
    expect(status).toBe(302);
    const location = new URL(headers.location ?? "");
    expect(location.origin + location.pathname).toBe(`https://${platform.portalHost}/`);
    expect(location.searchParams.get("rd")).toBe(`https://${alice}/?folder=/home`);
  });

  test("a WebSocket opens for the owner alone", async () => {
    const heard = (who: Who, host: string) =>
      message(platform.door, { host, headers: { cookie: visitors[who].cookie() ?? "" } }, "hello");
    expect(await heard("alice", `3000--${alice}`)).toBe("heard hello");
    expect(await heard("alice", `3000--${bob}`)).toBe(403);
    expect(await heard("password", `3000--${alice}`)).not.toBe("heard hello");
    expect(await heard("nobody", `3000--${alice}`)).not.toBe("heard hello");
  });

  test("a workspace learns who is there, and nothing that it could sign in with", async () => {
    const { body } = await platform.visit(visitors.alice, {
      host: `3000--${alice}`,
      headers: { cookie: `mine=1; ${visitors.alice.cookie() ?? ""}; other=2`, "remote-groups": "admins" },
    });
    expect(body).toContain(greeting);
    expect(body).toContain('"remote-user":"alice"');
    expect(body).toContain('"remote-groups":"developers,users"');
    expect(body).toContain('"cookie":"mine=1; other=2"');
  });

  test("the cookie is for this domain, for HTTPS, and out of reach of scripts and of other sites", () => {
    const line = visitors.alice.cookieLine() ?? "";
    expect(line).toMatch(/; domain=\.?test\.localhost(;|$)/i);
    for (const word of [/; secure(;|$)/i, /; httponly(;|$)/i, /; samesite=lax(;|$)/i])
      expect(line).toMatch(word);
  });
});

test("three wrong passwords ban the name, with the right password too", async () => {
  const right = platform.password("bob");
  const outcomes = await tries(platform.portal, platform.portalHost, "bob", ["a", "b", "c", right]);
  expect(outcomes).toEqual([false, false, false, false]);
});

test("signing out ends the session for a copy of its cookie as well", async () => {
  const leaving = visitor(platform.portal, platform.portalHost);
  await leaving.firstFactor("alice", platform.password("alice"));
  const copy = leaving.cookie() ?? "";
  const state = () =>
    platform.portal.send({
      method: "GET",
      path: "/api/state",
      headers: { host: platform.portalHost, cookie: copy },
    });
  expect((await state()).body).toContain('"username":"alice"');
  await leaving.signOut();
  expect((await state()).body).not.toContain("alice");
});

test("nobody reaches an editor, sign-in or its stores but by Traefik", async () => {
  const ways = {
    "alice's editor": tcp(podAddress("ws-alice", "app.kubernetes.io/name=workspace"), 8080),
    "alice's editor by name": tcp("editor.ws-alice.svc.cluster.local", 8080),
    authelia: tcp(podAddress(namespace, "app.kubernetes.io/name=authelia"), 9091),
    "authelia by name": tcp(`authelia.${namespace}.svc.cluster.local`, 9091),
    postgres: tcp(podAddress(namespace, "app.kubernetes.io/name=postgres"), 5432),
    valkey: tcp(podAddress(namespace, "app.kubernetes.io/name=valkey"), 6379),
  };
  await expectHeld(ways, [namespace, "ws-alice"]);
});

describe("a session", () => {
  const stillThere = () =>
    eventually(async () => {
      const told = await visit("alice", alice);
      if (!isWorkspace(told)) throw new Error(`alice is told ${told.status}`);
      // Whoever is let in, it is never to a neighbour's.
      expect(isWorkspace(await visit("alice", bob))).toBe(false);
    }, 60);

  test.each([
    ["Authelia", "deployment/authelia"],
    ["Redis", "statefulset/valkey"],
    ["Postgres", "statefulset/postgres"],
  ])("survives a restart of %s", async (_, workload) => {
    here("rollout", "restart", workload);
    ready(workload);
    await stillThere();
  });

  test("outlasts a time without its store, in which nobody is let in", async () => {
    here("scale", "statefulset/valkey", "--replicas=0");
    here("wait", "pod/valkey-0", "--for=delete", "--timeout=120s");
    try {
      expect(isWorkspace(await visit("alice", alice))).toBe(false);
    } finally {
      here("scale", "statefulset/valkey", "--replicas=1");
      ready("statefulset/valkey");
    }
    await stillThere();
  });

  test("ends where its store has lost it, and can be had anew", async () => {
    const data = here("get", "secret/valkey", "-o", "jsonpath={.data.password}");
    const password = Buffer.from(data, "base64").toString();
    const ask = ["valkey-cli", "--no-auth-warning", "--pass", password];
    expect(here("exec", "valkey-0", "-c", "valkey", "--", ...ask, "flushall")).toBe("OK");
    for (const host of [alice, `3000--${alice}`, bob]) {
      const { status, headers } = await visit("alice", host);
      expect([host, status]).toEqual([host, 302]);
      expect(headers.location).toContain(`https://${platform.portalHost}/?rd=`);
    }
    await visitors.alice.signIn("alice", platform.password("alice"));
    await stillThere();
  });
});

test("without sign-in's pods everything is closed, and opens again with them", async () => {
  here("scale", "deployment/authelia", "--replicas=0");
  here("wait", "pods", "-l", "app.kubernetes.io/name=authelia", "--for=delete", "--timeout=120s");
  try {
    for (const who of ["alice", "nobody", "ada"] as const)
      for (const host of [alice, bob, `3000--${alice}`, `3000--${bob}`]) {
        const told = await visit(who, host);
        expect([who, host, isWorkspace(told)]).toEqual([who, host, false]);
        expect(told.status).toBeGreaterThanOrEqual(500);
      }
  } finally {
    here("scale", "deployment/authelia", "--replicas=1");
    ready("deployment/authelia");
  }
  await eventually(async () => {
    expect(isWorkspace(await visit("alice", alice))).toBe(true);
  }, 60);
});

test("two replicas judge 200 requests a second for a minute, and none of them wrongly", async () => {
  const asked = {
    path: "/healthz",
    rate: 100,
    seconds: 60,
    headers: { cookie: visitors.alice.cookie() ?? "" },
  };
  here("scale", "deployment/authelia", "--replicas=2");
  try {
    ready("deployment/authelia");
    const [hers, his] = await Promise.all(
      [alice, bob].map((host) => load(platform.door, { ...asked, host })),
    );
    expect(hers?.answers).toEqual({ 200: 6000 });
    expect(his?.answers).toEqual({ 403: 6000 });
  } finally {
    here("scale", "deployment/authelia", "--replicas=1");
    ready("deployment/authelia");
  }
});

// Last: it leaves this machine with nothing of that limit for a while.
test("sign-in's own page has a limit of its own, and the editors go on", async () => {
  const asked = Array.from({ length: 160 }, () =>
    get(platform.door, { host: platform.portalHost, path: "/api/health" }),
  );
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  expect(isWorkspace(await visit("alice", alice))).toBe(true);
});
