import { generateKeyPairSync, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as https from "node:https";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

import { checkout } from "../../local/paths";
import type { Settings } from "./issuer-server";
import { freePort, start, type Running } from "./process";
import { selfSigned } from "./self-signed";

/** What the issuer says of somebody besides `sub`, which is the name they log in with. */
export interface Claims {
  email?: string;
  email_verified?: boolean;
  groups?: readonly string[];
}

export interface IssuerArgs {
  /** A folder of its own, which is there. */
  folder: string;
  /** By the name with which they log in. */
  accounts: Readonly<Record<string, Claims>>;
  /** Where the one client wants people sent back to. */
  redirect: string;
  /** Where it listens; default 127.0.0.1. */
  address?: string;
  /** Words before its command; default none. */
  within?: readonly string[];
}

/** A small OpenID issuer. Its page has one field, `login`, and needs no password. */
export interface Issuer extends Running {
  /** `https://127.0.0.1:8443` */
  url: string;
  client: { id: string; secret: string };
  /** What its certificate is checked with, PEM. */
  ca: string;
}

const loader = pathToFileURL(path.join(checkout, "node_modules/tsx/dist/loader.mjs")).href;

/** Starts an issuer as a process of its own. */
export async function issuer(args: IssuerArgs): Promise<Issuer> {
  const { folder, address = "127.0.0.1" } = args;
  const port = await freePort();
  const url = `https://${address}:${port}`;
  const client = { id: "vibecode", secret: randomBytes(16).toString("hex") };
  const { certificate, key } = await selfSigned(address);
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const settings: Settings = {
    url,
    address,
    port,
    certificate,
    key,
    tokenKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    client: { ...client, redirect: args.redirect },
    accounts: Object.fromEntries(
      Object.entries(args.accounts).map(([name, claims]) => [name, { ...claims }]),
    ),
  };
  const file = path.join(folder, "issuer.json");
  fs.writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  const [program, ...words] = [...(args.within ?? []), process.execPath];
  const running = await start({
    folder,
    name: "issuer",
    program,
    // Not by tsx's command, which starts a second process that outlives a killed first.
    args: [...words, "--import", loader, path.join(__dirname, "issuer-server.ts"), file],
    ready: () => answers(`${url}/.well-known/openid-configuration`, certificate),
  });
  return { ...running, url, client, ca: certificate };
}

function answers(url: string, ca: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = https.get(url, { ca, agent: false, timeout: 5_000 });
    asked
      .on("timeout", () => asked.destroy(new Error("no answer")))
      .on("error", reject)
      .on("response", (answer) => {
        answer.resume();
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`the issuer answers ${answer.statusCode ?? 0}`));
      });
  });
}
