import * as http from "node:http";
import { pipeline } from "node:stream";

export interface ForwardOptions {
  /** Path and query, where they are not the request's own. */
  path?: string;
  /** Names of headers, in lower case, that are not handed on. */
  without?: readonly string[];
}

/** Hands a request on, and the answer back. */
export type Forward = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  options?: ForwardOptions,
) => void;

/** The longest that is sent is a link's token, of less than a kilobyte. */
const bodyLimit = 64 * 1024;

/** Of one connection, and there are two. What `Connection` names besides is handed on: a caller may not take it away. */
const connectionHeaders = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
  "expect",
];

/** Hands requests on to a port of loopback, headers as they came. Who does not answer there is a 502. */
export function forwarder(port: number): Forward {
  // Authelia closes what is idle for 30 seconds: well before that, so that none is used while it closes.
  const agent = new http.Agent({ keepAlive: true, timeout: 10_000 });
  return (request, response, { path = request.url ?? "/", without = [] } = {}) => {
    if (Number(request.headers["content-length"] ?? 0) > bodyLimit) {
      refuse(response, 413);
      return;
    }
    const asked = http.request({
      agent,
      host: "127.0.0.1",
      port,
      method: request.method,
      path,
      headers: handedOn(request.rawHeaders, without),
      timeout: 30_000,
    });
    asked
      .on("timeout", () => asked.destroy(new Error("no answer")))
      .on("error", () => {
        refuse(response, 502);
      })
      .on("response", (answer) => {
        response.writeHead(answer.statusCode ?? 502, handedOn(answer.rawHeaders));
        // What is cut off there is cut off here.
        pipeline(answer, response, () => undefined);
      });

    let size = 0;
    request
      .on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= bodyLimit) return;
        refuse(response, 413);
        asked.destroy();
      })
      .pipe(asked);
    response.on("close", () => {
      if (!response.writableFinished) asked.destroy();
    });
  };
}

/** Answers with a status and its name, if nothing was answered yet; else cuts the answer off. */
export function refuse(response: http.ServerResponse, status: 404 | 405 | 413 | 502): void {
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy();
    return;
  }
  response
    .writeHead(status, {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      // What may still come of a body is not read.
      ...(status === 413 ? { connection: "close" } : {}),
    })
    .end(`${http.STATUS_CODES[status] ?? ""}\n`);
}

/** Names and values in turn, as they came, without some. */
function handedOn(raw: readonly string[], without: readonly string[] = []): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = "", value = ""] = raw.slice(at, at + 2);
    const lower = name.toLowerCase();
    if (!connectionHeaders.includes(lower) && !without.includes(lower)) kept.push(name, value);
  }
  return kept;
}
