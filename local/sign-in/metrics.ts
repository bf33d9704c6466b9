import * as http from "node:http";

import { refuse } from "./forward";

const names: Readonly<Record<string, string>> = {
  authelia_authentication_first_factor: "authelia_authn",
  authelia_authentication_second_factor: "authelia_authn_second_factor",
  authelia_authentication_duration: "authelia_authn_duration",
  authelia_verify_request: "authelia_authz",
};

/** Where a line says the name of a metric: first, or after the word that makes it a comment on one. */
const name = new RegExp(
  `^(# (?:HELP|TYPE) )?(${Object.keys(names).join("|")})(?=[ {]|_(?:bucket|sum|count)\\b)`,
  "gm",
);

/** Metrics of 4.37.5, in Prometheus' text, under the names that 4.39 has for them. Labels and values are the same. */
export const renamed = (text: string): string =>
  text.replace(name, (_, comment: string | undefined, old: string) => `${comment ?? ""}${names[old] ?? old}`);

/**
 * Answers Prometheus as 4.39 does, by asking 4.37.5. Pages are this program's own: 4.37.5 does not count who asks for
 * them.
 *
 * @param authelia port of loopback where 4.37.5 has its metrics
 */
export const metrics = (authelia: number): http.Server =>
  http.createServer((request, response) => {
    if (request.url !== "/metrics") refuse(response, 404);
    else if (request.method !== "GET") refuse(response, 405);
    else
      ask(authelia).then(
        (text) => {
          response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
        },
        () => {
          refuse(response, 502);
        },
      );
  });

/** Whatever form Prometheus would rather have: text can be renamed. */
async function ask(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) throw new Error(`metrics: ${answer.status}`);
  return renamed(await answer.text());
}
