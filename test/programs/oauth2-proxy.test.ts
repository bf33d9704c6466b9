import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { cookieName, type Oidc } from "../../components/auth/oauth2-proxy/flags";
import { eventually } from "../cluster/eventually";
import { issuer, type Issuer } from "../sign-in/issuer";
import { oauth2Proxy, type Oauth2Proxy, type Oauth2ProxyArgs } from "../sign-in/oauth2-proxy";
import { accounts, allowed, arrivals, cases, people, type Who } from "../sign-in/owner-cases";
import { says } from "../sign-in/process";
import { redis, type Store } from "../sign-in/stores";
import { visitor, type Visitor } from "../sign-in/visitor";

// A machine that does much else besides takes its time.
jest.setTimeout(60_000);

const domain = "dev.example.com";
const portal = `https://auth.${domain}`;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "oauth2-proxy-"));

let at: Issuer;
let store: Store;
let proxy: Oauth2Proxy;
let visitors: Record<Who, Visitor>;
const arriving = (jar?: Visitor["jar"]) =>
  visitor({ entrance: proxy, portal, issuer: at, ...(jar === undefined ? {} : { jar }) });

const own = (name: string): string => {
  const made = path.join(folder, name);
  fs.mkdirSync(made);
  return made;
};
const all: Oauth2Proxy[] = [];
const started = async (name: string, more: Partial<Oauth2ProxyArgs> = {}): Promise<Oauth2Proxy> => {
  const made = await oauth2Proxy({
    folder: own(name),
    domain,
    httpsPort: 443,
    people,
    redis: store,
    clientSecret: at.client.secret,
    ca: at.ca,
    provider: oidc({ groups: allowed }),
    ...more,
  });
  all.push(made);
  return made;
};
const oidc = (allow: Oidc["allow"]): Oidc => ({
  type: "oidc",
  clientId: at.client.id,
  issuer: at.url,
  allow,
  groupsClaim: "groups",
  scopes: ["groups"],
});

beforeAll(async () => {
  at = await issuer({ folder: own("issuer"), accounts, redirect: `${portal}/oauth2/callback` });
  store = await redis(folder);
  proxy = await started("proxy");
  visitors = await arrivals(() => arriving());
}, 300_000);

afterAll(async () => {
  for (const { stop } of [...all, store, at]) await stop();
  fs.rmSync(folder, { recursive: true });
});

const hostOf = (name: string) => `${name}.${domain}`;
/** What each user's host answers to somebody. */
const answers = async (who: Visitor): Promise<Record<string, number>> => {
  const asked = people.map(
    async ({ name }) => [name, (await who.ask({ host: hostOf(name) })).status] as const,
  );
  return Object.fromEntries(await Promise.all(asked));
};
const nowhere = Object.fromEntries(people.map(({ name }) => [name, 403]));

describe("owner-only", () => {
  test.each(cases(domain).filter(({ refusal }) => refusal === undefined))(
    "$who reaches $what",
    async (one) => {
      expect(await visitors[one.who].ask(one)).toMatchObject({ status: 200 });
    },
  );

  test.each(cases(domain).filter(({ refusal }) => refusal !== undefined))(
    "$who does not reach $what",
    async ({ refusal, ...one }) => {
      expect(await visitors[one.who].ask(one)).toMatchObject({ status: refusal });
    },
  );

  test("the editor hears who is there from sign-in alone", async () => {
    const lies = {
      "x-auth-request-user": "bob",
      "x-auth-request-groups": "admins",
      "x-auth-request-email": "bob+dev@example.com",
      "x-auth-request-preferred-username": "bob",
    };
    const { headers } = await visitors.alice.ask({ host: hostOf("alice"), headers: lies });
    expect(Object.entries(headers).filter(([name]) => name.startsWith("x-auth-request"))).toEqual([
      ["x-auth-request-user", "alice"],
      ["x-auth-request-groups", "team"],
      ["x-auth-request-email", "alice@example.com"],
    ]);
  });
});

describe("who may not sign in", () => {
  test.each<[string, keyof typeof accounts, number]>([
    ["a user who is in none of the groups", "carol", 403],
    ["a user whose address the issuer has not verified", "dave", 500],
    ["somebody who is no user", "erin", 403],
    ["somebody without an address", "nameless", 500],
    ["somebody whose address is those of two users", "two", 403],
    ["somebody whose address is a user's and a space", "space", 403],
    ["somebody whose address has a space where a user's has a plus", "plus", 403],
  ])("%s gets no session", async (_, login, status) => {
    const who = arriving();
    expect(await who.signIn(login)).toMatchObject({ status });
    expect(who.jar.line(cookieName)).toBeUndefined();
    expect(await answers(who)).toEqual(nowhere);
  });

  test("an address that differs from a user's by its case opens nobody's host", async () => {
    const who = arriving();
    await who.signIn("loud");
    expect(await answers(who)).toEqual(nowhere);
  });

  test("a user who goes is refused at once, and the session is gone for good", async () => {
    const bob = arriving();
    await bob.signIn("bob");
    expect(await answers(bob)).toEqual({ ...nowhere, bob: 200 });
    const kept = bob.jar.copy();
    const others = people.filter(({ name }) => name !== "bob");
    await proxy.restart({ people: others });
    expect(await answers(bob)).toEqual(nowhere);
    await proxy.restart();
    // What was refused was cleared away too.
    expect(await answers(arriving(kept))).toEqual(nowhere);
  });

  test("where the users are the list, who is no user gets no session, whatever their groups", async () => {
    const users = await started("users", { provider: oidc("users") });
    const comes = async (login: string) => {
      const who = visitor({ entrance: users, portal, issuer: at });
      await who.signIn(login);
      return answers(who);
    };
    expect(await comes("carol")).toEqual({ ...nowhere, carol: 200 });
    expect(await comes("erin")).toEqual(nowhere);
    expect(await comes("dave")).toEqual(nowhere);
  });
});

