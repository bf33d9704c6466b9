import { z } from "zod";

import { cidr, domain, email, groupName, keys, reservedNames, userName } from "./values";

const duration = z
  .string({ error: "must be a duration such as 10m, 12h or 30d" })
  .regex(/^[1-9]\d{0,5}[smhd]$/, { error: "must be a duration such as 10m, 12h or 30d" });

const version = z.int().min(1).default(1);
const replicas = z.int().min(1).max(10).default(1).describe("Pods of sign-in");
const groups = z.array(groupName);

/** Hosts of the platform itself, which no user can be called. */
const platformHost = z.string().refine((label) => reservedNames.includes(label) && label !== "auth", {
  error: `must be one of the platform's own hosts: ${reservedNames.filter((name) => name !== "auth").join(", ")}`,
});

const serverUrl = (schemes: readonly string[], example: string) => {
  const error = `must be an address such as ${example}`;
  return z
    .string({ error })
    .regex(new RegExp(`^(?:${schemes.join("|")})://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9]\\d{0,4})?$`), {
      error,
    });
};

const pem = z
  .string({ error: "must be certificates, PEM" })
  .regex(/^(?:-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n?)+$/, {
    error: "must be certificates, PEM, and nothing else",
  });

const text = z.string().min(1);

const filterMessage = "must be a filter in parentheses such as (objectClass=groupOfNames)";
const filter = z.string({ error: filterMessage }).regex(/^\(.+\)$/, { error: filterMessage });
const usersFilter = filter.refine(
  (text) => text.includes("{username_attribute}") && text.includes("{input}"),
  { error: "must have {username_attribute} and {input} in it: what is searched, and what was typed" },
);

const ldap = keys({
  type: z.literal("ldap"),
  address: serverUrl(["ldaps", "ldap"], "ldaps://ldap.example.com"),
  startTls: z.boolean().default(false).describe("Encrypts a connection that begins without, to ldap://"),
  implementation: z
    .enum(["custom", "activedirectory", "rfc2307bis", "freeipa", "lldap", "glauth"])
    .default("custom"),
  baseDn: text.describe("Where the search begins: dc=example,dc=com"),
  user: text.describe("The account that searches; its password is authSecrets.ldapPassword"),
  additionalUsersDn: text.optional(),
  usersFilter: usersFilter.optional().describe("The implementation's own when absent"),
  additionalGroupsDn: text.optional(),
  groupsFilter: filter.optional().describe("The implementation's own when absent"),
  attributes: keys({
    username: text.optional(),
    displayName: text.optional(),
    mail: text.optional(),
    groupName: text.optional(),
    memberOf: text.optional(),
  }).prefault({}),
  passwordReset: z.boolean().default(false).describe("Lets people set a new password in the directory"),
}).refine(({ address, startTls }) => !address.startsWith("ldap://") || startTls, {
  path: ["startTls"],
  error: "must be true with ldap://, or passwords would cross the network in the clear",
});

