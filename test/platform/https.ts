import * as https from "node:https";

/** Where to ask, and whom to trust. */
export interface Site {
  ca: string;
  domain: string;
  /** Host and port at which Traefik answers. */
  address: string;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/**
 * One GET to `https://<label>.<domain>`, with the certificate checked against that name.
 *
 * @param credentials `name:password`, or nothing
 */
export function get(site: Site, label: string, path: string, credentials?: string): Promise<Answer> {
  const [address = "", port] = site.address.split(":");
  const host = `${label}.${site.domain}`;
  return new Promise((resolve, reject) => {
    const request = https.get(
      {
        host: address,
        port,
        path,
        servername: host,
        ca: site.ca,
        headers: { host },
        ...(credentials === undefined ? {} : { auth: credentials }),
        agent: false,
        timeout: 15_000,
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (body += chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error(`${host}${path} did not answer within 15 s`)));
    request.on("error", reject);
  });
}
