// What a developer may run: an HTTP server that says what it was asked, and takes WebSockets. app.ts <port> <host>.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

const [port = "", host = ""] = process.argv.slice(2);

createServer(({ url, headers }, response) => {
  response.end(`${url ?? ""} at ${headers.host ?? ""}\n`);
})
  .on("upgrade", ({ headers }, socket) => {
    // The answer that RFC 6455 asks for.
    const key = `${headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.on("error", () => undefined);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    // One frame of text, unmasked as servers send it.
    socket.end(Buffer.concat([Buffer.from([0x81, 7]), Buffer.from("hello\r\n")]));
  })
  .listen(Number(port), host);
