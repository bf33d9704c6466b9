import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";

import { parse, stringify } from "yaml";

import { ensureTools, toolPath } from "../../local/toolchain";
import { direct, type Portal } from "./portal";
import { freePort, start, type Running } from "./process";
import type { PostgresStore, Store } from "./stores";
import { translate, translateVariable } from "./translate";

export interface AutheliaArgs {
  /** A folder of its own, which is there. */
  folder: string;
  /** The configuration, or its YAML, with the keys of 4.39. Paths and addresses become the folder's and loopback's. */
  configuration: unknown;
  /** The users' file, as it is mounted. */
  users: string;
  /** Names of secrets to their values, as the files that `AUTHELIA_<name>_FILE` names. Default ones of the test. */
  secrets?: Readonly<Record<string, string>>;
  /** Default SQLite for what lasts, memory for sessions. */
  stores?: { postgres: PostgresStore; redis: Store } | undefined;
}

/** The real Authelia on loopback. */
export interface Authelia extends Running, Portal {
  port: number;
  /** What 4.37.5 has nothing for, and why. */
  dropped: Record<string, string>;
  /** Its log so far. */
  log: () => string;
  /** Ends it and starts it again: sessions last only in Redis. */
  restart: () => Promise<void>;
}

/** Starts Authelia 4.37.5 with a configuration of 4.39, as a plain process. */
export async function authelia(args: AutheliaArgs): Promise<Authelia> {
  const { folder, stores } = args;
  await ensureTools(["authelia"], () => undefined);
  const port = await freePort();
  const given: unknown =
    typeof args.configuration === "string" ? parse(args.configuration) : args.configuration;
  const { configuration, check, dropped } = translate(given);
  const notifications = path.join(folder, "notification.txt");
  const users = path.join(folder, "users.yml");

  // Whatever the configuration says of places is of a pod.
  set(configuration, ["server", "host"], "127.0.0.1");
  set(configuration, ["server", "port"], port);
  if (has(configuration, ["authentication_backend", "file"])) {
    set(configuration, ["authentication_backend", "file", "path"], users);
    fs.writeFileSync(users, args.users);
  }
  set(configuration, ["notifier"], { filesystem: { filename: notifications } });
  if (stores === undefined) {
    set(configuration, ["storage"], { local: { path: path.join(folder, "authelia.sqlite3") } });
    set(configuration, ["session", "redis"], undefined);
  } else {
    const { database, username } = stores.postgres;
    set(configuration, ["storage"], {
      postgres: { host: "127.0.0.1", port: stores.postgres.port, database, username },
    });
    set(configuration, ["session", "redis"], { host: "127.0.0.1", port: stores.redis.port });
  }
  const file = path.join(folder, "configuration.yml");
  fs.writeFileSync(file, stringify(configuration));

  const own = {
    SESSION_SECRET: "s".repeat(64),
    STORAGE_ENCRYPTION_KEY: "e".repeat(64),
    IDENTITY_VALIDATION_RESET_PASSWORD_JWT_SECRET: "j".repeat(64),
    ...args.secrets,
    ...(stores === undefined
      ? {}
      : {
          STORAGE_POSTGRES_PASSWORD: stores.postgres.password,
          SESSION_REDIS_PASSWORD: stores.redis.password,
        }),
  };
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    const secret = path.join(folder, name);
    fs.writeFileSync(secret, value, { mode: 0o600 });
    env[translateVariable(`AUTHELIA_${name}_FILE`)] = secret;
  }

  const run = () =>
    start({
      folder,
      program: toolPath("authelia"),
      args: ["--config", file],
      env,
      ready: () => healthy(port),
    });
  let running = await run();
  return {
    port,
    check,
    dropped,
    send: direct(port),
    notification: () => fs.readFileSync(notifications, "utf8"),
    log: () => fs.readFileSync(path.join(folder, "authelia.log"), "utf8"),
    stop: () => running.stop(),
    restart: async () => {
      await running.stop();
      running = await run();
    },
  };
}

function healthy(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = http.get({ host: "127.0.0.1", port, path: "/api/health", agent: false, timeout: 5_000 });
    asked
      .on("timeout", () => asked.destroy(new Error("no answer")))
      .on("error", reject)
      .on("response", (answer) => {
        answer.resume();
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`health is ${answer.statusCode ?? 0}`));
      });
  });
}

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function has(tree: Tree, [name = "", ...rest]: readonly string[]): boolean {
  const below = tree[name];
  return rest.length === 0 ? below !== undefined : isTree(below) && has(below, rest);
}

function set(tree: Tree, [name = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    // YAML has no word for what is not there.
    if (value === undefined) Reflect.deleteProperty(tree, name);
    else tree[name] = value;
    return;
  }
  const below = tree[name];
  const next = isTree(below) ? below : {};
  tree[name] = next;
  set(next, rest, value);
}
