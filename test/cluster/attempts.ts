import { z } from "zod";

/** A way out of a pod that somebody may try. */
export interface Way {
  protocol: "tcp" | "udp";
  /** An address or a name. */
  host: string;
  port: number;
}

export const tcp = (host: string, port: number): Way => ({ protocol: "tcp", host, port });
export const udp = (host: string, port: number): Way => ({ protocol: "udp", host, port });

// The datagram is a question for the cluster's own name, which a name server answers and others send back.
const program = `
const ways = JSON.parse(process.argv[1]);
const question = Buffer.concat([
  Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
  ...["kubernetes", "default", "svc", "cluster", "local"].map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
  Buffer.from([0, 0, 1, 0, 1]),
]);
const tcp = ({ host, port }) => new Promise((resolve) => {
  const socket = require("node:net").connect({ host, port });
  const end = (reached) => { socket.destroy(); resolve(reached); };
  socket.on("connect", () => end(true)).on("error", () => end(false)).setTimeout(2500, () => end(false));
});
const udp = ({ host, port }) => new Promise((resolve) => {
  const socket = require("node:dgram").createSocket("udp4");
  const end = (reached) => { clearTimeout(late); socket.close(); resolve(reached); };
  const late = setTimeout(() => end(false), 2500);
  socket.on("message", () => end(true)).on("error", () => end(false)).send(question, port, host);
});
Promise.all(ways.map((way) => (way.protocol === "tcp" ? tcp : udp)(way))).then((all) => console.log(JSON.stringify(all)));
`;

/**
 * Names of the ways that lead somewhere, sorted: a connection is made, or a datagram answered. All are tried at once.
 *
 * @param node runs `node` with these arguments where the ways begin, and gives what it prints
 */
export async function leading(
  node: (args: readonly string[]) => string | Promise<string>,
  ways: Readonly<Record<string, Way>>,
): Promise<string[]> {
  const names = Object.keys(ways);
  const said = await node(["-e", program, JSON.stringify(Object.values(ways))]);
  const reached = z.array(z.boolean()).length(names.length).parse(JSON.parse(said));
  return names.filter((_, at) => reached[at]).sort();
}
