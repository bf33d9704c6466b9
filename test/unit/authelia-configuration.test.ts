import { parse, stringify } from "yaml";
import { z } from "zod";

import { configuration, type ConfigurationArgs } from "../../components/auth/authelia/configuration";
import { accessControl } from "../../components/auth/authelia/rules";
import { memberships, usersFile } from "../../components/auth/authelia/users";
import { auth } from "../../infra/auth";
import { at } from "./mocks";
import { autheliaSchema, hasAutheliaSchemas } from "./upstream";

const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const ldap = {
  type: "ldap",
  address: "ldaps://ldap.example.com",
  baseDn: "dc=example,dc=com",
  user: "cn=sign-in,dc=example,dc=com",
};

/** Each way to say something that changes the configuration. */
const variants: Record<string, object> = {
  "nothing but the kind": {},
  "a directory by TLS": { backend: ldap },
  "a directory by StartTLS with names of its own": {
    backend: {
      ...ldap,
      address: "ldap://ldap.example.com:1389",
      startTls: true,
      implementation: "rfc2307bis",
      additionalUsersDn: "ou=people",
      usersFilter: "(&({username_attribute}={input})(objectClass=person))",
      additionalGroupsDn: "ou=groups",
      groupsFilter: "(member={dn})",
      attributes: { username: "uid", displayName: "cn", mail: "mail", groupName: "cn", memberOf: "memberOf" },
      passwordReset: true,
    },
    authorities: pem,
  },
  "mail by a server with a user": {
    notifier: {
      type: "smtp",
      address: "submission://mail.example.com:587",
      sender: "VibeCode <sign-in@example.com>",
      username: "sign-in",
    },
  },
  "mail by a server without one": {
    notifier: { type: "smtp", address: "smtp://mail.example.com", sender: "sign-in@example.com" },
  },
  "Duo and no passkeys": {
    secondFactors: { duo: "api-123.duosecurity.com", passkeys: false, totp: false },
  },
  "other durations and bans": {
    session: { expiration: "30m", inactivity: "10m", rememberMe: "30d" },
    regulation: { retries: 5, within: "1h", ban: "7d", by: ["user", "ip"] },
    logLevel: "debug",
  },
  rules: {
    access: {
      internalNetworks: ["10.0.0.0/8", "fd00::/8"],
      adminHosts: ["grafana"],
      workspaceGroups: ["users"],
      rules: [
        { hosts: "workspaces", paths: ["/api"], policy: "one_factor", networks: ["10.0.0.0/8"] },
        { hosts: ["docs", "www"], policy: "bypass" },
        { hosts: ["grafana"], groups: ["developers"], policy: "two_factor" },
      ],
    },
  },
};

function made(said: object, more: Partial<ConfigurationArgs> = {}): unknown {
  const settings = auth.parse({ kind: "authelia", ...said });
  if (settings.kind !== "authelia") throw new Error("another kind");
  const stores = {
    postgres: {
      host: "postgres.vibecode-auth.svc.cluster.local",
      port: 5432,
      database: "authelia",
      username: "authelia",
      tls: false,
    },
    valkey: { host: "valkey.vibecode-auth.svc.cluster.local", port: 6379, username: "default", tls: false },
  };
  const made = configuration({
    domain: "dev.example.com",
    httpsPort: 443,
    settings,
    stores,
    accessControl: accessControl({ ...settings.access, domain: "dev.example.com", users: ["alice"] }),
    authorities: settings.authorities !== undefined,
    ...more,
  });
  // As Authelia reads it: through YAML.
  const read: unknown = parse(stringify(made));
  return read;
}

const schemas = hasAutheliaSchemas ? describe : describe.skip;

const accounts = [
  {
    name: "alice",
    fullName: "Alice Doe: #1",
    email: "alice@example.com",
    groups: ["admins"],
    hash: "$2a$10$abcdefghijklmnopqrstuuKk3gD7hT9.9iYjz1p1Zp9q3o1VZ1eGa",
  },
  {
    name: "bob",
    fullName: "bob",
    email: "bob@example.com",
    groups: ["guests"],
    hash: "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2E$aGFzaGhhc2hoYXNoaGFzaA",
  },
];

