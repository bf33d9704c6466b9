import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { connects, freePort, says, start, type Owner } from "./process";

/** A store of the tests, on loopback. Stopped and started again, it has its port and what was stored. */
export interface Store {
  port: number;
  password: string;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface PostgresStore extends Store {
  database: string;
  username: string;
}

/** Debian's Postgres (package `postgresql-15`), whose data is below the folder. It is started. */
export async function postgres(folder: string): Promise<PostgresStore> {
  const bin = "/usr/lib/postgresql/15/bin";
  const store = {
    port: await freePort(),
    password: "postgres-password",
    database: "authelia",
    username: "authelia",
  };
  // It does not run as root: Debian's package made a user for it.
  const user = process.getuid?.() === 0 ? userCalled("postgres") : undefined;
  const own = ownFolder(folder, "postgres", user);
  const data = path.join(own, "data");
  const passwordFile = path.join(own, "password");
  fs.writeFileSync(passwordFile, store.password);
  const initialise = ["--pgdata", data, "--username", store.username, "--pwfile", passwordFile];
  execFileSync(`${bin}/initdb`, [...initialise, "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8"], {
    cwd: own,
    stdio: "pipe",
    ...user,
  });
  const options = {
    port: store.port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: own,
    // Nothing of a test outlives the machine.
    fsync: "off",
  };
  // A server that is starting listens, and refuses.
  const query = (database: string, sql: string) =>
    execFileSync(
      "psql",
      ["-h", "127.0.0.1", "-p", String(store.port), "-U", store.username, database, "-c", sql],
      {
        env: { ...process.env, PGPASSWORD: store.password },
        stdio: "pipe",
      },
    );
  const control = restartable(() =>
    start({
      folder: own,
      program: `${bin}/postgres`,
      args: ["-D", data, ...Object.entries(options).flatMap(([key, value]) => ["-c", `${key}=${value}`])],
      user,
      ready: async () => {
        await connects(store.port);
        query("postgres", "select 1");
      },
      // Fast: it does not wait for its clients.
      signal: "SIGINT",
    }),
  );
  await control.start();
  query("postgres", `create database ${store.database}`);
  return { ...store, ...control };
}

/** Debian's Redis (package `redis-server`), which writes down each change. It is started. */
export async function redis(folder: string): Promise<Store> {
  const own = ownFolder(folder, "redis");
  const store = { port: await freePort(), password: "redis-password" };
  const options = {
    port: store.port,
    bind: "127.0.0.1",
    requirepass: store.password,
    dir: own,
    appendonly: "yes",
    save: "",
  };
  const control = restartable(() =>
    start({
      folder: own,
      program: "redis-server",
      args: Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]),
      // One that is still reading what it wrote down listens, and refuses.
      ready: () => says(store.port, `AUTH ${store.password}\r\nPING\r\n`, "+OK\r\n+PONG\r\n"),
    }),
  );
  await control.start();
  return { ...store, ...control };
}

/** What can be stopped and started again. */
export function restartable(
  run: () => Promise<{ stop: () => Promise<void> }>,
): Pick<Store, "start" | "stop"> {
  let running: { stop: () => Promise<void> } | undefined;
  const stop = async () => {
    await running?.stop();
    running = undefined;
  };
  return {
    start: async () => {
      await stop();
      running = await run();
    },
    stop,
  };
}

/** A folder below, which is its owner's alone. */
export function ownFolder(folder: string, name: string, owner?: Owner): string {
  const own = path.join(folder, name);
  fs.mkdirSync(own, { mode: 0o700 });
  if (owner !== undefined) {
    // The way there must be open to whoever runs below it.
    fs.chmodSync(folder, 0o755);
    fs.chownSync(own, owner.uid, owner.gid);
  }
  return own;
}

/** A user of this machine. */
export function userCalled(name: string): Owner {
  const id = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
