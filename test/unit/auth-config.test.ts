import { auth, authSecrets } from "../../infra/auth";
import { authMistakes } from "../../infra/auth-checks";
import { Explanation } from "../../infra/explain";

/** What is wrong with this sign-in, a line each. */
function mistakes(value: unknown): string[] {
  const parsed = auth.safeParse(value, { reportInput: true });
  return parsed.success ? [] : new Explanation("vibecode", value, () => false).of(parsed.error);
}

const github = { type: "github", clientId: "id", organisation: "acme" };
const oidc = { type: "oidc", clientId: "id", issuer: "https://id.example.com", allow: "users" };
const ldap = { type: "ldap", address: "ldaps://ldap.example.com", baseDn: "dc=x", user: "cn=y" };
const rule = { hosts: "workspaces", policy: "one_factor" };

describe("a sign-in that is right", () => {
  test.each([
    { kind: "basic" },
    { kind: "authelia" },
    { kind: "authelia", replicas: 2, backend: ldap },
    { kind: "authelia", access: { rules: [rule, { hosts: ["docs"], policy: "bypass", paths: ["/api"] }] } },
    { kind: "oauth2-proxy", provider: github },
    { kind: "oauth2-proxy", provider: { type: "github", clientId: "id", logins: ["alice"] } },
    { kind: "oauth2-proxy", provider: oidc },
    { kind: "oauth2-proxy", provider: { ...oidc, allow: { groups: ["dev"] } } },
  ])("%j", (value) => {
    expect(mistakes(value)).toEqual([]);
  });
});

const access = (part: object) => ({ kind: "authelia", access: part });
const provider = (part: object) => ({ kind: "oauth2-proxy", provider: part });

