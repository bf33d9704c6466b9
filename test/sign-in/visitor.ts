import * as https from "node:https";

import type { Told } from "../platform/request";
import { cookies, type Cookies } from "./cookies";

/** A request as a browser or a program sends it. */
export interface Question {
  /** The Host header. */
  host: string;
  /** Path and query, as the first line of the request has them. Default `/`. */
  path?: string | undefined;
  /** Default GET. */
  method?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
}

/** Where the platform's hosts answer. */
export interface Entrance {
  send: (asked: Question) => Promise<Told>;
}

export interface VisitorArgs {
  entrance: Entrance;
  /** Of sign-in's own pages: `https://auth.dev.example.com`. */
  portal: string;
  /** `https://127.0.0.1:8443`, and what its certificate is checked with, PEM. */
  issuer: { url: string; ca: string };
  /** Default none. */
  jar?: Cookies;
}

/** Somebody with a browser of their own, who signs in at the issuer. */
export interface Visitor {
  /**
   * Goes from sign-in's page to the issuer and back.
   *
   * @param login the name at the issuer
   * @param back where the person came from
   * @returns what sign-in answers in the end: a redirect to where the person came from, where all went well
   */
  signIn: (login: string, back?: string) => Promise<Told>;
  /** Does so but for the last step, which is the request it gives. */
  begin: (login: string, back?: string) => Promise<Question>;
  signOut: (back?: string) => Promise<Told>;
  ask: (asked: Question) => Promise<Told>;
  jar: Cookies;
}

/** @param args where everything is */
export function visitor(args: VisitorArgs): Visitor {
  const { entrance, portal, issuer, jar = cookies() } = args;

  const ask = async (asked: Question): Promise<Told> => {
    const place = `https://${asked.host}/`;
    const cookie = jar.header(place);
    const told = await entrance.send({
      ...asked,
      headers: { accept: "text/html", ...(cookie === undefined ? {} : { cookie }), ...asked.headers },
    });
    jar.keep(place, told.headers["set-cookie"]);
    return told;
  };

  const visit = async (url: URL, form?: Record<string, string>): Promise<Told> => {
    if (url.origin !== issuer.url) return ask(at(url));
    const cookie = jar.header(url.href);
    const told = await request(url, issuer.ca, cookie === undefined ? {} : { cookie }, form);
    jar.keep(url.href, told.headers["set-cookie"]);
    return told;
  };

  const begin = async (login: string, back = "/"): Promise<Question> => {
    let url = new URL(`/oauth2/start?rd=${encodeURIComponent(back)}`, portal);
    for (let steps = 0; steps < 10; steps++) {
      if (url.origin === portal && url.pathname === "/oauth2/callback") return at(url);
      const isForm = url.origin === issuer.url && url.pathname.startsWith("/login/");
      const { status, headers, body } = await visit(url, isForm ? { login } : undefined);
      if (headers.location === undefined) throw new Error(`${url.href} answers ${status}: ${body}`);
      url = new URL(headers.location, url);
    }
    throw new Error(`${login} is sent around in circles`);
  };

  return {
    ask,
    jar,
    begin,
    signIn: async (login, back) => ask(await begin(login, back)),
    signOut: (back = "/") => visit(new URL(`/oauth2/sign_out?rd=${encodeURIComponent(back)}`, portal)),
  };
}

const at = ({ host, pathname, search }: URL): Question => ({ host, path: `${pathname}${search}` });

function request(
  url: URL,
  ca: string,
  headers: Record<string, string>,
  form?: Record<string, string>,
): Promise<Told> {
  return new Promise((resolve, reject) => {
    const sent =
      form === undefined ? headers : { ...headers, "content-type": "application/x-www-form-urlencoded" };
    const method = form === undefined ? "GET" : "POST";
    const asked = https.request(url, { ca, method, headers: sent, agent: false, timeout: 15_000 });
    asked
      .on("timeout", () => asked.destroy(new Error("the issuer does not answer")))
      .on("error", reject)
      .on("response", (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      })
      .end(form === undefined ? undefined : new URLSearchParams(form).toString());
  });
}
