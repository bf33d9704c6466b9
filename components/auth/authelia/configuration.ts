import { portalUrl } from "../sign-in";
import type { AccessControl } from "./rules";

/** Where Authelia listens by itself, on all addresses. */
export const port = 9091;
/** Where it shows its metrics by itself, on all addresses, below /metrics. */
export const metricsPort = 9959;
/** The check that Traefik asks. */
export const checkPath = "/api/authz/forward-auth";
/** Where things are mounted in Authelia's container. */
export const paths = {
  configuration: "/config/configuration.yml",
  authorities: "/authorities",
  users: "/secrets/users.yml",
  secrets: "/secrets",
  /** What Authelia writes without a mail server. */
  notifications: "/notifications",
};

/** Where passwords are kept. */
export type Backend =
  | { type: "file" }
  | {
      type: "ldap";
      /** `ldaps://ldap.example.com`; plain `ldap://` with `startTls`. */
      address: string;
      startTls: boolean;
      implementation: "custom" | "activedirectory" | "rfc2307bis" | "freeipa" | "lldap" | "glauth";
      baseDn: string;
      /** The account that searches; its password is a secret. */
      user: string;
      additionalUsersDn?: string | undefined;
      usersFilter?: string | undefined;
      additionalGroupsDn?: string | undefined;
      groupsFilter?: string | undefined;
      /** Names of the directory's own attributes, where they are not the implementation's. */
      attributes: {
        username?: string | undefined;
        displayName?: string | undefined;
        mail?: string | undefined;
        groupName?: string | undefined;
        memberOf?: string | undefined;
      };
      /** Lets people set a new password in the directory; it needs a mail server. */
      passwordReset: boolean;
    };

/** How people get the code that confirms a new second factor. */
export type Notifier =
  | { type: "file" }
  | {
      type: "smtp";
      /** `submission://mail.example.com:587` */
      address: string;
      /** `VibeCode <sign-in@example.com>` */
      sender: string;
      /** Its password is a secret. Nobody signs in to the mail server when absent. */
      username?: string | undefined;
    };

/** What a stack says about Authelia, besides who may reach what. Durations are such as `10m`, `12h`, `30d`. */
export interface Settings {
  backend: Backend;
  notifier: Notifier;
  secondFactors: {
    totp: boolean;
    webauthn: boolean;
    /** Signing in with a passkey in place of the password: still one factor of two. */
    passkeys: boolean;
    /** Host of Duo's API; its keys are secrets. */
    duo?: string | undefined;
  };
  session: {
    /** How long a session lasts. */
    expiration: string;
    /** How long it lasts without a request. */
    inactivity: string;
    /** How long with "remember me"; `never` takes the choice away. */
    rememberMe: string;
  };
  regulation: {
    /** Wrong passwords before a ban. */
    retries: number;
    /** The time in which they count. */
    within: string;
    ban: string;
    /** What is banned: the user's name, or the client's address. */
    by: readonly ("user" | "ip")[];
  };
  logLevel: "error" | "warn" | "info" | "debug" | "trace";
}

/** A store, as Authelia finds it. Its password is a secret. */
export interface Stores {
  postgres: { host: string; port: number; database: string; username: string; tls: boolean };
  /** `username` is Valkey's own `default` where nobody made another. */
  valkey: { host: string; port: number; username: string; tls: boolean };
}

export interface ConfigurationArgs {
  domain: string;
  httpsPort: number;
  settings: Settings;
  stores: Stores;
  accessControl: AccessControl;
  /** Whether authorities of the stack's own are mounted, for the directory, the mail server and the stores. */
  authorities: boolean;
}

/** Name of the cookie. */
export const cookieName = "vibecode_session";

