import { z } from "zod";

import { ensureImages } from "../../local/images";
import { kubeconfig, kubectl } from "../platform/kubectl";
import type { Stack } from "../plugins/engine";
import { inPod, namespace, outward, person, program, stackOf } from "./data-stack";
import { eventually } from "./eventually";
import { testCluster } from "./instance";
import { kubectlOf } from "./kubectl";

jest.setTimeout(300_000);

const quiet = () => undefined;
const host = (store: string) => `${store}.${namespace}.svc.cluster.local`;
const apply = (...items: readonly object[]) =>
  kubectlOf(kubeconfig())(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
const here = (...words: string[]) => kubectl("-n", namespace, ...words).trim();

let image: string;
let stack: Stack;
let passwords: { postgres: string; valkey: string };

/** The answer of Postgres over the network, or why there is none. */
function postgres(sql: string, { pod = "client", password = passwords.postgres, login = "authelia" } = {}) {
  const [user = "", database = user] = login.split("@");
  const env = { PGPASSWORD: password, PGCONNECT_TIMEOUT: "5", SQL: sql };
  const words = `--host=${host("postgres")} --username=${user} --dbname=${database} -qAt`;
  return inPod(pod, `psql ${words} --command="$SQL"`, env);
}

/** The answer of Valkey. */
function valkey(command: string, { pod = "client", as = `--pass ${passwords.valkey}` } = {}) {
  return inPod(pod, `timeout 5 valkey-cli --no-auth-warning -h ${host("valkey")} ${as} ${command}`);
}

/** The names of the dumps, as the server's pod sees them. */
const dumps = () => inPod("postgres-0", "ls /dumps").split("\n").filter(Boolean);

const job = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    backoffLimit: z.number(),
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.tuple([
          z.looseObject({
            command: z.array(z.string()),
            env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
          }),
        ]),
      }),
    }),
  }),
});

/** Runs the CronJob's pod now, with a command before it and other variables, and says how the job ended. */
async function runDump(name: string, before = "true", change: Record<string, string> = {}) {
  const text = here("create", "job", name, "--from=cronjob/postgres-dump", "--dry-run=client", "-o", "json");
  const made = job.parse(JSON.parse(text));
  made.spec.backoffLimit = 0;
  const [container] = made.spec.template.spec.containers;
  container.command = ["sh", "-c", `${before} && exec ${container.command.join(" ")}`];
  for (const one of container.env) one.value = change[one.name] ?? one.value;
  await apply({ ...made, metadata: { ...made.metadata, namespace } });
  return eventually(async () => {
    const ended = here("get", "job", name, "-o", "jsonpath={.status.conditions[*].type}");
    if (!/Complete|Failed/.test(ended)) throw new Error(`the job ${name} has not ended: ${ended}`);
    const log = here("logs", `job/${name}`);
    return Promise.resolve({ complete: ended.includes("Complete"), log });
  }, 180);
}

async function up(asked: Parameters<typeof program>[1]) {
  await stack.program(program(image, asked));
  const run = await stack.up();
  if (run.exitCode !== 0) throw new Error(run.text);
  passwords = z.object({ postgres: z.string(), valkey: z.string() }).parse(await stack.outputs());
  return run;
}

const answering = (store: string) =>
  eventually(() => {
    const answer = store === "postgres" ? postgres("select 1") : valkey("ping");
    if (!/^(1|PONG)$/.test(answer)) throw new Error(answer);
    return Promise.resolve();
  }, 120);

beforeAll(async () => {
  const { databases: built } = await ensureImages(["databases"], quiet);
  await testCluster("test").loadImages([built], quiet);
  image = built.ref;
  stack = await stackOf(image);
  await up({});
  await apply(outward, person("client", "client", image), person("stranger", "stranger", image));
  here("wait", "pod/client", "pod/stranger", "--for=condition=Ready", "--timeout=120s");
  await answering("postgres");
  await answering("valkey");
}, 600_000);

afterAll(async () => {
  await stack.destroy();
  await stack.remove();
}, 300_000);

test("an up that changes nothing does nothing", async () => {
  expect((await up({})).steps).toEqual([]);
});

test("no password, a wrong one, the superuser's name and another database are refused", () => {
  expect(postgres("select 1", { password: "" })).toMatch(/no password supplied/);
  expect(postgres("select 1", { password: "wrong" })).toMatch(/password authentication failed/);
  expect(postgres("select 1", { login: "postgres" })).toMatch(/pg_hba.conf rejects connection/);
  expect(postgres("select 1", { login: "authelia@postgres" })).toMatch(/no pg_hba.conf entry/);
  expect(valkey("get x", { as: "" })).toMatch(/^NOAUTH/);
  expect(valkey("get x", { as: "--pass wrong" })).toMatch(/NOAUTH|WRONGPASS/);
});

