import { z } from "zod";

/** Values by the path of their key: `session.domain`. */
export type Entries = Record<string, unknown>;

/** What 4.37.5 has for a key of 4.39, and all below it. */
type Translation = (value: unknown, path: string) => Entries;

const same: Translation = (value, path) => ({ [path]: value });

const moved =
  (to: string): Translation =>
  (value) => ({ [to]: value });

/** An address cut into the keys that 4.37.5 has for its parts. Ports by scheme, where none is written. */
const address =
  (below: string, ports: Readonly<Record<string, number>>): Translation =>
  (value, path) => {
    const [, scheme = "", host = "", port] =
      /^([a-z]+):\/\/(\[[^\]]+\]|[^:/[\]]*)(?::(\d+))?\/?$/.exec(text(value, path)) ?? [];
    const usual = ports[scheme];
    if (usual === undefined)
      throw new Error(`${path} must be ${Object.keys(ports).join(" or ")}://host:port`);
    return {
      [`${below}.host`]: host.replace(/^\[|\]$/g, ""),
      [`${below}.port`]: port === undefined ? usual : Number(port),
    };
  };

/** Listening on every address is written as one. */
const listen: Translation = (value, path) => {
  const entries = address("server", { tcp: port })(value, path);
  return { ...entries, "server.host": entries["server.host"] === "" ? "0.0.0.0" : entries["server.host"] };
};
const port = 9091;

/** 4.37.5 takes no host and no path there: it answers at `/metrics` alone, as 4.39 does where nothing else is said. */
const metricsAddress: Translation = (value, path) => {
  const [all, host = "", port = "9959"] =
    /^tcp:\/\/(\d+(?:\.\d+){3})?(?::(\d+))?(?:\/|\/metrics)?$/.exec(text(value, path)) ?? [];
  if (all === undefined) throw new Error(`${path} must be tcp://:port/metrics`);
  return { [path]: `tcp://${host === "" ? "0.0.0.0" : host}:${port}` };
};

/** The one check of 4.37.5 reads the cookie, and what Traefik says of the request: no other may be wished for. */
const authz = z.strictObject({
  "forward-auth": z.strictObject({
    implementation: z.literal("ForwardAuth"),
    authn_strategies: z.tuple([z.strictObject({ name: z.literal("CookieSession") })]),
  }),
});
const check: Translation = (value) => {
  authz.parse(value);
  return {};
};

/** 4.37.5 bans names and nothing else. */
const modes: Translation = (value, path) => {
  const asked = z.array(z.string()).parse(value);
  if (asked.join() !== "user") throw new Error(`${path} must be ["user"]: 4.37.5 knows no other`);
  return {};
};

/** The two that both versions have under these names. */
const implementation: Translation = (value, path) => ({
  [path]: z.enum(["custom", "activedirectory"]).parse(value),
});

const everywhere = (prefix: string, names: readonly string[]): Record<string, Translation> =>
  Object.fromEntries(names.map((name) => [`${prefix}.${name}`, same]));

/**
 * What is known. Below a key that stays the same, 4.37.5 itself refuses what it does not know, so nothing is lost
 * there either.
 */
