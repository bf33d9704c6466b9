import { absent, keys, type Entries } from "./translate-keys";

/** What Authelia 4.37.5 takes in place of a configuration with the keys of 4.39. */
export interface Translated {
  configuration: Record<string, unknown>;
  /** Path and query of its check, for Traefik's forwardAuth: it learns the portal's address by the query alone. */
  check: string;
  /** Keys that it has nothing for, and why: what this program does not judge. */
  dropped: Record<string, string>;
}

/**
 * Writes a configuration of Authelia 4.39 with the keys of 4.37.5, the newest that can be built here, so that the
 * real program judges our rules. A key that the tables do not know is an error: nothing is dropped unsaid.
 */
export function translate(configuration: unknown): Translated {
  const whole = record(configuration, "the configuration");
  const session = oneCookie(whole["session"]);
  const { authelia_url: portal, ...rest } = session;
  if (typeof portal !== "string") throw new Error("session.cookies[0].authelia_url must be an address");

  const entries: Entries = {};
  const dropped: Record<string, string> = {};
  const walk = (value: unknown, path: string): void => {
    const why = absent[path];
    const translation = keys[path];
    if (why !== undefined) dropped[path] = why;
    else if (translation !== undefined) Object.assign(entries, translation(value, path));
    else if (isRecord(value) && known.some((key) => key.startsWith(`${path}.`)))
      for (const [key, below] of Object.entries(value)) walk(below, `${path}.${key}`);
    else throw new Error(`nobody said what 4.37.5 has for ${path}`);
  };
  for (const [key, value] of Object.entries({ ...whole, session: rest })) walk(value, key);
  return { configuration: nested(entries), check: `/api/verify?rd=${encodeURIComponent(portal)}`, dropped };
}

const known = [...Object.keys(keys), ...Object.keys(absent)];

/** Variables whose names differ: only the one does. */
const variables: Readonly<Record<string, string>> = {
  AUTHELIA_IDENTITY_VALIDATION_RESET_PASSWORD_JWT_SECRET_FILE: "AUTHELIA_JWT_SECRET_FILE",
};
const sameVariables = new Set([
  "AUTHELIA_SESSION_SECRET_FILE",
  "AUTHELIA_SESSION_REDIS_PASSWORD_FILE",
  "AUTHELIA_STORAGE_ENCRYPTION_KEY_FILE",
  "AUTHELIA_STORAGE_POSTGRES_PASSWORD_FILE",
  "AUTHELIA_AUTHENTICATION_BACKEND_LDAP_PASSWORD_FILE",
  "AUTHELIA_NOTIFIER_SMTP_PASSWORD_FILE",
  "AUTHELIA_DUO_API_INTEGRATION_KEY_FILE",
  "AUTHELIA_DUO_API_SECRET_KEY_FILE",
]);

/** The name that 4.37.5 reads in place of 4.39's: `AUTHELIA_SESSION_SECRET_FILE`. */
export function translateVariable(name: string): string {
  const other = variables[name];
  if (other !== undefined) return other;
  if (sameVariables.has(name)) return name;
  throw new Error(`nobody said what 4.37.5 has for ${name}`);
}

/** 4.37.5 has one cookie, whose keys are the session's own. */
function oneCookie(value: unknown): Record<string, unknown> {
  const { cookies, ...session } = record(value, "session");
  if (!Array.isArray(cookies) || cookies.length !== 1)
    throw new Error("session.cookies must be one: 4.37.5 has one");
  return { ...session, ...record(cookies[0], "session.cookies[0]") };
}

/** `{ "a.b": 1 }` as `{ a: { b: 1 } }`. */
function nested(entries: Entries): Record<string, unknown> {
  const top: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(entries)) {
    const names = path.split(".");
    const last = names.pop() ?? path;
    let at = top;
    for (const name of names) {
      const below = at[name];
      const next = isRecord(below) ? below : {};
      at[name] = next;
      at = next;
    }
    at[last] = value;
  }
  return top;
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (!isRecord(value)) throw new Error(`${what} must be a mapping`);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
