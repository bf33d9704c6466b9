import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import type { Person } from "../../components/auth";
import { flags, paths, signInPage, type FlagArgs } from "../../components/auth/oauth2-proxy/flags";
import { ensureTools, toolPath } from "../../local/toolchain";
import { traefik } from "./owner-traefik";
import { direct } from "./portal";
import { freePort, start, type Running } from "./process";
import type { Store } from "./stores";
import type { Entrance } from "./visitor";

export interface Oauth2ProxyArgs extends Pick<FlagArgs, "domain" | "httpsPort" | "provider"> {
  /** A folder of its own, which is there. */
  folder: string;
  people: readonly Person[];
  redis: Store;
  clientSecret: string;
  /** What the issuer's certificate is checked with, PEM. */
  ca: string;
  /** Default 12h. */
  expiration?: string;
  /** Further flags, where an address is not the world's. */
  more?: readonly string[];
}

/** The real oauth2-proxy on loopback, and the platform's hosts with it as their sign-in. */
export interface Oauth2Proxy extends Pick<Running, "stop">, Entrance {
  /** Its log so far. */
  log: () => string;
  /** Ends it and starts it again, with another key or for fewer people where so asked. */
  restart: (change?: { cookieSecret?: string; people?: readonly Person[] }) => Promise<void>;
}

/** Starts oauth2-proxy 7.6.0 as its pod does: with the flags of the component, of which only places are others. */
export async function oauth2Proxy(args: Oauth2ProxyArgs): Promise<Oauth2Proxy> {
  const { folder, redis } = args;
  await ensureTools(["oauth2-proxy"], () => undefined);
  const port = await freePort();
  const place = (name: string, content: string): string => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  const emails = (people: readonly Person[]) => place("emails", people.map(({ email }) => email).join("\n"));
  place("sign_in.html", signInPage(args));
  const made = flags({
    ...args,
    session: { expiration: args.expiration ?? "12h" },
    valkey: { host: "127.0.0.1", port: redis.port, username: "default", tls: false },
    authorities: args.ca,
  });
  const places: Record<string, string> = {
    "--http-address=0.0.0.0:4180": `--http-address=127.0.0.1:${port}`,
    [`--authenticated-emails-file=${paths.emails}`]: `--authenticated-emails-file=${emails(args.people)}`,
    [`--custom-templates-dir=${paths.templates}`]: `--custom-templates-dir=${folder}`,
    [`--provider-ca-file=${paths.issuerAuthorities}`]: `--provider-ca-file=${place("issuer.pem", args.ca)}`,
  };
  for (const flag of Object.keys(places)) if (!made.includes(flag)) throw new Error(`${flag} is no more`);

  const send = direct(port);
  const run = (cookieSecret: string) =>
    start({
      folder,
      program: toolPath("oauth2-proxy"),
      args: [...made.map((flag) => places[flag] ?? flag), ...(args.more ?? [])],
      env: {
        OAUTH2_PROXY_CLIENT_SECRET: args.clientSecret,
        OAUTH2_PROXY_COOKIE_SECRET: cookieSecret,
        OAUTH2_PROXY_REDIS_PASSWORD: redis.password,
      },
      ready: async () => {
        const { status } = await send({ method: "GET", path: "/ready", headers: {} });
        if (status !== 200) throw new Error(`it is not ready: ${status}`);
      },
    });
  const secret = randomBytes(16).toString("hex");
  let running = await run(secret);
  return {
    ...traefik({ ...args, send }),
    log: () => fs.readFileSync(path.join(folder, "oauth2-proxy.log"), "utf8"),
    stop: () => running.stop(),
    restart: async ({ cookieSecret = secret, people = args.people } = {}) => {
      await running.stop();
      emails(people);
      running = await run(cookieSecret);
    },
  };
}