schemas("Authelia's own schemas of 4.39 (skipped: no upstream schemas)", () => {
  const schema = hasAutheliaSchemas ? autheliaSchema("configuration") : z.never();
  const users = hasAutheliaSchemas ? autheliaSchema("user-database") : z.never();

  test.each(Object.entries(variants))("accept the configuration of %s", (_, said) => {
    expect(schema.safeParse(made(said)).error?.issues).toBeUndefined();
  });

  test.each(Object.entries(variants))("ask each rule for hosts or a pattern, never both: %s", (_, said) => {
    const rules = z.array(z.looseObject({})).parse(at(made(said), "access_control", "rules"));
    for (const rule of rules) expect("domain" in rule).not.toBe("domain_regex" in rule);
  });

  test("accept it with stores that speak TLS, and a port of its own", () => {
    const postgres = { host: "db.example.com", port: 5433, database: "sign-in", username: "x", tls: true };
    const valkey = { host: "cache.example.com", port: 6380, username: "sign-in", tls: true };
    const read = made({}, { stores: { postgres, valkey }, httpsPort: 8443 });
    expect(schema.safeParse(read).error?.issues).toBeUndefined();
    expect(at(read, "session", "redis", "username")).toBe("sign-in");
    expect(at(read, "session", "redis", "tls")).toEqual({
      server_name: "cache.example.com",
      minimum_version: "TLS1.2",
    });
  });

  test("refuse an unknown key at every depth", () => {
    const change = (path: string[], value: unknown) => {
      const read = made(variants["rules"] ?? {});
      const parent = at(read, ...path.slice(0, -1));
      if (typeof parent !== "object" || parent === null) throw new Error(`no ${path.join(".")}`);
      Reflect.set(parent, path.at(-1) ?? "", value);
      return schema.safeParse(read).success;
    };
    expect(change(["regulation", "max_retries"], 3)).toBe(true);
    for (const path of [["colour"], ["session", "colour"], ["server", "endpoints", "colour"]]) {
      expect(change(path, "red")).toBe(false);
    }
    expect(change(["access_control", "default_policy"], "allow")).toBe(false);
  });

  test("accept the users' file, and refuse a password that is no hash", () => {
    expect(users.safeParse(parse(usersFile(accounts))).error?.issues).toBeUndefined();
    const plain = accounts.map((account) => ({ ...account, hash: "hunter2" }));
    expect(users.safeParse(parse(usersFile(plain))).success).toBe(false);
  });
});

describe("the configuration", () => {
  test("bans for 12 hours after 3 wrong passwords in 10 minutes", () => {
    expect(at(made({}), "regulation")).toEqual({
      modes: ["user"],
      max_retries: 3,
      find_time: "10m",
      ban_time: "12h",
    });
  });

  test("keeps the cookie on the platform's domain, and sends people to auth below it", () => {
    expect(at(made({}), "session", "cookies")).toEqual([
      {
        name: "vibecode_session",
        domain: "dev.example.com",
        authelia_url: "https://auth.dev.example.com",
        same_site: "lax",
        expiration: "12h",
        inactivity: "4h",
        remember_me: -1,
      },
    ]);
    expect(at(made({}, { httpsPort: 8443 }), "session", "cookies", 0, "authelia_url")).toBe(
      "https://auth.dev.example.com:8443",
    );
  });

  test("has one check, which looks at the cookie and not at an Authorization header", () => {
    expect(at(made({}), "server", "endpoints", "authz")).toEqual({
      "forward-auth": { implementation: "ForwardAuth", authn_strategies: [{ name: "CookieSession" }] },
    });
  });

  test("neither resets nor changes a password of the file, which the stack makes", () => {
    const backend = at(made({}), "authentication_backend");
    expect(at(backend, "password_reset")).toEqual({ disable: true });
    expect(at(backend, "password_change")).toEqual({ disable: true });
    expect(at(backend, "file")).toEqual({ path: "/secrets/users.yml", watch: false });
  });

  test("has one backend: the directory in place of the file", () => {
    const backend = at(made({ backend: ldap }), "authentication_backend");
    expect(at(backend, "file")).toBeUndefined();
    expect(at(backend, "ldap", "address")).toBe("ldaps://ldap.example.com");
    expect(at(backend, "password_reset")).toEqual({ disable: true });
  });

  test("takes passkeys in place of the password, as one factor", () => {
    expect(at(made({}), "webauthn")).toEqual({
      disable: false,
      enable_passkey_login: true,
      display_name: "dev.example.com",
    });
    const off = at(made({ secondFactors: { webauthn: false } }), "webauthn");
    expect(off).toMatchObject({ disable: true, enable_passkey_login: false });
  });

  test.each(Object.entries(variants))("holds no secret: %s", (_, said) => {
    const secrets: string[] = [];
    const walk = (value: unknown, path: string) => {
      if (typeof value !== "object" || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        if (/(?:key|secret|password|token)$/.test(key)) secrets.push(`${path}.${key}`);
        walk(inner, `${path}.${key}`);
      }
    };
    walk(made(said), "");
    expect(secrets).toEqual([]);
  });
});

describe("the users' file", () => {
  test("has each user's name, address, hash and groups", () => {
    expect(at(parse(usersFile(accounts)), "users", "alice")).toEqual({
      disabled: false,
      displayname: "Alice Doe: #1",
      email: "alice@example.com",
      groups: ["admins", "users"],
      password: accounts[0]?.hash,
    });
  });

  test("does not change with the order of the users", () => {
    expect(usersFile([...accounts].reverse())).toBe(usersFile(accounts));
  });

  test.each([
    [[], ["users"]],
    [["guests"], ["guests"]],
    [["users"], ["users"]],
    [
      ["developers", "admins"],
      ["admins", "developers", "users"],
    ],
  ])("%j makes somebody a member of %j", (groups, expected) => {
    expect(memberships(groups)).toEqual(expected);
  });
});
