import "reflect-metadata";

import * as x509 from "@peculiar/x509";
import { KeyObject, randomBytes, webcrypto } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";

import { stringify } from "yaml";

import type { Door } from "../../local/door";
import { ensureTools, toolPath } from "../../local/toolchain";
import { checkPath } from "./portal";
import { connects, freePort, start } from "./process";

export interface FrontArgs {
  /** A folder of its own, which is there. */
  folder: string;
  domain: string;
  /** Port of loopback where Authelia is. */
  authelia: number;
}

/** The door of a platform whose editors say nothing but whose request they got. */
export interface Front {
  door: Door;
  stop: () => Promise<void>;
}

/** Starts the real Traefik on loopback, with TLS, Authelia's portal at `auth` and its check before all else. */
export async function front({ folder, domain, authelia }: FrontArgs): Promise<Front> {
  await ensureTools(["traefik"], () => undefined);
  const port = await freePort();
  const { certificate, key } = await wildcard(domain);
  const file = (name: string, content: string) => {
    fs.writeFileSync(path.join(folder, name), content, { mode: 0o600 });
    return path.join(folder, name);
  };
  const editor = http.createServer((request, response) => {
    response
      .writeHead(200, { "content-type": "text/html" })
      .end(`<h1>Editor of ${String(request.headers["remote-user"])}</h1>`);
  });
  editor.listen(0, "127.0.0.1");
  await once(editor, "listening");
  const address = editor.address();
  if (address === null || typeof address === "string") throw new Error("no port");

  const gate = `http://127.0.0.1:${authelia}`;
  const server = (url: string) => ({ loadBalancer: { servers: [{ url }] } });
  const dynamic = {
    http: {
      routers: {
        portal: { rule: `Host(\`auth.${domain}\`)`, service: "portal", tls: {} },
        editors: {
          rule: "PathPrefix(`/`)",
          service: "editors",
          middlewares: ["sign-in"],
          tls: {},
          priority: 1,
        },
      },
      middlewares: {
        "sign-in": {
          forwardAuth: { address: `${gate}${checkPath}`, authResponseHeaders: ["Remote-User"] },
        },
      },
      services: { portal: server(gate), editors: server(`http://127.0.0.1:${address.port}`) },
    },
    tls: {
      stores: {
        default: {
          defaultCertificate: { certFile: file("tls.crt", certificate), keyFile: file("tls.key", key) },
        },
      },
    },
  };
  const fixed = {
    entryPoints: { websecure: { address: `127.0.0.1:${port}` } },
    providers: { file: { filename: file("dynamic.yml", stringify(dynamic)) } },
    global: { checkNewVersion: false, sendAnonymousUsage: false },
  };
  const traefik = await start({
    folder,
    program: toolPath("traefik"),
    args: ["--configFile", file("traefik.yml", stringify(fixed))],
    ready: () => connects(port),
  });
  return {
    door: { address: "127.0.0.1", port, ca: certificate },
    stop: async () => {
      await traefik.stop();
      editor.close();
    },
  };
}

/** A certificate of every host below a domain, that is its own authority. */
async function wildcard(domain: string): Promise<{ certificate: string; key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `01${randomBytes(8).toString("hex")}`,
    name: "CN=front of the tests",
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 30 * 86_400_000),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: `*.${domain}` }]),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" }).toString();
  return { certificate: `${made.toString("pem")}\n`, key };
}