describe("a sign-in that is wrong says so at its place", () => {
  test.each<[unknown, string, RegExp]>([
    [{ kind: "none" }, "kind", /must be .*basic.*authelia.*oauth2-proxy/],
    [{ kind: "basic", replicas: 2 }, "replicas", /has no place here/],
    [{ kind: "authelia", colour: "red" }, "colour", /has no place here/],
    [{ kind: "authelia", session: { expiration: "soon" } }, "session.expiration", /must be a duration/],
    [{ kind: "authelia", session: { expiration: "0m" } }, "session.expiration", /must be a duration/],
    [
      { kind: "authelia", secondFactors: { totp: false, webauthn: false } },
      "secondFactors",
      /must leave one/,
    ],
    [{ kind: "authelia", backend: { ...ldap, address: "ldap://x" } }, "backend.startTls", /must be true/],
    [
      { kind: "authelia", backend: { ...ldap, usersFilter: "({username_attribute}=*)" } },
      "backend.usersFilter",
      /must have \{username_attribute\} and \{input\}/,
    ],
    [
      { kind: "authelia", backend: { ...ldap, groupsFilter: "objectClass=groupOfNames" } },
      "backend.groupsFilter",
      /must be a filter in parentheses/,
    ],
    [
      { kind: "authelia", backend: { ...ldap, address: "https://x" } },
      "backend.address",
      /must be an address/,
    ],
    [
      { kind: "authelia", notifier: { type: "smtp", address: "mail", sender: "a@b.example" } },
      "notifier.address",
      /must be an address/,
    ],
    [{ kind: "authelia", authorities: "none" }, "authorities", /must be certificates/],
    [access({ rules: [{ ...rule, policy: "bypass" }] }), "access.rules[0].policy", /must not be bypass/],
    [
      access({ rules: [{ hosts: ["docs"], policy: "bypass", groups: ["admins"] }] }),
      "access.rules[0].groups",
      /must be empty/,
    ],
    [
      access({ rules: [{ ...rule, hosts: ["alice"] }] }),
      "access.rules[0].hosts[0]",
      /must be one of the platform's own hosts/,
    ],
    [
      access({ rules: [{ ...rule, hosts: ["*"] }] }),
      "access.rules[0].hosts[0]",
      /must be one of the platform's own hosts/,
    ],
    [
      access({ rules: [{ ...rule, hosts: ["auth"] }] }),
      "access.rules[0].hosts[0]",
      /must be one of the platform's own hosts/,
    ],
    [access({ rules: [{ ...rule, paths: ["^/api"] }] }), "access.rules[0].paths[0]", /must be a path/],
    [access({ adminHosts: ["bob"] }), "access.adminHosts[0]", /must be one of the platform's own hosts/],
    [access({ workspaceGroups: [] }), "access.workspaceGroups", /must name a group/],
    [access({ internalNetworks: ["office"] }), "access.internalNetworks[0]", /must be a range/],
    [provider({ type: "github", clientId: "id" }), "provider.organisation", /without a list everybody/],
    [
      provider({ type: "github", clientId: "id", logins: ["a"], teams: ["b"] }),
      "provider.organisation",
      /must be set with teams/,
    ],
    [provider({ ...github, teams: ["a,b"] }), "provider.teams[0]", /must be a name without/],
    [provider({ ...oidc, allow: undefined }), "provider.allow", /must be users, or groups/],
    [provider({ ...oidc, allow: { groups: [] } }), "provider.allow", /must/],
    [provider({ ...oidc, allow: "everybody" }), "provider.allow", /must be/],
    [provider({ ...oidc, issuer: "http://id.example.com" }), "provider.issuer", /must be a URL with https/],
  ])("%j", (value, place, message) => {
    const found = mistakes(value);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
    expect(found[0]?.startsWith(`vibecode:${place}`)).toBe(true);
  });
});

describe("a hash", () => {
  test.each([
    ["$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", true],
    ["$2b$12$abcdefghijklmnopqrstuv", true],
    ["$6$rounds=50000$salt$hash", true],
    ["hunter2", false],
    ["$plaintext$hunter2", false],
    ["$base64$aHVudGVyMg==", false],
  ])("%j is one: %s", (hash, is) => {
    expect(authSecrets.safeParse({ passwordHashes: { alice: hash } }).success).toBe(is);
  });
});

describe("between sign-in and the rest", () => {
  const users = [{ name: "alice", email: "alice@example.com" }, "bob"];
  const places = (values: Record<string, unknown>) =>
    authMistakes({ users, ...values }).map(({ path }) => path.join("."));

  test.each<[string, Record<string, unknown>, string[]]>([
    ["basic needs nothing", { auth: { kind: "basic" } }, []],
    ["a sign-in that is wrong by itself is not looked at", { auth: { kind: "none" } }, []],
    [
      "a directory needs its password",
      { auth: { kind: "authelia", backend: ldap } },
      ["authSecrets.ldapPassword"],
    ],
    ["and has it", { auth: { kind: "authelia", backend: ldap }, authSecrets: { ldapPassword: "x" } }, []],
    [
      "a mail server with a user needs a password",
      {
        auth: {
          kind: "authelia",
          notifier: { type: "smtp", address: "smtp://m.test", sender: "a@b.example", username: "u" },
        },
      },
      ["authSecrets.smtpPassword"],
    ],
    [
      "Duo needs both keys",
      {
        auth: { kind: "authelia", secondFactors: { duo: "api.duo.test" } },
        authSecrets: { duoSecretKey: "x" },
      },
      ["authSecrets.duoIntegrationKey"],
    ],
    [
      "a hash is of a user",
      { auth: { kind: "authelia" }, authSecrets: { passwordHashes: { carol: "$2b$12$x", bob: "$2b$12$x" } } },
      ["authSecrets.passwordHashes.carol"],
    ],
    [
      "nodes' ports hide where requests come from",
      {
        auth: {
          kind: "authelia",
          access: { internalNetworks: ["10.0.0.0/8"], rules: [{ ...rule, networks: ["10.0.0.0/8"] }] },
          regulation: { by: ["user", "ip"] },
        },
        ingress: { exposure: { type: "NodePort" } },
      },
      ["auth.access.internalNetworks", "auth.access.rules.0.networks", "auth.regulation.by"],
    ],
    [
      "a load balancer shows it",
      { auth: { kind: "authelia", access: { internalNetworks: ["10.0.0.0/8"] } } },
      [],
    ],
    [
      "an issuer needs a client's secret, and each user an address",
      { auth: { kind: "oauth2-proxy", provider: oidc } },
      ["authSecrets.clientSecret", "users.1"],
    ],
    [
      "no two users have one address",
      {
        auth: { kind: "oauth2-proxy", provider: oidc },
        authSecrets: { clientSecret: "x" },
        users: [...users.slice(0, 1), { name: "eve", email: "Alice@example.com" }],
      },
      ["users.1.email"],
    ],
  ])("%s", (_, values, expected) => {
    expect(places(values)).toEqual(expected);
  });

  test("every message says what must be", () => {
    const all = authMistakes({ users, auth: { kind: "oauth2-proxy", provider: oidc } });
    expect(all.length).toBeGreaterThan(0);
    for (const { message } of all) expect(message).toMatch(/^must/);
  });
});
