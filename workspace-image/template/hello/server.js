import { log } from "node:console";
import { createServer } from "node:http";
import { env } from "node:process";
import { URL } from "node:url";
import { greeting } from "./greeting.js";

const port = Number(env.PORT ?? 3000);

// localhost is enough: the editor forwards the port to your browser, and to nobody else's.
createServer((request, response) => {
  const { searchParams } = new URL(request.url, "http://localhost");
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(`${greeting(searchParams.get("name"))}\n`);
}).listen(port, "localhost", () => log(`Listening on http://localhost:${port}`));