describe("a session", () => {
  test("is a cookie that is Secure, HttpOnly, SameSite, of the platform's domain, and ends by itself", () => {
    const line = visitors.alice.jar.line(cookieName) ?? "";
    const [, ...attributes] = line.split("; ");
    const [expires = "", ...others] = attributes.sort(
      (a, b) => Number(/^Exp/.test(b)) - Number(/^Exp/.test(a)),
    );
    expect(others.sort()).toEqual([`Domain=${domain}`, "HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
    const hours = (Date.parse(expires.replace("Expires=", "")) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(11.5);
    expect(hours).toBeLessThanOrEqual(12);
  });

  test("ends by signing out, for whoever has a copy of its cookie", async () => {
    const alice = arriving();
    await alice.signIn("alice");
    const stolen = arriving(alice.jar.copy());
    expect(await answers(stolen)).toEqual({ ...nowhere, alice: 200 });
    expect(await alice.signOut()).toMatchObject({ status: 302, headers: { location: "/" } });
    expect(alice.jar.line(cookieName)).toBeUndefined();
    expect(await answers(alice)).toEqual(nowhere);
    expect(await answers(stolen)).toEqual(nowhere);
  });

  test("ends when its time is over, whatever a copied cookie says", async () => {
    const short = await started("short", { expiration: "15s" });
    const alice = visitor({ entrance: short, portal, issuer: at });
    await alice.signIn("alice");
    const cookie = alice.jar.header(`https://${hostOf("alice")}/`) ?? "";
    const ask = () => short.send({ host: hostOf("alice"), headers: { cookie, accept: "text/html" } });
    expect((await ask()).status).toBe(200);
    await sleep(16_000);
    expect((await ask()).status).not.toBe(200);
  });

  test("outlasts oauth2-proxy", async () => {
    await proxy.restart();
    expect(await answers(visitors.alice)).toEqual({ ...nowhere, alice: 200 });
  });

  test("outlasts its store, is never granted while that is away, and may then be asked for again", async () => {
    const bob = arriving();
    await bob.signIn("bob");
    const ready = () => proxy.send({ host: `auth.${domain}`, path: "/ready" });
    await store.stop();
    expect(Object.values(await answers(bob)).every((status) => status >= 500)).toBe(true);
    expect((await ready()).status).toBe(500);
    await store.start();
    await eventually(async () => {
      expect((await ready()).status).toBe(200);
    });
    expect(await answers(visitors.alice)).toEqual({ ...nowhere, alice: 200 });
    await bob.signIn("bob");
    expect(await answers(bob)).toEqual({ ...nowhere, bob: 200 });
  });

  test("is asked for again when its store has lost it", async () => {
    const alice = arriving();
    await alice.signIn("alice");
    await says(store.port, `AUTH ${store.password}\r\nFLUSHALL\r\n`, "+OK\r\n+OK\r\n");
    expect(await answers(alice)).toEqual(nowhere);
    await alice.signIn("alice");
    expect(await answers(alice)).toEqual({ ...nowhere, alice: 200 });
  });

  test("is worth nothing with another key, and then one can sign in again", async () => {
    const alice = arriving();
    await alice.signIn("alice");
    await proxy.restart({ cookieSecret: "k".repeat(32) });
    const cookie = alice.jar.header(`https://${hostOf("alice")}/`) ?? "";
    expect((await proxy.send({ host: hostOf("alice"), headers: { cookie } })).status).not.toBe(200);
    await alice.signIn("alice");
    expect(await answers(alice)).toEqual({ ...nowhere, alice: 200 });
    await proxy.restart();
    expect((await alice.ask({ host: hostOf("alice") })).status).not.toBe(200);
  });

  test.each<[string, (value: string) => string]>([
    ["with another signature", (value) => `${value.slice(0, -4)}AAA=`],
    ["with another time", (value) => value.replace(/\|\d+\|/, `|${Math.floor(Date.now() / 1000) + 60}|`)],
    ["cut off", (value) => value.slice(0, 40)],
    ["without a value", () => ""],
  ])("is not to be had by a cookie %s", async (_, change) => {
    const alice = arriving();
    await alice.signIn("alice");
    const value = /=([^;]*)/.exec(alice.jar.line(cookieName) ?? "")?.[1] ?? "";
    const cookie = (sent: string) => ({ cookie: `${cookieName}=${sent}` });
    const ask = (sent: string) => proxy.send({ host: hostOf("alice"), headers: cookie(sent) });
    expect((await ask(value)).status).toBe(200);
    expect((await ask(change(value))).status).not.toBe(200);
  });
});

// oauth2-proxy signs in under the ticket of the cookie that the browser sends, if it was ever its own. So no host whose
// pages others write may lie beside the platform's: one could plant a cookie for the domain above both.
test("who signs in over a cookie that somebody else planted shares the session with them", async () => {
  const bob = arriving();
  await bob.signIn("bob");
  const planted = bob.jar.line(cookieName) ?? "";
  await bob.signOut();
  const alice = arriving();
  alice.jar.keep(portal, [planted]);
  await alice.signIn("alice");
  bob.jar.keep(portal, [planted]);
  expect(await answers(bob)).toEqual({ ...nowhere, alice: 200 });
});

test("of two cookies of its name the first counts", async () => {
  const [alice, bob] = [arriving(), arriving()];
  await alice.signIn("alice");
  await bob.signIn("bob");
  const sent = [bob, alice].map(({ jar }) => jar.header(`${portal}/`) ?? "").join("; ");
  const ask = (name: string) => proxy.send({ host: hostOf(name), headers: { cookie: sent } });
  expect([(await ask("bob")).status, (await ask("alice")).status]).toEqual([200, 403]);
});

describe("the way through the issuer", () => {
  test("begins with PKCE and a nonce", async () => {
    const { headers } = await arriving().ask({ host: `auth.${domain}`, path: "/oauth2/start" });
    const { searchParams } = new URL(headers.location ?? "");
    expect(searchParams.get("code_challenge_method")).toBe("S256");
    expect(searchParams.get("code_challenge")).toMatch(/^[\w-]{43}$/);
    expect(searchParams.get("nonce")).toMatch(/^[\w-]{20,}$/);
    expect(searchParams.get("redirect_uri")).toBe(`${portal}/oauth2/callback`);
  });

  test("ends nowhere in another browser than it began in, nor twice in the same", async () => {
    const bob = arriving();
    const link = await bob.begin("bob");
    const alice = arriving();
    await alice.ask({ host: `auth.${domain}`, path: "/oauth2/start" });
    // It has no other browser's answer to the issuer's riddle either.
    expect((await alice.ask(link)).status).toBe(500);
    expect(await answers(alice)).toEqual(nowhere);

    const other = arriving();
    const good = await other.begin("bob");
    expect((await other.ask(good)).status).toBe(302);
    await other.signOut();
    expect((await other.ask(good)).status).toBe(403);
    expect(await answers(other)).toEqual(nowhere);
  });

  test("leads back to the page that was asked for, on the platform's own hosts", async () => {
    const page = `https://${hostOf("alice")}/?folder=/home&x=1`;
    const { body } = await visitors.nobody.ask({ host: hostOf("alice"), path: "/?folder=/home&x=1" });
    expect(body).toContain(`name="rd" value="${page.replace("&", "&amp;")}"`);
    expect(body).toContain(`action="${portal}/oauth2/start"`);
    expect((await arriving().signIn("alice", page)).headers.location).toBe(page);
  });

  test("goes on by itself where the page stands in for another, and waits on sign-in's own host", async () => {
    const script = "<script>document.forms[0].submit()";
    expect((await visitors.nobody.ask({ host: hostOf("alice") })).body).toContain(script);
    const own = await visitors.nobody.ask({ host: `auth.${domain}` });
    expect(own.body).toContain("<form");
    expect(own.body).not.toContain(script);
  });

  test.each([
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "https:///evil.example",
    "https://dev.example.com.evil.example/",
    "https://evildev.example.com/",
    "https://evil.example#.dev.example.com",
    "https://evil.example?.dev.example.com",
    "https://evil.example\\.dev.example.com/",
    "https://alice.dev.example.com@evil.example/",
    "https://alice.dev.example.com:8443/",
    "javascript:alert(1)//.dev.example.com",
  ])("leads from %j to no other place, and so does signing out", async (back) => {
    const alice = arriving();
    const platform = (location = "none") => new URL(location, `${portal}/x`).origin;
    expect(platform((await alice.signIn("alice", back)).headers.location)).toBe(portal);
    expect(platform((await alice.signOut(back)).headers.location)).toBe(portal);
    const path = "/oauth2/sign_out";
    const { headers } = await alice.ask({
      host: `auth.${domain}`,
      path,
      headers: { "x-auth-request-redirect": back.replace("\t", "") },
    });
    expect(platform(headers.location)).toBe(portal);
  });
});