test("the password is kept as SCRAM, and the role owns its database and nothing more", () => {
  const sql = "select left(rolpassword, 14), rolsuper, rolcreatedb from pg_authid where rolname = 'authelia'";
  expect(inPod("postgres-0", `psql -U postgres -qAt -c "${sql}"`)).toBe("SCRAM-SHA-256$|f|f");
  expect(postgres("create table own (x int); drop table own")).toBe("");
  expect(postgres("create database other")).toMatch(/permission denied/);
});

test("a client of Valkey cannot run the server, and whoever probes it can only ask whether it is there", () => {
  expect(valkey("config get maxmemory")).toMatch(/NOPERM/);
  expect(valkey("shutdown nosave")).toMatch(/NOPERM/);
  expect(valkey("ping", { as: "--user probe --pass none" })).toBe("PONG");
  expect(valkey("get x", { as: "--user probe --pass none" })).toMatch(/NOPERM/);
});

test("a pod that is no client reaches neither, with the password", () => {
  expect(postgres("select 1", { pod: "stranger" })).toMatch(/timeout expired|refused/i);
  expect(valkey("ping", { pod: "stranger" })).not.toMatch(/PONG/);
  expect(postgres("select 1")).toBe("1");
  expect(valkey("ping")).toBe("PONG");
});

test("what was written is there after both servers were killed", async () => {
  expect(postgres("create table kept (word text); insert into kept values ('there')")).toBe("");
  expect(valkey("set kept there ex 3600")).toBe("OK");
  // Valkey's log is on disk within a second.
  expect(inPod("client", "sleep 1.5")).toBe("");
  here("delete", "pod", "postgres-0", "valkey-0", "--grace-period=0", "--force");
  await answering("postgres");
  await answering("valkey");
  expect(postgres("select word from kept")).toBe("there");
  expect(valkey("get kept")).toBe("there");
});

test("a dump can be read back into an empty database", async () => {
  const { complete, log } = await runDump("first");
  expect([complete, log]).toEqual([
    true,
    expect.stringMatching(/^wrote authelia-\S+\.dump, \d+ bytes; 1 dumps are kept$/),
  ]);
  const [dump = ""] = dumps();
  const restore = `createdb -U postgres restored && pg_restore --exit-on-error -U postgres -d restored /dumps/${dump}`;
  expect(inPod("postgres-0", restore)).toBe("");
  expect(inPod("postgres-0", "psql -U postgres -d restored -qAt -c 'select word from kept'")).toBe("there");
  expect(inPod("postgres-0", "dropdb -U postgres restored && touch /dumps/x")).toMatch(
    /Read-only file system/,
  );
});

test("a dump that fails takes none away, and the next good one takes the old ones", async () => {
  const old = "authelia-20200101T000000Z.dump";
  const failed = await runDump("second", `touch -d '20 days ago' /dumps/${old}`, { PGDATABASE: "authelia2" });
  expect(failed.complete).toBe(false);
  expect(failed.log).toMatch(/pg_dump: error/);
  expect(dumps()).toContain(old);
  const before = dumps().length;
  expect((await runDump("third")).complete).toBe(true);
  expect(dumps()).not.toContain(old);
  expect(dumps()).toHaveLength(before);
});

test("another version is another password: the old one is refused, and nothing is lost", async () => {
  const old = passwords;
  const run = await up({ postgresVersion: 2, valkeyVersion: 2 });
  expect(
    run.steps
      .filter(({ op }) => op === "replace")
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["data-postgres-password", "data-valkey-password"]);
  expect(passwords.postgres).not.toBe(old.postgres);
  expect(passwords.valkey).not.toBe(old.valkey);
  await answering("postgres");
  await answering("valkey");
  expect(postgres("select word from kept")).toBe("there");
  expect(valkey("get kept")).toBe("there");
  expect(postgres("select 1", { password: old.postgres })).toMatch(/password authentication failed/);
  expect(valkey("ping", { as: `--pass ${old.valkey}` })).toMatch(/NOAUTH|WRONGPASS/);
  expect((await runDump("fourth")).complete).toBe(true);
});

test("a volume grows under the running server", async () => {
  const uid = () => here("get", "pod", "postgres-0", "-o", "jsonpath={.metadata.uid}");
  const before = uid();
  const run = await up({ postgresVersion: 2, valkeyVersion: 2, postgresSize: "400Mi" });
  expect(run.steps.map(({ op, name }) => [op, name])).toEqual([["update", "data-postgres-volume-postgres"]]);
  await eventually(() => {
    const size = here("get", "pvc", "postgres", "-o", "jsonpath={.status.capacity.storage}");
    if (size !== "400Mi") throw new Error(size);
    return Promise.resolve();
  }, 120);
  expect(uid()).toBe(before);
  expect(postgres("select word from kept")).toBe("there");
});
