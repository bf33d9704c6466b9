import * as fs from "node:fs";
import type * as http from "node:http";
import * as path from "node:path";

import { refuse } from "./forward";
import type { Settings } from "./settings";

/** Answers with one of the page's files. @param path of the request, without its query */
export type Show = (path: string, request: http.IncomingMessage, response: http.ServerResponse) => void;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/** Paths of the page itself: where sign-in sends people, where 4.37.5's message does, and the way out. */
const pages = ["/", "/one-time-password/register", "/logout"];

const headers = {
  // Nothing but the page's own files, nothing in its HTML runs, and nobody shows it in a frame of theirs.
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    // Scripts send what is typed; without them it must not end in the address.
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  // A message's link has its token in the address.
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** The sign-in page: what lies in the folder `page` beside this program, and what it says of the stack. */
export function page(settings: Settings): Show {
  const folder = path.join(__dirname, "page");
  const files = new Map<string, { type: string; content: Buffer }>();
  const add = (url: string, name: string, content = fs.readFileSync(path.join(folder, name))) =>
    files.set(url, { type: types[path.extname(name)] ?? "application/octet-stream", content });
  for (const name of fs.readdirSync(folder)) add(`/sign-in/${name}`, name);
  for (const url of pages) add(url, "index.html");
  add("/sign-in/settings.json", "settings.json", Buffer.from(JSON.stringify(settings)));

  return (url, request, response) => {
    const file = files.get(url);
    if (file === undefined) {
      refuse(response, 404);
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      refuse(response, 405);
      return;
    }
    response
      .writeHead(200, { ...headers, "content-type": file.type, "content-length": file.content.length })
      .end(request.method === "HEAD" ? undefined : file.content);
  };
}
