import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";

import { stringify } from "yaml";

import type { Middleware } from "../../components/auth";
import { localPlugins, plugins } from "../../components/ingress/plugins";
import { ensureTools, toolPath } from "../../local/toolchain";
import { freePort, start } from "../sign-in/process";

export interface TraefikArgs {
  /** A folder of its own, which is there. */
  folder: string;
  middlewares: Record<string, Middleware>;
  /** Names of those before every route, in order. */
  entry: readonly string[];
  /** Names of those before the one route, in order. */
  guard: readonly string[];
  /** Port on loopback to which the one route leads, whatever the host. */
  backend: number;
  /** Its static configuration's `tracing`. */
  tracing?: object | undefined;
  /** Texts in place of the platform's own, by module and file: broken plugins. */
  sources?: Readonly<Record<string, string>>;
}

export interface Traefik {
  /** Port of plain HTTP, on loopback. */
  web: number;
  /** Port of TLS, whose certificate Traefik made up. */
  websecure: number;
  log: () => string;
  stop: () => Promise<void>;
}

/** Starts the real Traefik as a plain process, with the platform's plugins. */
export async function traefik(args: TraefikArgs): Promise<Traefik> {
  const { folder } = args;
  await ensureTools(["traefik"], () => undefined);
  const [web, websecure] = [await freePort(), await freePort()];
  for (const { moduleName, files } of Object.values(plugins)) {
    const own = path.join(folder, "plugins-local/src", moduleName);
    fs.mkdirSync(own, { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      fs.writeFileSync(path.join(own, file), args.sources?.[`${moduleName}/${file}`] ?? text);
    }
  }
  const write = (file: string, content: unknown) => {
    fs.writeFileSync(path.join(folder, file), stringify(content, { aliasDuplicateObjects: false }));
  };
  const route = { rule: "PathPrefix(`/`)", middlewares: args.guard, service: "backend" };
  write("dynamic.yaml", {
    http: {
      middlewares: args.middlewares,
      routers: {
        plain: { entryPoints: ["web"], ...route },
        secure: { entryPoints: ["websecure"], tls: {}, ...route },
        ready: { entryPoints: ["web"], rule: "Host(`ready`)", priority: 1000, service: "noop@internal" },
      },
      services: { backend: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${args.backend}` }] } } },
    },
  });
  const entry = { middlewares: args.entry.map((name) => `${name}@file`) };
  write("traefik.yaml", {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    entryPoints: {
      web: { address: `127.0.0.1:${web}`, http: entry },
      websecure: { address: `127.0.0.1:${websecure}`, http: { ...entry, tls: {} } },
    },
    providers: { file: { filename: path.join(folder, "dynamic.yaml"), watch: false } },
    experimental: { localPlugins },
    ...(args.tracing === undefined ? {} : { tracing: args.tracing }),
  });
  const { stop } = await start({
    folder,
    program: toolPath("traefik"),
    args: [`--configFile=${path.join(folder, "traefik.yaml")}`],
    // It listens before it has routes; what leads nowhere is a teapot to it.
    ready: () => answers(web, "ready", 418),
  });
  return { web, websecure, log: () => fs.readFileSync(path.join(folder, "traefik.log"), "utf8"), stop };
}

function answers(port: number, host: string, status: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: "127.0.0.1", port, headers: { host }, agent: false })
      .on("error", reject)
      .on("response", (answer) => {
        answer.resume();
        if (answer.statusCode === status) resolve();
        else reject(new Error(`Traefik answers ${answer.statusCode ?? 0}`));
      });
  });
}
