import * as https from "node:https";
import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { UserError } from "./errors";

/** The platform's door: where Traefik answers, whatever the host's name. */
export interface Door {
  address: string;
  port: number;
  /** The authority whose certificates are believed, PEM. */
  ca: string;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
}

/**
 * One GET to `https://<host><path>`, with the certificate checked against that name. Undefined where nothing
 * answers within 5 s.
 *
 * @param credentials `name:password`, or nothing
 */
export function ask(
  door: Door,
  host: string,
  path: string,
  credentials?: string,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const request = https.get(
      {
        host: door.address,
        port: door.port,
        path,
        servername: host,
        ca: door.ca,
        headers: { host },
        ...(credentials === undefined ? {} : { auth: credentials }),
        agent: false,
        timeout: 5000,
      },
      ({ statusCode, headers }) => {
        resolve({ status: statusCode ?? 0, headers });
        request.destroy();
      },
    );
    request.on("timeout", () => request.destroy());
    request.on("error", () => {
      resolve(undefined);
    });
  });
}

/** Whether the editor answers, or its address says that it is stopped; or, to a stranger, that it asks who is there. */
const isAtHome = ({ status, headers }: Answer, isStranger: boolean): boolean =>
  isStranger
    ? // Authelia sends a page on to its own, oauth2-proxy answers with its own.
      status === 302 || status === 401 || status === 403
    : status === 200 || (status === 503 && headers["x-workspace-state"] === "stopped");

/**
 * Waits until each user's own password opens that user's address: it takes its time to reach Traefik. Without
 * credentials, where more than a password is asked for, until each address asks.
 */
export async function reachable(
  door: Door,
  users: readonly { host: string; credentials?: string | undefined }[],
  seconds: number,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let waiting = users;
  while (waiting.length > 0) {
    const asked = await Promise.all(
      waiting.map(async (user) => ({
        user,
        answer: await ask(door, user.host, "/healthz", user.credentials),
      })),
    );
    const missing = asked.filter(
      ({ user, answer }) => answer === undefined || !isAtHome(answer, user.credentials === undefined),
    );
    const [first] = missing;
    if (first !== undefined && Date.now() > end) {
      const said = first.answer === undefined ? "does not answer" : `answers ${first.answer.status}`;
      throw new UserError(
        `https://${first.user.host} ${said} after ${seconds} s`,
        "see what `make status` says",
      );
    }
    waiting = missing.map(({ user }) => user);
    if (waiting.length > 0) await sleep(500);
  }
}
