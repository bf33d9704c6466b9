import type { Middleware } from "./sign-in";

/**
 * Asks a service about each request: it passes on 2xx, and any other answer is the caller's. A service that does not
 * answer lets nobody pass.
 *
 * @param address of the service's check
 * @param identity headers of the answer that tell the editor who is there; the caller's own are taken away
 */
export function forwardAuth(address: string, identity: readonly string[]): Middleware {
  return {
    forwardAuth: {
      address,
      // Method, host, path and client are Traefik's own word, never the caller's.
      trustForwardHeader: false,
      // All that the check needs. Anything else is a way to lie to it: X-Original-URL names another host, and an
      // Authorization header, which belongs to the user's own programs, would be taken for a sign-in.
      authRequestHeaders: ["Accept", "Cookie", "User-Agent", "X-Requested-With"],
      authResponseHeaders: [...identity],
      maxResponseBodySize: 1024 * 1024,
    },
  };
}

/**
 * The limit of one client on sign-in's own pages. A page asks for some 30 files at once; who tries passwords asks
 * again and again.
 */
export const pageLimit: Middleware = { rateLimit: { average: 5, period: "1s", burst: 100 } };

/** Name of that limit. What begins with `sign-in-` is the guard of a user of that name. */
export const pageLimitName = "portal-rate-limit";
