import * as fc from "fast-check";
import { z } from "zod";

import type { Oauth2ProxyArgs } from "../../components/auth/oauth2-proxy";
import { flags, signInPage, type Provider } from "../../components/auth/oauth2-proxy/flags";
import { allowEmails, guardOf, ownerMiddlewares } from "../../components/auth/oauth2-proxy/owners";
import { auth } from "../../infra/auth";
import { email, userName } from "../../infra/values";
import { make, only, people, place, type Component } from "./auth-component";
import { at } from "./mocks";
import { violations } from "./restricted";

const service = "http://oauth2-proxy.vibecode-auth.svc.cluster.local:4180";

/** What 7.6's check at /oauth2/auth says to a session with this address: its list of one query key, letter by letter. */
function passes(middleware: unknown, session: string): boolean {
  const { pathname, searchParams } = new URL(String(at(middleware, "forwardAuth", "address")));
  if (pathname !== "/oauth2/auth") throw new Error(`${pathname} checks no address`);
  const allowed = searchParams
    .getAll("allowed_emails")
    .flatMap((list) => list.split(","))
    .filter((entry) => entry !== "");
  return allowed.length === 0 || allowed.includes(session);
}

const person = fc.record({
  name: fc.stringMatching(/^[a-z](-?[a-z0-9]){0,6}$/).filter((name) => userName.safeParse(name).success),
  fullName: fc.constant("x"),
  email: fc
    .oneof(fc.emailAddress(), fc.stringMatching(/^[a-z.+&%=_-]{1,8}@[a-z]{1,4}\.test$/))
    .filter((address) => email.safeParse(address).success),
  groups: fc.uniqueArray(fc.constantFrom("admins", "users", "guests")),
});
const everybody = fc.uniqueArray(person, {
  minLength: 2,
  maxLength: 6,
  comparator: (a, b) => a.name === b.name || a.email.toLowerCase() === b.email.toLowerCase(),
});

test("for any users, no user's session ever passes another's guard, and everybody's passes their own", () => {
  fc.assert(
    fc.property(everybody, (all) => {
      const middlewares = ownerMiddlewares(service, all);
      for (const owner of all) {
        const names = guardOf({ owner: owner.name }).map((name) => name.replace("@file", ""));
        expect(names).toEqual(["sign-in", `sign-in-${owner.name}`]);
        for (const who of all) {
          expect(passes(middlewares[`sign-in-${owner.name}`], who.email)).toBe(who === owner);
        }
      }
      for (const who of all) {
        expect(passes(middlewares["sign-in--admins"], who.email)).toBe(who.groups.includes("admins"));
      }
    }),
    { numRuns: 300 },
  );
});

test("without an administrator the platform's own hosts are nobody's", () => {
  const middlewares = ownerMiddlewares(service, people.slice(1));
  for (const address of ["", "bob+dev@example.com", "nobody@example.com"]) {
    expect(passes(middlewares["sign-in--admins"], address)).toBe(false);
  }
});

test.each(["", " ", ",", "a@b,c@d", "a", "@", "a@", "a b@c"])(
  "%j is refused: it could mean everybody",
  (address) => {
    expect(() => allowEmails(service, [address])).toThrow(/is no e-mail address/);
  },
);

test("two users of one address are refused", () => {
  const twins = [
    ...people,
    { ...people[0], name: "eve", fullName: "x", email: "ALICE@example.com", groups: [] },
  ];
  expect(() => ownerMiddlewares(service, twins)).toThrow("eve and alice have one e-mail address");
});

const github: Provider = { type: "github", clientId: "id", organisation: "acme", teams: [], logins: [] };
const oidc: Provider = {
  type: "oidc",
  clientId: "id",
  issuer: "https://id.example.com/realms/team",
  allow: "users",
  groupsClaim: "groups",
  scopes: ["roles"],
};
const args = {
  domain: "dev.example.com",
  httpsPort: 443,
  session: { expiration: "2d" },
  valkey: { host: "valkey", port: 6379, username: "default", tls: false },
};

