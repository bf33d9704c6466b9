import { inWorkspace } from "./kubectl";

/** What a developer's program answers to a GET: a page with this text and the headers that reached it. */
export const greeting = "served from the workspace";

/** Says each header of the request, and to each short message on a WebSocket what it heard. */
const program = `
import { createHash } from "node:crypto";
import { createServer } from "node:http";

const server = createServer((request, response) => {
  response.setHeader("content-type", "text/html");
  const headers = JSON.stringify(request.headers).replaceAll("<", "&lt;");
  response.end("<!doctype html><title>mine</title><h1>${greeting}</h1><pre>" + headers + "</pre>");
});
server.on("upgrade", (request, socket) => {
  const accept = createHash("sha1")
    .update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
    .digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n" +
      "Sec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n",
  );
  socket.on("error", () => socket.destroy());
  socket.on("data", (frame) => {
    const [kind, length, mask] = [frame[0] & 15, frame[1] & 127, frame.subarray(2, 6)];
    if (kind !== 1) return socket.end();
    const heard = frame.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index % 4]);
    const answer = Buffer.from("heard " + Buffer.from(heard));
    socket.write(Buffer.concat([Buffer.from([0x81, answer.length]), answer]));
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1");
`;

/** Starts a developer's program in a user's workspace, where it listens on 127.0.0.1 alone, and waits until it does. */
export function startServer(user: string, port: number): void {
  const file = "/tmp/dev-server.mjs";
  inWorkspace(
    user,
    `cat > ${file} <<'END'\n${program}\nEND\nnode ${file} ${port} >/tmp/dev-server.log 2>&1 &`,
  );
  inWorkspace(
    user,
    `timeout 20 sh -c 'until curl -s 127.0.0.1:${port} | grep -q "${greeting}"; do sleep 0.2; done'`,
  );
}
