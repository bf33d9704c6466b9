import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { chromium, type BrowserContext } from "playwright-core";

import type { Door } from "../../local/door";

/** A person's browser: it trusts one authority, and finds the platform's hosts at one node's address. */
export interface Person {
  context: BrowserContext;
  close: () => Promise<void>;
}

export interface PersonArgs {
  /** Where the platform answers, and the authority to trust: no switch makes it ignore a wrong certificate. */
  door: Door;
  /** Hosts below this name are found at the door. */
  domain: string;
  credentials?: { username: string; password: string };
}

/** Starts Debian's Chromium with a new profile whose certificate store holds the authority. */
export async function person(args: PersonArgs): Promise<Person> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-browser-"));
  trust(home, args.door.ca);
  const context = await chromium.launchPersistentContext(path.join(home, "profile"), {
    executablePath: "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1280, height: 800 },
    env: { ...process.env, HOME: home },
    ...(args.credentials === undefined ? {} : { httpCredentials: args.credentials }),
    args: [
      "--no-sandbox", // the tests run as root, where Chromium refuses its own sandbox
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      `--host-resolver-rules=MAP *.${args.domain}:443 ${args.door.address}:${args.door.port}`,
    ],
  });
  return {
    context,
    close: async () => {
      await context.close();
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}

/** What a user does to trust the stack's authority: add it to the browser's own store. */
function trust(home: string, ca: string): void {
  const store = path.join(home, ".pki", "nssdb");
  fs.mkdirSync(store, { recursive: true });
  const file = path.join(home, "ca.crt");
  fs.writeFileSync(file, ca);
  const certutil = (...words: string[]) => execFileSync("certutil", ["-d", `sql:${store}`, ...words]);
  certutil("-N", "--empty-password");
  certutil("-A", "-t", "C,,", "-n", "vibecode", "-i", file);
}