describe("flags", () => {
  test.each<[string, Provider, string[]]>([
    ["an organisation", github, ["--github-org=acme"]],
    [
      "two of its teams",
      { ...github, teams: ["dev", "ops"] },
      ["--github-org=acme", "--github-team=dev,ops"],
    ],
    [
      "listed logins",
      { ...github, organisation: undefined, logins: ["alice", "bob"] },
      ["--github-user=alice", "--github-user=bob"],
    ],
    [
      "groups of an issuer",
      { ...oidc, allow: { groups: ["a", "b"] } },
      ["--allowed-group=a", "--allowed-group=b"],
    ],
    ["the users at an issuer", oidc, []],
  ])("let in %s, and of them the stack's users alone", (_, provider, lists) => {
    const made = flags({ ...args, provider });
    expect(made.filter((flag) => /^--(github-(org|team|user)|allowed-group)=/.test(flag))).toEqual(lists);
    expect(made).toContain("--authenticated-emails-file=/people/emails");
    // Each would let somebody in besides.
    expect(made.join(" ")).not.toMatch(
      /--email-domain|--skip-auth|--trusted-ip|--htpasswd|--skip-jwt|unverified/,
    );
  });

  test.each<[string, Provider]>([
    ["GitHub without a list", { ...github, organisation: undefined }],
    ["a team without an organisation", { ...github, organisation: undefined, teams: ["dev"], logins: ["a"] }],
    ["an issuer without a group", { ...oidc, allow: { groups: [] } }],
  ])("refuse %s", (_, provider) => {
    expect(() => flags({ ...args, provider })).toThrow();
  });

  test("mark the cookie Secure, HttpOnly and SameSite, for the platform's domain and two days", () => {
    const made = flags({ ...args, provider: oidc });
    expect(made.filter((flag) => flag.startsWith("--cookie-"))).toEqual([
      "--cookie-name=__Secure-vibecode",
      "--cookie-domain=dev.example.com",
      "--cookie-secure=true",
      "--cookie-httponly=true",
      "--cookie-samesite=lax",
      "--cookie-expire=48h",
      "--cookie-csrf-expire=15m",
    ]);
  });

  test("send people back to the platform's own hosts, on the port they type", () => {
    const made = flags({ ...args, httpsPort: 8443, provider: oidc });
    expect(made).toContain("--whitelist-domain=.dev.example.com:8443");
    expect(made).toContain("--redirect-url=https://auth.dev.example.com:8443/oauth2/callback");
  });

  test("sign in to a Valkey of others by the name it knows, and trust the authority that it is given", () => {
    const valkey = { host: "cache.example.com", port: 6380, username: "vibecode", tls: true, ca: "PEM" };
    const made = flags({ ...args, valkey, provider: oidc });
    expect(made.filter((flag) => flag.startsWith("--redis-"))).toEqual([
      "--redis-connection-url=rediss://cache.example.com:6380",
      "--redis-username=vibecode",
      "--redis-ca-path=/authorities/valkey.pem",
    ]);
    expect(flags({ ...args, provider: oidc }).join(" ")).not.toContain("-ca-");
  });

  test("trust an issuer's own authority beside the public ones", () => {
    const made = flags({ ...args, provider: oidc, authorities: "PEM" });
    expect(made).toContain("--provider-ca-file=/authorities/issuer.pem");
    expect(made).toContain("--use-system-trust-store=true");
  });

  test("tell no secret", () => {
    expect(flags({ ...args, provider: oidc }).join(" ")).not.toMatch(/secret|password/);
  });
});

test("the sign-in page leads to sign-in's host, from wherever it stands in for another page", () => {
  expect(signInPage(args)).toContain('action="https://auth.dev.example.com/oauth2/start"');
  expect(signInPage({ ...args, httpsPort: 8443 })).toContain(
    'action="https://auth.dev.example.com:8443/oauth2/start"',
  );
});

const component = (config: object = {}, more: Partial<Oauth2ProxyArgs> = {}): Promise<Component> => {
  const settings = auth.parse({
    kind: "oauth2-proxy",
    provider: { type: "oidc", clientId: "id", issuer: "https://id.example.com:8443", allow: "users" },
    ...config,
  });
  if (settings.kind !== "oauth2-proxy") throw new Error("another kind");
  return make({
    ...place,
    ...settings,
    image: "oauth2-proxy:7",
    people,
    clientSecret: "c",
    valkey: { ...args.valkey, password: "v", pods: { "app.kubernetes.io/name": "valkey" } },
    ...more,
  });
};

