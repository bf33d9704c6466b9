import { z } from "zod";

import type { Person } from "../../components/auth";
import { guardOf, ownerMiddlewares } from "../../components/auth/oauth2-proxy/owners";
import { portalHost } from "../../components/auth/sign-in";
import { forwardedHosts } from "../../components/ingress/forwards";
import { dynamicConfig } from "../../components/ingress/traefik";
import type { Told } from "../platform/request";
import type { Portal } from "./portal";
import type { Entrance } from "./visitor";

export interface TraefikArgs {
  domain: string;
  people: readonly Person[];
  /** Sends a request to oauth2-proxy. */
  send: Portal["send"];
}

const middleware = z.object({
  forwardAuth: z.object({
    address: z.url(),
    trustForwardHeader: z.literal(false),
    authRequestHeaders: z.array(z.string()),
    authResponseHeaders: z.array(z.string()),
  }),
});

/**
 * What Traefik does with the component's middlewares: finds the host's owner, asks them in order with what they may
 * hear of the request, and passes it on where all agree. What passes is answered with 200, and with the headers that
 * the editor would get.
 */
export function traefik({ domain, people, send }: TraefikArgs): Entrance {
  const middlewares = ownerMiddlewares("http://oauth2-proxy", people);
  const routes = people.map(({ name }) => {
    const host = `${name}.${domain}`;
    return { host, ports: new RegExp(forwardedHosts(host)), guard: guardOf({ owner: name }) };
  });
  return {
    send: async ({ host, path = "/", method = "GET", headers: sent = {} }) => {
      const headers = without(sent, [...forwarded, ...removed()]);
      const own = {
        "x-forwarded-for": "192.0.2.7",
        "x-forwarded-host": host,
        "x-forwarded-proto": "https",
        "x-forwarded-port": "443",
        "x-real-ip": "192.0.2.7",
      };
      const asked = host.toLowerCase().replace(/:\d+$/, "");
      if (asked === portalHost(domain))
        return send({
          method: method === "POST" ? "POST" : "GET",
          path,
          headers: { ...headers, ...own, host },
        });
      const route = routes.find(({ host: known, ports }) => known === asked || ports.test(asked));
      if (route === undefined) return { status: 404, headers: {}, body: "404 page not found" };

      let editor = headers;
      for (const name of route.guard) {
        const { forwardAuth } = middleware.parse(middlewares[name.replace("@file", "")]);
        const { pathname, search } = new URL(forwardAuth.address);
        const told: Told = await send({
          method: "GET",
          path: `${pathname}${search}`,
          headers: {
            ...only(headers, forwardAuth.authRequestHeaders),
            ...own,
            "x-forwarded-method": method,
            "x-forwarded-uri": path,
          },
        });
        if (told.status < 200 || told.status > 299) return told;
        editor = without(editor, forwardAuth.authResponseHeaders);
        for (const header of forwardAuth.authResponseHeaders.map((header) => header.toLowerCase())) {
          const value = told.headers[header];
          if (typeof value === "string") editor = { ...editor, [header]: value };
        }
      }
      return { status: 200, headers: editor, body: "" };
    },
  };
}

type Headers = Readonly<Record<string, string>>;

/** Traefik writes these itself. */
const forwarded = ["For", "Host", "Proto", "Port", "Uri", "Method", "Server", "Prefix"].map(
  (name) => `X-Forwarded-${name}`,
);

/** What the middleware on the entry point takes away. */
function removed(): string[] {
  const { headers } = dynamicConfig({ average: 1, burst: 1 }, []).http.middlewares;
  return Object.keys(headers.headers.customRequestHeaders);
}

const has = (names: readonly string[], header: string) =>
  names.some((name) => name.toLowerCase() === header.toLowerCase());
const filter = (headers: Headers, keep: (header: string) => boolean): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([header]) => keep(header)));
const only = (headers: Headers, names: readonly string[]) => filter(headers, (header) => has(names, header));
const without = (headers: Headers, names: readonly string[]) =>
  filter(headers, (header) => !has(names, header));
