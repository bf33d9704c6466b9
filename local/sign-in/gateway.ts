import * as http from "node:http";

import { forwarder, refuse } from "./forward";
import { page } from "./page";
import type { Settings } from "./settings";

/** The check, where 4.39 has it. */
const checkPath = "/api/authz/forward-auth";

/** What 4.37.5 reads and 4.39's check does not: it asks the cookie alone, about what Traefik says. */
const unread = ["proxy-authorization", "x-original-url"];

/** A path that everybody reads the same way: no dots, no doubled slashes, nothing escaped. */
const plainApi = /^\/api(\/[\w-]+)+$/;

export interface GatewayArgs {
  /** Port of loopback where 4.37.5 is. */
  authelia: number;
  /** Path and query of its check. */
  check: string;
  settings: Settings;
}

/**
 * Answers as 4.39 does, by asking 4.37.5: the check at 4.39's path, the API at its own, and pages of ours for people.
 * The check of 4.37.5 itself is not there: it would try passwords that nobody counts.
 */
export function gateway({ authelia, check, settings }: GatewayArgs): http.Server {
  const forward = forwarder(authelia);
  const show = page(settings);
  const options = {
    // Authelia has the last word on headers that are too long.
    maxHeaderSize: 64 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    // Longer than Traefik keeps what is idle, so that none is used while it closes.
    keepAliveTimeout: 120_000,
  };
  return http.createServer(options, (request, response) => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    if (path === checkPath) forward(request, response, { path: check, without: unread });
    else if (!path.startsWith("/api")) show(path, request, response);
    else if (plainApi.test(path) && !/^\/api\/verify(\/|$)/i.test(path)) forward(request, response);
    else refuse(response, 404);
  });
}
