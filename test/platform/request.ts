import { createHash, randomBytes } from "node:crypto";
import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import * as https from "node:https";

import type { Door } from "../../local/door";

export interface Question {
  /** The Host header, as it is sent; the name in TLS is always alice's. */
  host: string;
  /** `name:password`; a stranger's when absent. */
  credentials?: string;
  /** What stands in the request's first line; `/` when absent. */
  path?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** `GET` when absent. */
  method?: string | undefined;
  body?: string | undefined;
}

export interface Told {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** One request, whose Host may be forged. */
export function get(door: Door, question: Question): Promise<Told> {
  return new Promise((resolve, reject) => {
    request(door, question)
      .on("error", reject)
      .on("response", (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      })
      .end(question.body);
  });
}

/** What comes back for one short message on a WebSocket, or the status where none is opened. */
export function message(door: Door, question: Question, text: string): Promise<string | number> {
  const key = randomBytes(16).toString("base64");
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": key,
    ...question.headers,
  };
  return new Promise((resolve, reject) => {
    const asked = request(door, { ...question, headers });
    asked
      .on("error", reject)
      .on("response", ({ statusCode }) => {
        resolve(statusCode ?? 0);
        asked.destroy();
      })
      .on("upgrade", ({ headers: answer }, socket) => {
        if (answer["sec-websocket-accept"] !== accept) reject(new Error("another WebSocket's answer"));
        // A whole text message, masked with zeros.
        socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
        socket.once("data", (frame: Buffer) => {
          resolve(frame.subarray(2).toString());
          socket.destroy();
        });
      })
      .end();
  });
}

function request(
  door: Door,
  { host, credentials, path = "/", headers = {}, method = "GET" }: Question,
): ClientRequest {
  const asked = https.request({
    method,
    host: door.address,
    port: door.port,
    ca: door.ca,
    servername: "alice.test.localhost",
    path,
    headers: { host, ...headers },
    ...(credentials === undefined ? {} : { auth: credentials }),
    agent: false,
    timeout: 15_000,
  });
  return asked.on("timeout", () => asked.destroy(new Error(`${host} does not answer`)));
}
