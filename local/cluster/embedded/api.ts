import * as https from "node:https";

import type { KeyPair } from "./pki";

/** The cluster's API, as far as a start asks it. */
export interface Api {
  /** Body of a GET; undefined when nothing answers or the answer is not 200. */
  get(path: string): Promise<string | undefined>;
}

export function api(host: string, ca: string, user: KeyPair): Api {
  return {
    get: (path) =>
      new Promise((resolve) => {
        const options = { host, port: 6443, path, ca, cert: user.cert, key: user.key, timeout: 5000 };
        const request = https.get({ ...options, agent: false }, (answer) => {
          let body = "";
          answer.setEncoding("utf8").on("data", (part: string) => (body += part));
          answer.on("end", () => {
            resolve(answer.statusCode === 200 ? body : undefined);
          });
          // A connection that is lost within the answer says neither "end" nor "error".
          answer.on("close", () => {
            resolve(undefined);
          });
        });
        request.on("timeout", () => request.destroy(new Error("no answer")));
        request.on("error", () => {
          resolve(undefined);
        });
      }),
  };
}