const rule = keys({
  hosts: z
    .union([z.literal("workspaces"), z.array(platformHost).min(1)], {
      error: "must be workspaces, or a list of the platform's own hosts such as grafana",
    })
    .describe("workspaces: each user's own; or first labels of the platform's own hosts"),
  paths: z
    .array(
      z.string().regex(/^\/[^\s?#*]*$/, { error: "must be a path such as /api, without query or pattern" }),
    )
    .default([])
    .describe("The path and all below it; every path when absent"),
  groups: groups.default([]).describe("Members of one of them; everybody who signed in when absent"),
  networks: z.array(cidr).default([]).describe("Where requests come from; anywhere when absent"),
  policy: z
    .enum(["bypass", "one_factor", "two_factor", "deny"])
    .describe("What must be shown; bypass asks nobody"),
})
  .refine(({ hosts, policy }) => policy !== "bypass" || hosts !== "workspaces", {
    path: ["policy"],
    error: "must not be bypass for workspaces: they are their owners' alone",
  })
  .refine((rule) => rule.policy !== "bypass" || rule.groups.length === 0, {
    path: ["groups"],
    error: "must be empty with bypass, which asks nobody who they are",
  });

const access = keys({
  adminHosts: z
    .array(platformHost)
    .default(["admin", "grafana", "prometheus", "traefik"])
    .describe("Hosts that members of admins reach, with two factors"),
  workspaceGroups: groups
    .min(1, { error: "must name a group: nobody would reach a workspace" })
    .default(["admins", "developers", "users"])
    .describe("Whose members reach their own workspace; everybody but guests is one of users"),
  internalNetworks: z.array(cidr).default([]).describe("Where a password is enough for one's own workspace"),
  rules: z.array(rule).default([]).describe("Asked first, in order; what no rule matches is denied"),
});

const authelia = keys({
  kind: z.literal("authelia"),
  replicas,
  backend: z
    .discriminatedUnion("type", [keys({ type: z.literal("file") }), ldap])
    .default({ type: "file" })
    .describe("Where passwords are kept: in the stack, or in a directory"),
  notifier: z
    .discriminatedUnion("type", [
      keys({ type: z.literal("file") }),
      keys({
        type: z.literal("smtp"),
        address: serverUrl(["submission", "submissions", "smtp"], "submission://mail.example.com:587"),
        sender: z.union([email, z.string().regex(/^[^<>\p{C}]+ <[^<>@\s]+@[^<>@\s]+>$/u)], {
          error: "must be a sender such as VibeCode <sign-in@example.com>",
        }),
        username: text.optional().describe("Its password is authSecrets.smtpPassword"),
      }),
    ])
    .default({ type: "file" })
    .describe("How people get the code for a new second factor; a file in the pod is for local stacks"),
  secondFactors: keys({
    totp: z.boolean().default(true),
    webauthn: z.boolean().default(true),
    passkeys: z.boolean().default(true).describe("Signing in with a passkey in place of the password"),
    duo: domain.optional().describe("Host of Duo's API: api-123456789.duosecurity.com"),
  })
    .prefault({})
    .refine(({ totp, webauthn, duo }) => totp || webauthn || duo !== undefined, {
      error: "must leave one second factor, or nobody could sign in",
    }),
  session: keys({
    expiration: duration.default("12h"),
    inactivity: duration.default("4h").describe("Without a request; an open editor makes none"),
    rememberMe: z.union([z.literal("never"), duration]).default("never"),
  }).prefault({}),
  regulation: keys({
    retries: z.int().min(1).max(100).default(3).describe("Wrong passwords before a ban"),
    within: duration.default("10m"),
    ban: duration.default("12h"),
    by: z
      .array(z.enum(["user", "ip"]))
      .min(1)
      .default(["user"])
      .describe("What is banned: the user's name, the client's address, or both"),
  }).prefault({}),
  access: access.prefault({}),
  versions: keys({
    session: version,
    resetPassword: version,
    encryption: version.describe("One step at a time: the database is encrypted anew from the step before"),
    passwords: z.record(userName, z.int().min(1)).default({}).describe("By the user's name"),
  })
    .prefault({})
    .describe("A higher number is another secret"),
  authorities: pem
    .optional()
    .describe("To trust besides the public ones: the directory's, the mail server's"),
  logLevel: z.enum(["error", "warn", "info", "debug", "trace"]).default("info"),
});

const login = z.string().regex(/^[A-Za-z0-9](?:-?[A-Za-z0-9])*$/, { error: "must be a name at GitHub" });
/** A comma would make two of it. */
const listed = z.string().regex(/^[^\s,]+$/, { error: "must be a name without spaces and commas" });

const allowMessage =
  "must be users, or groups with at least one: without a list everybody there could sign in";

const oauth2Proxy = keys({
  kind: z.literal("oauth2-proxy"),
  replicas,
  provider: z.discriminatedUnion("type", [
    keys({
      type: z.literal("github"),
      clientId: listed,
      organisation: login.optional(),
      teams: z.array(listed).default([]).describe("Of the organisation; all its members when absent"),
      logins: z.array(login).default([]).describe("Pass whatever organisation they are in"),
    })
      .refine(({ organisation, logins }) => organisation !== undefined || logins.length > 0, {
        path: ["organisation"],
        error: "must be set, or logins must: without a list everybody at GitHub could sign in",
      })
      .refine(({ organisation, teams }) => organisation !== undefined || teams.length === 0, {
        path: ["organisation"],
        error: "must be set with teams, which are an organisation's",
      }),
    keys({
      type: z.literal("oidc"),
      clientId: listed,
      issuer: z
        .string({ error: "must be a URL with https://" })
        .regex(/^https:\/\/[a-z0-9.-]+(?::\d+)?(?:\/[^\s"'\\?#]*)?$/i, {
          error: "must be a URL with https://",
        }),
      allow: z
        .union([z.literal("users", { error: allowMessage }), keys({ groups: z.array(listed).min(1) })], {
          error: allowMessage,
        })
        .describe(
          "users: whoever has the e-mail address of one of the users; or members of these groups alone",
        ),
      groupsClaim: listed.default("groups"),
      scopes: z.array(listed).default([]).describe("Besides openid, email and profile"),
    }),
  ]),
  session: keys({ expiration: duration.default("12h") }).prefault({}),
  sessionVersion: version.describe("A higher number is another key: everybody signs in again"),
  authorities: pem.optional().describe("To trust besides the public ones: the issuer's"),
});

/** How people sign in: `vibecode:auth`. */
export const auth = z.discriminatedUnion("kind", [keys({ kind: z.literal("basic") }), authelia, oauth2Proxy]);

/** What Authelia can check a password against; `plaintext` and `base64` are none. */
const passwordHash = z
  .string()
  .refine((hash) => /^\$(?:argon2(?:id|i|d)|scrypt|pbkdf2|bcrypt-sha256|2[aby]|[56])[$-]/.test(hash), {
    error: "must be a hash as `authelia crypto hash generate` prints it",
  });

const secret = z.string().min(1).optional();

/** Secrets that sign-in is given: `vibecode:authSecrets`. Secret as a whole. */
export const authSecrets = keys({
  passwordHashes: z
    .record(userName, passwordHash)
    .default({})
    .describe("By the user's name; who has one gets no generated password"),
  ldapPassword: secret.describe("Of auth.backend.user"),
  smtpPassword: secret.describe("Of auth.notifier.username"),
  duoIntegrationKey: secret,
  duoSecretKey: secret,
  clientSecret: secret.describe("Of auth.provider.clientId"),
});
