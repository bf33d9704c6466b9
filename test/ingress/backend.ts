import { once } from "node:events";
import * as http from "node:http";
import * as net from "node:net";
import type { Duplex } from "node:stream";

/** A program that listens where a workspace, or sign-in, would. */
export interface Backend {
  port: number;
  /** Each request's Cookie headers so far, byte for byte. */
  cookies: string[][];
  close: () => Promise<void>;
}

export interface BackendArgs {
  /** Default any that is free. */
  port?: number;
  answer: http.RequestListener;
  upgrade?: (socket: Duplex) => void;
}

export async function backend({ port = 0, answer, upgrade }: BackendArgs): Promise<Backend> {
  const cookies: string[][] = [];
  const note = (request: http.IncomingMessage) => {
    const { rawHeaders } = request;
    cookies.push(
      rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === "cookie" && index % 2 === 1),
    );
  };
  const server = http.createServer((request, response) => {
    note(request);
    answer(request, response);
  });
  server.on("upgrade", (request, socket) => {
    note(request);
    upgrade?.(socket);
  });
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) =>
    sockets.add(socket.on("close", () => sockets.delete(socket))),
  );
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    cookies,
    close: async () => {
      server.close();
      // WebSockets too, of which the server knows nothing any more.
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/** All that comes back for a request's lines, byte for byte, until the other side is done. */
export async function exchange(port: number, lines: readonly string[]): Promise<string> {
  const socket = net.connect(port, "127.0.0.1").setEncoding("latin1");
  socket.write([...lines, "", ""].join("\r\n"), "latin1");
  let told = "";
  for await (const part of socket) told += String(part);
  return told;
}
