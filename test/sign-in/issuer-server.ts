import { createPrivateKey } from "node:crypto";
import * as fs from "node:fs";
import type { RequestListener } from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";

import Provider, { type Configuration } from "oidc-provider";
import { z } from "zod";

/** What the issuer is told by the file that is its one argument. */
export const settings = z.strictObject({
  /** `https://127.0.0.1:8443` */
  url: z.string(),
  address: z.string(),
  port: z.number(),
  /** PEM: of the certificate, and of what signs tokens. */
  certificate: z.string(),
  key: z.string(),
  tokenKey: z.string(),
  client: z.strictObject({ id: z.string(), secret: z.string(), redirect: z.string() }),
  /** What it says of people, by the name with which they log in. */
  accounts: z.record(z.string(), z.record(z.string(), z.unknown())),
});

export type Settings = z.infer<typeof settings>;

/** An OpenID issuer that asks people for nothing but their name, and never for consent. */
function serve({ url, address, port, certificate, key, tokenKey, client, accounts }: Settings): void {
  const configuration: Configuration = {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [client.redirect] }],
    jwks: { keys: [{ ...createPrivateKey(tokenKey).export({ format: "jwk" }), use: "sig", alg: "RS256" }] },
    cookies: { keys: ["of a test"] },
    pkce: { required: () => true },
    // As most issuers do, it writes claims into the ID token too.
    conformIdTokenClaims: false,
    scopes: ["openid", "email", "profile", "groups"],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    findAccount: (_, id) => {
      const claims = accounts[id];
      return claims === undefined ? undefined : { accountId: id, claims: () => ({ sub: id, ...claims }) };
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/login/${uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client?.clientId,
        accountId: oidc.session?.accountId,
      });
      grant.addOIDCScope("openid email profile groups");
      await grant.save();
      return grant;
    },
  };
  const provider = new Provider(url, configuration);
  const answer = provider.callback();

  const login = async (...[request, response]: Parameters<RequestListener>): Promise<void> => {
    if (request.method !== "POST") {
      response.setHeader("content-type", "text/html; charset=utf-8").end(page);
      return;
    }
    const accountId = new URLSearchParams(await text(request)).get("login") ?? "";
    const result = Object.hasOwn(accounts, accountId)
      ? { login: { accountId } }
      : { error: "access_denied", error_description: "nobody has this name" };
    await provider.interactionFinished(request, response, result);
  };
  https
    .createServer({ cert: certificate, key }, (request, response) => {
      const answered = request.url?.startsWith("/login/")
        ? login(request, response)
        : answer(request, response);
      answered.catch((error: unknown) => {
        console.error(error);
        response.writeHead(400).end();
      });
    })
    .listen(port, address);
}

const page = `<!doctype html>
<title>Issuer</title>
<form method="post"><input name="login" autofocus><button>Log in</button></form>`;

const [file] = process.argv.slice(2);
if (require.main === module && file !== undefined)
  serve(settings.parse(JSON.parse(fs.readFileSync(file, "utf8"))));
