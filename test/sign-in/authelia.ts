import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";

import { parse, stringify } from "yaml";

import { run, type Ran } from "../../local/host";
import { writeSignIn } from "../../local/images/sign-in";
import { translate } from "../../local/sign-in/translate";
import { ensureTools, toolPath } from "../../local/toolchain";
import { checkPath, direct, type Portal } from "./portal";
import { freePort, start, type Running } from "./process";
import type { PostgresStore, Store } from "./stores";

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

/** Authelia on loopback: the program of local/sign-in, and the real 4.37.5 behind it. */
export interface Authelia extends Portal, Pick<Running, "ended" | "stop"> {
  port: number;
  /** Where it is measured, if the configuration says so. */
  metrics: number | undefined;
  /** Asks it on the command line, `storage encryption check`: with its configuration, and with other variables. */
  run: (words: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ran>;
  /** Process id of the program; the real one is its only child. */
  pid: () => number;
  /** What 4.37.5 has nothing for, and why. */
  dropped: Record<string, string>;
  /** Its log so far. */
  log: () => string;
  /** Ends it and starts it again: sessions last only in Redis. */
  restart: () => Promise<void>;
}

/** Starts the program of local/sign-in with a configuration of 4.39, as a plain process, as its image runs it. */
export async function authelia(args: AutheliaArgs): Promise<Authelia> {
  const { folder, stores } = args;
  await ensureTools(["authelia"], () => undefined);
  const port = await freePort();
  const configuration: unknown =
    typeof args.configuration === "string" ? parse(args.configuration) : structuredClone(args.configuration);
  if (!isTree(configuration)) throw new Error("no configuration");
  const { dropped } = translate(configuration);
  const notifications = path.join(folder, "notification.txt");
  const users = path.join(folder, "users.yml");

  // Whatever the configuration says of places is of a pod.
  set(configuration, ["server", "address"], `tcp://127.0.0.1:${port}/`);
  const metrics = has(configuration, ["telemetry", "metrics"]) ? await freePort() : undefined;
  if (metrics !== undefined)
    set(configuration, ["telemetry", "metrics", "address"], `tcp://127.0.0.1:${metrics}/metrics`);
  if (has(configuration, ["authentication_backend", "file"])) {
    set(configuration, ["authentication_backend", "file", "path"], users);
    fs.writeFileSync(users, args.users);
  }
  set(configuration, ["notifier"], { filesystem: { filename: notifications } });
  if (stores === undefined) {
    set(configuration, ["storage"], { local: { path: path.join(folder, "authelia.sqlite3") } });
    set(configuration, ["session", "redis"], undefined);
  } else {
    const { port: postgres, database, username } = stores.postgres;
    set(configuration, ["storage"], {
      postgres: { address: `tcp://127.0.0.1:${postgres}`, database, username },
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
    env[`AUTHELIA_${name}_FILE`] = secret;
  }

  const program = path.join(folder, "program");
  fs.mkdirSync(program);
  writeSignIn(program);
  fs.symlinkSync(toolPath("authelia"), path.join(program, "authelia"));
  const main = path.join(program, "main.js");

  const begin = () =>
    start({
      folder,
      name: "authelia",
      program: process.execPath,
      args: [main, `--config=${file}`],
      env,
      ready: () => healthy(port),
    });
  let running = await begin();
  return {
    port,
    metrics,
    check: checkPath,
    dropped,
    run: (words, more) =>
      run(process.execPath, [main, ...words, "--config", file], {
        env: { ...env, ...more },
        timeout: 60_000,
      }),
    pid: () => running.pid,
    ended: () => running.ended(),
    send: direct(port),
    notification: () => fs.readFileSync(notifications, "utf8"),
    log: () => fs.readFileSync(path.join(folder, "authelia.log"), "utf8"),
    stop: () => running.stop(),
    restart: async () => {
      await running.stop();
      running = await begin();
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