describe("the component", () => {
  let made: Component;
  beforeAll(async () => {
    made = await component();
  });

  test("has its secrets from the Secret, which is secret in the state", () => {
    expect(only(made, "Secret").secrets).toEqual(["stringData"]);
    expect(at(only(made, "Secret").inputs, "stringData")).toEqual({
      OAUTH2_PROXY_CLIENT_SECRET: "c",
      OAUTH2_PROXY_COOKIE_SECRET: "password of sign-in-cookie-secret",
      OAUTH2_PROXY_REDIS_PASSWORD: "v",
      emails: "alice@example.com\nbob+dev@example.com",
    });
    expect(made.passwords).toEqual({});
  });

  test("holds to pod security restricted, with nothing writable", () => {
    const pod = at(only(made, "Deployment").inputs, "spec", "template", "spec");
    expect(violations(pod)).toEqual([]);
    expect(at(pod, "containers", 0, "securityContext", "readOnlyRootFilesystem")).toBe(true);
    expect(at(pod, "enableServiceLinks")).toBe(false);
  });

  test("mounts the authorities it is given, and nothing for those it is not", async () => {
    const mounts = (one: Component) => {
      const pod = at(only(one, "Deployment").inputs, "spec", "template", "spec");
      return [
        Object.keys(z.record(z.string(), z.string()).parse(at(only(one, "ConfigMap").inputs, "data"))).sort(),
        at(pod, "containers", 0, "volumeMounts", 2),
        at(pod, "volumes", 2),
      ];
    };
    expect(mounts(made)).toEqual([["sign_in.html"], undefined, undefined]);
    const authorities = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    const valkey = { ...args.valkey, password: "v", pods: { name: "valkey" }, tls: true, ca: authorities };
    expect(mounts(await component({ authorities }, { valkey }))).toEqual([
      ["issuer.pem", "sign_in.html", "valkey.pem"],
      { name: "authorities", mountPath: "/authorities", readOnly: true },
      {
        name: "authorities",
        configMap: {
          name: "oauth2-proxy",
          items: [
            { key: "issuer.pem", path: "issuer.pem" },
            { key: "valkey.pem", path: "valkey.pem" },
          ],
        },
      },
    ]);
    expect(mounts(await component({ authorities }))[0]).toEqual(["issuer.pem", "sign_in.html"]);
  });

  test("reaches sessions, names and the issuer, and is reached by Traefik", () => {
    const spec = at(only(made, "NetworkPolicy").inputs, "spec");
    expect(at(spec, "ingress", 0, "ports")).toEqual([{ protocol: "TCP", port: 4180 }]);
    expect(at(spec, "egress", 1)).toEqual({
      to: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "valkey" } } }],
      ports: [{ protocol: "TCP", port: 6379 }],
    });
    expect(at(spec, "egress", 2)).toEqual({ ports: [{ protocol: "TCP", port: 8443 }] });
  });

  test("restarts when a user comes or goes", async () => {
    const hash = (one: Component) =>
      at(
        only(one, "Deployment").inputs,
        "spec",
        "template",
        "metadata",
        "annotations",
        "vibecode/config-hash",
      );
    expect(hash(await component())).toBe(hash(made));
    expect(hash(await component({}, { people: people.slice(1) }))).not.toBe(hash(made));
  });

  test("signs everybody in again with another version of its key, and changes nothing else", async () => {
    const next = await component({ sessionVersion: 2 });
    const changed = next.resources.filter(
      ({ kind, name, inputs }) => JSON.stringify(inputs) !== JSON.stringify(only(made, kind, name).inputs),
    );
    expect(changed.map(({ kind }) => kind).sort()).toEqual(["Deployment", "RandomPassword", "Secret"]);
    expect(at(only(next, "RandomPassword", "sign-in-cookie-secret").inputs, "keepers")).toEqual({
      version: "2",
    });
    expect(at(only(next, "Secret").inputs, "stringData")).toEqual({
      ...z.looseObject({}).parse(at(only(made, "Secret").inputs, "stringData")),
      OAUTH2_PROXY_COOKIE_SECRET: "password of sign-in-cookie-secret, version 2",
    });
    const hash = ["spec", "template", "metadata", "annotations", "vibecode/config-hash"];
    const old = at(only(made, "Deployment").inputs, ...hash);
    const hashed = JSON.stringify(only(next, "Deployment").inputs);
    expect(hashed).not.toContain(String(old));
    expect(hashed.replace(String(at(only(next, "Deployment").inputs, ...hash)), String(old))).toBe(
      JSON.stringify(only(made, "Deployment").inputs),
    );
  });

  test("lets nobody but a user past that user's guard, also where one is called as a middleware is", async () => {
    const called = Object.keys(made.middlewares).flatMap((name) => [name, name.replace(/^sign-in-/, "")]);
    const names = [...new Set(["page", ...called])].filter((name) => userName.safeParse(name).success);
    expect(names).toEqual(expect.arrayContaining(["alice", "page"]));
    const all = names.map((name) => ({ name, fullName: name, email: `${name}@example.com`, groups: [] }));
    const { signIn, middlewares } = await component({}, { people: all });
    for (const owner of all) {
      const guard = signIn.guard(owner.name).map((name) => middlewares[name.replace("@file", "")]);
      for (const who of all)
        expect([owner.name, who.name, passes(guard.at(-1), who.email)]).toEqual([
          owner.name,
          who.name,
          who === owner,
        ]);
    }
  });

  test("gives each user's host two middlewares that exist, and the page its own limit", () => {
    for (const name of [...made.signIn.guard("bob"), ...(made.signIn.guardAdmins?.() ?? [])]) {
      expect(made.middlewares).toHaveProperty([name.replace("@file", "")]);
    }
    expect(made.signIn.routes[0]?.middlewares).toEqual(["portal-rate-limit@file"]);
    expect(made.middlewares).toHaveProperty(["portal-rate-limit"]);
  });
});
