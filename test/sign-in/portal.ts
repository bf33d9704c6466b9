import * as http from "node:http";

import { z } from "zod";

import type { Told } from "../platform/request";
import { totp } from "./totp";

/** The check that Traefik asks. */
export const checkPath = "/api/authz/forward-auth";

/** A request to Authelia itself: to its pages' API, or to its check. */
export interface Asked {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** Where a visitor finds Authelia: by itself, or behind Traefik. */
export interface Portal {
  /** Sends a request to it. */
  send: (asked: Asked) => Promise<Told>;
  /** Path and query of its check. */
  check: string;
  /** The newest message to a user. */
  notification: () => string | Promise<string>;
}

/** What a visitor asks the check about. */
export interface Target {
  host: string;
  /** Path and query, as the first line of the request has them. Default `/`. */
  path?: string | undefined;
  /** Default GET. */
  method?: string | undefined;
  /** The caller's own; default a browser's `Accept`. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** Somebody with a browser of their own: it keeps what cookie it is given. */
export interface Visitor {
  /** Whether name and password are right. */
  firstFactor: (name: string, password: string) => Promise<boolean>;
  /** Adds an authenticator, by the link in the message, and gives its secret. The first factor is there. */
  register: () => Promise<string>;
  /** Whether the digits are right. */
  secondFactor: (digits: string) => Promise<boolean>;
  /** Password, authenticator and digits of somebody who has none yet; gives the authenticator's secret. */
  signIn: (name: string, password: string) => Promise<string>;
  signOut: () => Promise<void>;
  /** What the check says, as Traefik asks it. */
  ask: (target: Target) => Promise<Told>;
  /** `name=value` of what was given; absent before the first, and after sign-out. */
  cookie: () => string | undefined;
  /** The whole Set-Cookie line of it. */
  cookieLine: () => string | undefined;
}

/** @param host of sign-in's own pages */
export function visitor(portal: Portal, host: string): Visitor {
  let line: string | undefined;
  const kept = () => {
    const pair = line?.split(";")[0];
    return pair === undefined || pair.endsWith("=") ? undefined : pair;
  };
  const send = async (asked: Asked): Promise<Told> => {
    const cookie = kept();
    const told = await portal.send({
      ...asked,
      headers: { ...(cookie === undefined ? {} : { cookie }), ...asked.headers },
    });
    line = told.headers["set-cookie"]?.at(-1) ?? line;
    return told;
  };
  const call = (path: string, body: unknown): Promise<Told> =>
    send({
      method: "POST",
      path,
      headers: {
        host,
        accept: "application/json",
        "content-type": "application/json",
        "x-forwarded-proto": "https",
        "x-forwarded-host": host,
      },
      body: JSON.stringify(body),
    });
  const done = (told: Told): unknown => {
    const { status, data } = answer.parse(JSON.parse(told.body));
    if (told.status !== 200 || status !== "OK") throw new Error(`${told.status}: ${told.body}`);
    return data;
  };
  const right = (told: Told): boolean => {
    if (told.status === 401) return false;
    done(told);
    return true;
  };

  const firstFactor = async (username: string, password: string) =>
    right(await call("/api/firstfactor", { username, password, keepMeLoggedIn: false }));
  const secondFactor = async (token: string) => right(await call("/api/secondfactor/totp", { token }));
  const register = async () => {
    done(await call("/api/secondfactor/totp/identity/start", {}));
    const token = /[?&]token=([\w.-]+)/.exec(await portal.notification())?.[1];
    if (token === undefined) throw new Error("no link was sent");
    const data = done(await call("/api/secondfactor/totp/identity/finish", { token }));
    return z.object({ base32_secret: z.string() }).parse(data).base32_secret;
  };
  return {
    firstFactor,
    register,
    secondFactor,
    signIn: async (name, password) => {
      if (!(await firstFactor(name, password))) throw new Error(`${name}'s password is not right`);
      const secret = await register();
      if (!(await secondFactor(totp(secret)))) throw new Error(`${name}'s digits are not right`);
      return secret;
    },
    signOut: async () => {
      done(await call("/api/logout", {}));
    },
    ask: ({ host: target, path = "/", method = "GET", headers = {} }) =>
      send({
        method: "GET",
        path: portal.check,
        headers: {
          accept: "text/html",
          ...headers,
          "x-forwarded-proto": "https",
          "x-forwarded-host": target,
          "x-forwarded-uri": path,
          "x-forwarded-method": method,
        },
      }),
    cookie: kept,
    cookieLine: () => line,
  };
}

const answer = z.object({ status: z.string(), data: z.unknown().optional() });

/** Sends straight to an Authelia on loopback. */
export function direct(port: number): Portal["send"] {
  return ({ method, path, headers, body }) =>
    new Promise((resolve, reject) => {
      const asked = http.request({
        host: "127.0.0.1",
        port,
        method,
        path,
        headers,
        agent: false,
        timeout: 15_000,
      });
      asked
        .on("timeout", () => asked.destroy(new Error("Authelia does not answer")))
        .on("error", reject)
        .on("response", (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("end", () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
          });
        })
        .end(body);
    });
}
