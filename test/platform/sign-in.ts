import { people as groups } from "../sign-in/cases";
import { checkPath, type Portal, type Target, type Visitor } from "../sign-in/portal";
import { deploy, type Deployed, type PlatformArgs } from "./deploy";
import { kubectl } from "./kubectl";
import { get, type Told } from "./request";

/** The platform behind Authelia, and the way to its pages. */
export interface Guarded extends Deployed {
  portal: Portal;
  /** Host of sign-in's own pages. */
  portalHost: string;
  /** What a visitor's browser is told, through Traefik. */
  visit: (visitor: Visitor, target: Target) => Promise<Told>;
}

/**
 * Deploys the platform behind Authelia and its stores, with the people of the cases. Nobody has a second factor yet,
 * and nobody is banned.
 */
export async function deployAuthelia(args: Partial<PlatformArgs> = {}): Promise<Guarded> {
  const platform = await convergeAuthelia(args);
  forget();
  return platform;
}

/** The same, and what people did before stays. */
export async function convergeAuthelia(args: Partial<PlatformArgs> = {}): Promise<Guarded> {
  const platform = await deploy({
    users: Object.entries(groups).map(([name, groups]) => ({ name, groups, size: "small" })),
    ...args,
    images: ["authelia", "databases", ...(args.images ?? [])],
    extra: {
      "vibecode:auth": { kind: "authelia" },
      "vibecode:data": smallStores(),
      ...args.extra,
    },
  });
  const portalHost = `auth.${platform.domain}`;
  return {
    ...platform,
    portalHost,
    portal: {
      send: (asked) => get(platform.door, { ...asked, host: portalHost }),
      check: checkPath,
      notification: () => inAuthelia("cat", "/notifications/notification.txt"),
    },
    visit: (visitor, { host, path, method, headers }) => {
      const cookie = visitor.cookie();
      return get(platform.door, {
        host,
        path,
        method,
        headers: { accept: "text/html", ...(cookie === undefined ? {} : { cookie }), ...headers },
      });
    },
  };
}

/** Empties Authelia's database, which outlives the tests before, of all but what it says of itself. */
function forget(): void {
  const sql = `do $$ begin execute (
    select 'truncate ' || string_agg(quote_ident(tablename), ', ') from pg_tables
    where schemaname = 'public' and tablename not in ('migrations', 'encryption')
  ); end $$`;
  kubectl(
    "-n",
    "vibecode-auth",
    "exec",
    "postgres-0",
    "--",
    "psql",
    "-U",
    "postgres",
    "authelia",
    "-qc",
    sql,
  );
}

/** `vibecode:data` with the smallest volumes. */
export const smallStores = (passwordVersion = 1) => ({
  postgres: { kind: "own", size: "320Mi", passwordVersion, backups: { size: "320Mi" } },
  valkey: { kind: "own", size: "320Mi", passwordVersion },
});

/** What a command prints in Authelia's pod. */
export const inAuthelia = (...words: string[]): string =>
  kubectl("-n", "vibecode-auth", "exec", "deploy/authelia", "-c", "authelia", "--", ...words);