export const keys: Readonly<Record<string, Translation>> = {
  theme: same,
  certificates_directory: same,
  default_2fa_method: same,
  log: same,
  access_control: same,
  password_policy: same,
  duo_api: same,
  "server.address": listen,
  ...everywhere("server", ["asset_path", "disable_healthcheck", "tls", "headers", "buffers", "timeouts"]),
  "server.endpoints.authz": check,
  "server.endpoints.enable_pprof": moved("server.enable_pprof"),
  "server.endpoints.enable_expvars": moved("server.enable_expvars"),
  "telemetry.metrics.enabled": same,
  "telemetry.metrics.address": metricsAddress,
  ...everywhere("telemetry.metrics", ["buffers", "timeouts"]),
  ...everywhere("ntp", ["version", "max_desync", "disable_startup_check", "disable_failure"]),
  ...everywhere("totp", ["disable", "issuer", "algorithm", "digits", "period", "skew", "secret_size"]),
  ...everywhere("webauthn", ["disable", "display_name", "attestation_conveyance_preference", "timeout"]),
  "webauthn.selection_criteria.user_verification": moved("webauthn.user_verification"),
  "identity_validation.reset_password.jwt_secret": moved("jwt_secret"),
  "authentication_backend.password_reset": same,
  "authentication_backend.refresh_interval": same,
  "authentication_backend.file": same,
  "authentication_backend.ldap.address": moved("authentication_backend.ldap.url"),
  "authentication_backend.ldap.implementation": implementation,
  ...everywhere("authentication_backend.ldap", [
    "timeout",
    "start_tls",
    "tls",
    "base_dn",
    "additional_users_dn",
    "users_filter",
    "additional_groups_dn",
    "groups_filter",
    "permit_referrals",
    "permit_unauthenticated_bind",
    "user",
    "password",
  ]),
  "authentication_backend.ldap.attributes.username": moved("authentication_backend.ldap.username_attribute"),
  "authentication_backend.ldap.attributes.mail": moved("authentication_backend.ldap.mail_attribute"),
  "authentication_backend.ldap.attributes.display_name": moved(
    "authentication_backend.ldap.display_name_attribute",
  ),
  "authentication_backend.ldap.attributes.group_name": moved(
    "authentication_backend.ldap.group_name_attribute",
  ),
  ...everywhere("session", ["name", "domain", "same_site", "expiration", "inactivity", "secret"]),
  "session.remember_me": moved("session.remember_me_duration"),
  "session.default_redirection_url": moved("default_redirection_url"),
  ...everywhere("session.redis", [
    "host",
    "port",
    "username",
    "password",
    "database_index",
    "maximum_active_connections",
    "minimum_idle_connections",
    "tls",
    "high_availability",
  ]),
  "regulation.modes": modes,
  ...everywhere("regulation", ["max_retries", "find_time", "ban_time"]),
  "storage.encryption_key": same,
  "storage.local": same,
  "storage.postgres.address": address("storage.postgres", { tcp: 5432 }),
  ...everywhere("storage.postgres", ["database", "username", "password", "timeout", "schema", "tls"]),
  "notifier.disable_startup_check": same,
  "notifier.filesystem": same,
  "notifier.template_path": same,
  "notifier.smtp.address": address("notifier.smtp", { smtp: 25, submission: 587, submissions: 465 }),
  ...everywhere("notifier.smtp", [
    "timeout",
    "username",
    "password",
    "identifier",
    "sender",
    "subject",
    "startup_check_address",
    "disable_require_tls",
    "disable_html_emails",
    "disable_starttls",
    "tls",
  ]),
};

/** Keys that 4.37.5 has nothing for, and what that means. */
export const absent: Readonly<Record<string, string>> = {
  "webauthn.enable_passkey_login": "it signs nobody in by a passkey alone",
  "webauthn.selection_criteria.attachment": "its WebAuthn asks for no kind of key",
  "webauthn.selection_criteria.discoverability": "its WebAuthn makes no passkeys",
  "identity_validation.elevated_session": "it sends a link, good once, where 4.39 asks for a code",
  "identity_validation.reset_password.jwt_lifespan": "its links are good for five minutes",
  "identity_validation.reset_password.jwt_algorithm": "its links are signed by HS256",
  "authentication_backend.password_change": "it has no page to change a password on",
  "authentication_backend.ldap.attributes.member_of": "it looks for groups by groups_filter alone",
  "authentication_backend.ldap.pooling": "it opens a connection a question",
  "server.endpoints.rate_limits": "it has no limits of its own",
  "session.redis.timeout": "its client's time-outs are fixed",
  "session.redis.max_retries": "its client's retries are fixed",
};

function text(value: unknown, path: string): string {
  if (typeof value !== "string") throw new Error(`${path} must be an address`);
  return value;
}
