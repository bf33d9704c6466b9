import * as net from "node:net";
import { UserError } from "../errors";
import { run } from "./run";

/** Why nobody but the holder can listen on a TCP port of this host, if so. */
export async function portProblem(port: number): Promise<UserError | undefined> {
  const code = await listen(port);
  if (code === undefined) return undefined;
  if (code === "EACCES")
    return new UserError(`port ${port} may not be used by this user`, "run the command as root");
  return new UserError(
    `port ${port} is taken by ${await holder(port)}`,
    "stop it, or set vibecode:ingress.httpPort and httpsPort in the stack's file to free ports",
  );
}

/** Listens for a moment on loopback, which also meets a holder of all addresses. */
function listen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}

async function holder(port: number): Promise<string> {
  const { stdout } = await run("ss", ["-Hltnp", `sport = :${port}`]);
  const found = /users:\(\("([^"]+)",pid=(\d+)/.exec(stdout);
  return found?.[1] === undefined ? "another program" : `${found[1]} (pid ${found[2] ?? "?"})`;
}
