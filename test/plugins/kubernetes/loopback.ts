import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createSocketServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { z } from "zod";
import { Api } from "../../../local/plugins/kubernetes/api";
import type { Patience } from "../../../local/plugins/kubernetes/api";

const servers: { server: Server; sockets: Set<Socket> }[] = [];
const address = z.object({ port: z.number() });

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  servers.push({ server, sockets });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound: AddressInfo | string | null = server.address();
  return address.parse(bound).port;
}

/** Ends the servers of a test, their connections too. */
export function closeServers(): void {
  for (const { server, sockets } of servers.splice(0)) {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

const apiAt = (server: string, patience?: Patience): Api => new Api({ server, insecure: true }, patience);

/** The address of a server that takes connections and never says a word, not even of TLS. */
export const silentAt = async (scheme: "http" | "https"): Promise<string> =>
  `${scheme}://127.0.0.1:${await listen(createSocketServer())}`;

export const silent = async (scheme: "http" | "https", patience?: Patience): Promise<Api> =>
  apiAt(await silentAt(scheme), patience);

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers its requests in turn, the last handler all that follow. */
export async function answering(
  handlers: Handler[],
  patience?: Patience,
): Promise<{ api: Api; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const handler = handlers[Math.min(asked.length, handlers.length - 1)];
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    handler?.(request, response);
  });
  return { api: apiAt(`http://127.0.0.1:${await listen(server)}`, patience), asked };
}

/** Answers with an object. */
export const says =
  (object: object, status = 200): Handler =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(object));
  };

/** Refuses as the API server does. */
export const refuses = (code: number): Handler =>
  says({ kind: "Status", code, message: `refused with ${code}` }, code);

/** Cuts the connection before it answers. */
export const hangsUp: Handler = (request) => {
  request.socket.destroy();
};

/** Cuts the connection in the middle of the answer. */
export const breaksOff: Handler = (request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"kind":', () => request.socket.destroy());
};
