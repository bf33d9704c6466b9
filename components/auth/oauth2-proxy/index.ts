import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { pageLimit, pageLimitName } from "../forward-auth";
import { portOf, type Store } from "../network";
import { keepers } from "../passwords";
import { server } from "../server";
import { known, type Person, type SignIn, type SignInPlace } from "../sign-in";
import { cookieName, flags, port, signInPage, type FlagArgs, type Provider, type Session } from "./flags";
import { guardOf, ownerMiddlewares } from "./owners";
import { files, podSpec } from "./pod";

export interface Oauth2ProxyArgs extends SignInPlace {
  image: string;
  /** Pods; two or more keep sign-in there while a node is drained. */
  replicas: number;
  /** Each known by an e-mail address that is nobody else's. */
  people: readonly Person[];
  provider: Provider;
  session: Session;
  clientSecret: pulumi.Input<string>;
  /** Authorities to trust besides the public ones, PEM: those of an issuer in a private network. */
  authorities?: string | undefined;
  /** Where sessions are kept. */
  valkey: FlagArgs["valkey"] & Store & { password: pulumi.Input<string> };
  /** Version of the key that encrypts sessions: a higher number is another key, and everybody signs in again. */
  sessionVersion: number;
}

/**
 * oauth2-proxy: sign-in at GitHub or any OpenID issuer. Its users have no passwords here.
 *
 * @param after what must be there before its pods can run: the store
 */
export function oauth2ProxySignIn(
  resourceName: string,
  args: Oauth2ProxyArgs,
  opts: pulumi.CustomResourceOptions,
  after: readonly pulumi.Resource[],
): SignIn {
  const { people, provider, valkey } = args;
  const cookieSecret = new random.RandomPassword(
    `${resourceName}-cookie-secret`,
    // A key of AES-256.
    { length: 32, special: false, ...keepers(args.sessionVersion) },
    opts,
  ).result;
  const variables = {
    OAUTH2_PROXY_CLIENT_SECRET: args.clientSecret,
    OAUTH2_PROXY_COOKIE_SECRET: cookieSecret,
    OAUTH2_PROXY_REDIS_PASSWORD: valkey.password,
  };
  const emails = people
    .map(({ email }) => email)
    .sort()
    .join("\n");
  const authorities = {
    ...(args.authorities === undefined ? {} : { [files.issuerAuthorities]: args.authorities }),
    ...(valkey.ca === undefined ? {} : { [files.valkeyAuthorities]: valkey.ca }),
  };
  const { url, routes, egress } = server(
    resourceName,
    {
      name: "oauth2-proxy",
      port,
      replicas: args.replicas,
      config: { [files.signInPage]: signInPage(args), ...authorities },
      secret: { ...variables, [files.emails]: emails },
      pod: (selector) =>
        podSpec({
          name: "oauth2-proxy",
          image: args.image,
          flags: flags(args),
          variables: Object.keys(variables),
          nodeSelector: args.nodeSelector,
          selector,
          authorities: Object.keys(authorities),
        }),
      stores: [valkey],
      outside: [provider.type === "github" ? 443 : portOf(provider.issuer)],
    },
    args,
    opts,
    after,
  );
  return {
    middlewares: known({ ...ownerMiddlewares(url, people), [pageLimitName]: pageLimit }),
    guard: (owner) => guardOf({ owner }),
    guardAdmins: () => guardOf("admins"),
    cookies: [cookieName],
    passwords: {},
    routes,
    egress,
  };
}
