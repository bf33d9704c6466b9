/**
 * A program for `node -e` that answers at these ports, by TCP and by UDP. It ends by itself after ten
 * minutes, wherever it was left.
 */
export const listening = (ports: readonly number[], address = "0.0.0.0"): string => `
for (const port of ${JSON.stringify(ports)}) {
  require("node:net").createServer((caller) => caller.end()).listen(port, "${address}");
  const socket = require("node:dgram").createSocket("udp4").bind(port, "${address}");
  socket.on("message", (text, from) => socket.send(text, from.port, from.address));
}
setTimeout(() => process.exit(), 600_000);
`;
