// A proxy that lets nobody through and notes who was to be reached: proxy.ts <port> <log>.
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";

const [port = "", logFile = ""] = process.argv.slice(2);

createServer((_, response) => response.end())
  .on("connect", ({ method, url }, socket) => {
    appendFileSync(logFile, `${method ?? ""} ${url ?? ""}\n`);
    socket.on("error", () => undefined);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  })
  .listen(Number(port), "127.0.0.1");
