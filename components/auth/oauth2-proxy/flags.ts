import { portalHost, portalUrl, type SignInPlace } from "../sign-in";

/** Where oauth2-proxy listens. */
export const port = 4180;
/** Where things are mounted in its container. */
export const paths = {
  emails: "/people/emails",
  templates: "/templates",
  /** Authorities to trust besides the public ones, where there are some. */
  issuerAuthorities: "/authorities/issuer.pem",
  valkeyAuthorities: "/authorities/valkey.pem",
};

/** GitHub: members of an organisation, of some of its teams, or listed logins; the three add up as GitHub's do. */
export interface GitHub {
  type: "github";
  clientId: string;
  organisation?: string | undefined;
  /** Of the organisation. Empty: all its members. */
  teams: readonly string[];
  /** Pass whatever organisation they are in. */
  logins: readonly string[];
}

/** Any OpenID Connect issuer. */
export interface Oidc {
  type: "oidc";
  clientId: string;
  /** `https://id.example.com/realms/team` */
  issuer: string;
  /** Members of one of these groups; or `users`: whoever has the e-mail address of one of the stack's users. */
  allow: "users" | { groups: readonly string[] };
  /** The claim with the groups. */
  groupsClaim: string;
  scopes: readonly string[];
}

export type Provider = GitHub | Oidc;

/** Hours and minutes, as Go reads them: it knows no days. */
export type Session = {
  /** How long a session lasts: `12h`. */
  expiration: string;
};

export interface FlagArgs extends Pick<SignInPlace, "domain" | "httpsPort"> {
  provider: Provider;
  session: Session;
  /** `username` is Valkey's own `default` where nobody made another; `ca` may have signed its certificate, PEM. */
  valkey: { host: string; port: number; username: string; tls: boolean; ca?: string | undefined };
  /** Authorities to trust besides the public ones, PEM: those of an issuer in a private network. */
  authorities?: string | undefined;
}

/** Browsers keep a cookie of such a name only if it came by HTTPS and is marked so. */
export const cookieName = "__Secure-vibecode";

/**
 * How oauth2-proxy is started. Secrets come from the environment. Nobody gets a session whose e-mail address is not
 * that of one of the stack's users, whatever the provider says of them besides.
 */
export function flags(args: FlagArgs): string[] {
  const { domain, httpsPort, valkey } = args;
  return [
    `--http-address=0.0.0.0:${port}`,
    "--reverse-proxy=true",
    "--real-client-ip-header=X-Forwarded-For",
    ...providerFlags(args.provider),
    ...(args.authorities === undefined
      ? []
      : [`--provider-ca-file=${paths.issuerAuthorities}`, "--use-system-trust-store=true"]),
    `--client-id=${args.provider.clientId}`,
    `--authenticated-emails-file=${paths.emails}`,
    `--redirect-url=${portalUrl(args)}/oauth2/callback`,
    // Where people came from, and no other place.
    `--whitelist-domain=.${domain}${httpsPort === 443 ? "" : `:${httpsPort}`}`,
    // It proxies nothing: Traefik asks, and passes the request on by itself.
    "--upstream=static://202",
    "--set-xauthrequest=true",
    "--pass-basic-auth=false",
    "--pass-user-headers=false",
    `--custom-templates-dir=${paths.templates}`,
    `--cookie-name=${cookieName}`,
    `--cookie-domain=${domain}`,
    "--cookie-secure=true",
    "--cookie-httponly=true",
    "--cookie-samesite=lax",
    `--cookie-expire=${goDuration(args.session.expiration)}`,
    "--cookie-csrf-expire=15m",
    // On the server's side, so that signing out ends a session for whoever has a copy of its cookie.
    "--session-store-type=redis",
    `--redis-connection-url=${valkey.tls ? "rediss" : "redis"}://${valkey.host}:${valkey.port}`,
    `--redis-username=${valkey.username}`,
    ...(valkey.ca === undefined ? [] : [`--redis-ca-path=${paths.valkeyAuthorities}`]),
    "--silence-ping-logging=true",
  ];
}

function providerFlags(provider: Provider): string[] {
  if (provider.type === "github") {
    const { organisation, teams, logins } = provider;
    if (organisation === undefined && logins.length === 0)
      throw new Error("GitHub has no list of who may sign in");
    if (organisation === undefined && teams.length > 0) throw new Error("a team belongs to an organisation");
    return [
      "--provider=github",
      "--scope=user:email read:org",
      ...(organisation === undefined ? [] : [`--github-org=${organisation}`]),
      ...(teams.length === 0 ? [] : [`--github-team=${teams.join(",")}`]),
      ...logins.map((login) => `--github-user=${login}`),
    ];
  }
  const { allow } = provider;
  if (allow !== "users" && allow.groups.length === 0)
    throw new Error("the issuer has no list of who may sign in");
  return [
    "--provider=oidc",
    `--oidc-issuer-url=${provider.issuer}`,
    `--oidc-groups-claim=${provider.groupsClaim}`,
    `--scope=${["openid", "email", "profile", ...provider.scopes].join(" ")}`,
    "--code-challenge-method=S256",
    "--insecure-oidc-skip-nonce=false",
    ...(allow === "users" ? [] : allow.groups.map((group) => `--allowed-group=${group}`)),
  ];
}

/** `2d` as `48h`. */
function goDuration(duration: string): string {
  const [, days] = /^(\d+)d$/.exec(duration) ?? [];
  return days === undefined ? duration : `${Number(days) * 24}h`;
}

/**
 * The page for who has no session. Traefik hands it on as the answer to a page that was asked for, so its links name
 * the host of sign-in in full; where it stands in for another page it goes there by itself. On that host, where signing
 * out leads, it waits for a click, or one would be signed in again at once.
 */
export function signInPage(args: Pick<SignInPlace, "domain" | "httpsPort">): string {
  return `{{define "sign_in.html"}}<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Sign in to ${args.domain}</title>
    <style>
      body { font: 1rem system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; }
      button { font: inherit; padding: 0.6rem 2rem; }
    </style>
  </head>
  <body>
    <form method="get" action="${portalUrl(args)}/oauth2/start">
      <input type="hidden" name="rd" value="{{.Redirect}}">
      <button>Sign in to ${portalHost(args.domain)}</button>
    </form>
    {{if and (eq .StatusCode 403) (ne .Redirect "/")}}<script>document.forms[0].submit();</script>{{end}}
  </body>
</html>
{{end}}
`;
}
