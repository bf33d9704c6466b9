import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";

import { freePort } from "./process";
import { selfSigned } from "./self-signed";

/** What GitHub says of somebody. */
export interface GitHubAccount {
  organisations: readonly string[];
  /** `acme/dev` */
  teams: readonly string[];
  emails: readonly { email: string; primary: boolean; verified: boolean }[];
}

/** A GitHub of the tests: its way to sign in, and the part of its API that tells who somebody is. */
export interface GitHub {
  url: string;
  /** What its certificate is checked with, PEM. */
  ca: string;
  /** What oauth2-proxy is told besides: the world's has these by itself. */
  flags: readonly string[];
  stop: () => Promise<void>;
}

/** Starts it. Its page has one field, `login`, and needs no password. */
export async function gitHub(accounts: Readonly<Record<string, GitHubAccount>>): Promise<GitHub> {
  const { certificate, key } = await selfSigned("127.0.0.1");
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  /** Codes and tokens, and whose they are. */
  const given = new Map<string, string>();
  const give = (login: string): string => {
    const word = randomBytes(16).toString("hex");
    given.set(word, login);
    return word;
  };

  const answer = async (...[request, response]: Parameters<RequestListener>): Promise<void> => {
    const { pathname, searchParams, search } = new URL(request.url ?? "/", url);
    const json = (value: unknown) =>
      response.setHeader("content-type", "application/json").end(JSON.stringify(value));
    const sent = new URLSearchParams(request.method === "POST" ? await text(request) : "");
    if (pathname === "/login/oauth/authorize") {
      response.writeHead(302, { location: `/login/form${search}` }).end();
    } else if (pathname === "/login/form" && request.method !== "POST") {
      response.end('<form method="post"><input name="login"><button>Log in</button></form>');
    } else if (pathname === "/login/form") {
      const back = new URL(searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", give(sent.get("login") ?? ""));
      back.searchParams.set("state", searchParams.get("state") ?? "");
      response.writeHead(302, { location: back.href }).end();
    } else if (pathname === "/login/oauth/access_token") {
      json({ access_token: give(given.get(sent.get("code") ?? "") ?? ""), token_type: "bearer" });
    } else {
      const login = given.get(request.headers.authorization?.split(" ")[1] ?? "") ?? "";
      const account = accounts[login];
      if (account === undefined) {
        response.writeHead(401).end("{}");
        return;
      }
      // One page of each is all.
      const isFirst = (searchParams.get("page") ?? "1") === "1";
      const said: Record<string, unknown> = {
        "/": {},
        "/user": { login },
        "/user/emails": account.emails,
        "/user/orgs": isFirst ? account.organisations.map((name) => ({ login: name })) : [],
        "/user/teams": isFirst
          ? account.teams.map((team) => {
              const [organisation, slug] = team.split("/");
              return { name: slug, slug, organization: { login: organisation } };
            })
          : [],
      };
      json(said[pathname]);
    }
  };
  const server = https.createServer({ cert: certificate, key }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url,
    ca: certificate,
    flags: [
      `--login-url=${url}/login/oauth/authorize`,
      `--redeem-url=${url}/login/oauth/access_token`,
      `--validate-url=${url}/`,
    ],
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