/** Authelia's configuration, with the keys of 4.39. No secret is in it: each comes from a file that a variable names. */
export function configuration(args: ConfigurationArgs) {
  const { domain, settings, stores } = args;
  const { session, secondFactors, regulation } = settings;
  return {
    theme: "auto",
    ...(args.authorities ? { certificates_directory: paths.authorities } : {}),
    log: { level: settings.logLevel, format: "json" },
    server: {
      // It would write beside the program; the probes ask by HTTP.
      disable_healthcheck: true,
      // A request's headers must fit: editors have long addresses, and the user's own programs set cookies.
      buffers: { read: 16384, write: 16384 },
      endpoints: {
        authz: {
          // The one check that is asked; what is not named here does not exist.
          "forward-auth": {
            implementation: "ForwardAuth",
            // The cookie and nothing else: an Authorization header belongs to the user's own programs.
            authn_strategies: [{ name: "CookieSession" }],
          },
        },
      },
    },
    telemetry: { metrics: { enabled: true } },
    // The node's clock is the node's matter, and asking would need a way out of the cluster.
    ntp: { disable_startup_check: true },
    totp: { disable: !secondFactors.totp, issuer: domain },
    webauthn: {
      disable: !secondFactors.webauthn,
      enable_passkey_login: secondFactors.webauthn && secondFactors.passkeys,
      display_name: domain,
    },
    ...(secondFactors.duo === undefined ? {} : { duo_api: { hostname: secondFactors.duo } }),
    identity_validation: {
      // Who has a second factor must show it, and the code sent by mail, before adding or removing one.
      elevated_session: { require_second_factor: true, skip_second_factor: false },
    },
    authentication_backend: backend(settings.backend),
    access_control: args.accessControl,
    session: {
      same_site: "lax",
      cookies: [
        {
          name: cookieName,
          domain,
          authelia_url: portalUrl(args),
          same_site: "lax",
          expiration: session.expiration,
          inactivity: session.inactivity,
          // Authelia's own word for never.
          remember_me: session.rememberMe === "never" ? -1 : session.rememberMe,
        },
      ],
      redis: {
        host: stores.valkey.host,
        port: stores.valkey.port,
        username: stores.valkey.username,
        ...tls(stores.valkey),
      },
    },
    regulation: {
      modes: [...regulation.by],
      max_retries: regulation.retries,
      find_time: regulation.within,
      ban_time: regulation.ban,
    },
    storage: {
      postgres: {
        address: `tcp://${stores.postgres.host}:${stores.postgres.port}`,
        database: stores.postgres.database,
        username: stores.postgres.username,
        ...tls(stores.postgres),
      },
    },
    notifier: notifier(settings.notifier),
  };
}

function tls({ host, tls }: { host: string; tls: boolean }) {
  return tls ? { tls: { server_name: host, minimum_version: "TLS1.2" } } : {};
}

function backend(backend: Backend) {
  if (backend.type === "file") {
    return {
      // The file is mounted read-only and made by the stack: a change in it would be gone at the next `up`.
      password_reset: { disable: true },
      password_change: { disable: true },
      refresh_interval: "always",
      // Not watched: Kubernetes swaps a link beside the file, which Authelia does not look at. The pod's hash sees it.
      file: { path: paths.users, watch: false },
    };
  }
  const { attributes } = backend;
  const usual = backend.implementation === "custom" ? customFilters : undefined;
  return {
    password_reset: { disable: !backend.passwordReset },
    password_change: { disable: !backend.passwordReset },
    // Who leaves a group in the directory keeps its rights for this long. While the directory is away nobody signs in,
    // and a session goes on with what was last heard, for as long as sessions last.
    refresh_interval: "1m",
    ldap: defined({
      address: backend.address,
      implementation: backend.implementation,
      start_tls: backend.startTls,
      tls: { minimum_version: "TLS1.2" },
      base_dn: backend.baseDn,
      additional_users_dn: backend.additionalUsersDn,
      users_filter: backend.usersFilter ?? usual?.users,
      additional_groups_dn: backend.additionalGroupsDn,
      groups_filter: backend.groupsFilter ?? usual?.groups,
      attributes: defined({
        username: attributes.username,
        display_name: attributes.displayName,
        mail: attributes.mail,
        group_name: attributes.groupName,
        member_of: attributes.memberOf,
      }),
      user: backend.user,
    }),
  };
}

/** `custom` is the one implementation without filters of its own: these are of a directory such as OpenLDAP's. */
const customFilters = {
  users: "(&({username_attribute}={input})(objectClass=inetOrgPerson))",
  groups: "(&(member={dn})(objectClass=groupOfNames))",
};

function notifier(notifier: Notifier) {
  if (notifier.type === "file")
    return { filesystem: { filename: `${paths.notifications}/notification.txt` } };
  return {
    // A mail server that is away must not keep everybody from signing in.
    disable_startup_check: true,
    smtp: defined({ address: notifier.address, sender: notifier.sender, username: notifier.username }),
  };
}

/** The entries that have a value. */
function defined(entries: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}
