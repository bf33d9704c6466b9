import fc from "fast-check";

import { data, dataMistakes, dataSecrets, storesOf } from "../../infra/data";
import { Explanation } from "../../infra/explain";
import { keys } from "../../infra/values";

/** What is wrong with this config, as the engine prints it. */
function mistakes(config: unknown): string[] {
  const values = { data: config };
  const { error } = keys({ data }).safeParse(values, { reportInput: true });
  const lines = error === undefined ? [] : new Explanation("vibecode", values, () => false).of(error);
  return lines.map((line) => line.replace(/^vibecode:/, ""));
}

const external = { kind: "external", host: "db.example.com", addresses: ["10.1.2.0/24"] };

test("without a word both stores are the stack's own, and the database is dumped each night for two weeks", () => {
  expect(data.parse({})).toEqual({
    postgres: {
      kind: "own",
      size: "2Gi",
      passwordVersion: 1,
      backups: { schedule: "17 3 * * *", keep: 14, size: "2Gi" },
    },
    valkey: { kind: "own", size: "1Gi", passwordVersion: 1 },
  });
});

test("an external store needs a host and its addresses, and has a checked certificate", () => {
  expect(data.parse({ postgres: external, valkey: external })).toEqual({
    postgres: { ...external, port: 5432, username: "authelia", database: "authelia", tls: "verify" },
    valkey: { ...external, port: 6379, username: "default", tls: "verify" },
  });
});

const pem = "-----BEGIN CERTIFICATE-----\nMIIB+/=\n-----END CERTIFICATE-----\n";
test.each<[string, object]>([
  ["an address for a host", { host: "10.1.2.3" }],
  ["an IPv6 address for a host", { host: "fd00::5", addresses: ["fd00::/64"] }],
  ["a chain of authorities", { ca: `${pem}${pem}` }],
  ["a role as some clouds name it", { username: "authelia@main-server" }],
  ["plain text, where it is asked for", { tls: "off" }],
])("takes %s", (_, change) => {
  expect(mistakes({ postgres: { ...external, ...change } })).toEqual([]);
});

const cronRule = 'must be five fields of cron in numbers, such as "17 3 * * *"';
const hostRule = "must be a DNS name in lower case or an IP address, without scheme and port";
test.each<[unknown, string]>([
  [{ postgres: { kind: "none" } }, 'data.postgres.kind: "none" must be one of own, external'],
  [{ postgres: { size: "5Gi" } }, "data.postgres.kind: is missing: must be one of own, external"],
  [{ redis: {} }, "data.redis: {} has no place here: the keys are postgres, valkey"],
  [
    { postgres: { ...external, size: "5Gi" } },
    'data.postgres.size: "5Gi" has no place here: the keys are kind, host, port, username, tls, ca, addresses, database',
  ],
  [
    { valkey: { ...external, password: "x" } },
    'data.valkey.password: "x" has no place here: the keys are kind, host, port, username, tls, ca, addresses',
  ],
  [
    { valkey: { kind: "own", size: "500m" } },
    'data.valkey.size: "500m" must be bytes such as 512Mi or 10Gi: m is a thousandth of one',
  ],
  [{ valkey: { kind: "own", passwordVersion: 0 } }, "data.valkey.passwordVersion: 0 must be at least 1"],
  [{ postgres: { kind: "own", backups: { keep: 0 } } }, "data.postgres.backups.keep: 0 must be at least 1"],
  [
    { postgres: { kind: "own", backups: { keep: 1.5 } } },
    "data.postgres.backups.keep: 1.5 must be a whole number",
  ],
  [
    { postgres: { kind: "own", backups: { schedule: "@daily" } } },
    `data.postgres.backups.schedule: "@daily" ${cronRule}`,
  ],
  [{ postgres: { ...external, host: "https://db" } }, `data.postgres.host: "https://db" ${hostRule}`],
  [{ postgres: { ...external, host: "db:5432" } }, `data.postgres.host: "db:5432" ${hostRule}`],
  [{ postgres: { ...external, host: undefined } }, `data.postgres.host: is missing: ${hostRule}`],
  [
    { postgres: { ...external, username: "a b" } },
    'data.postgres.username: "a b" must be letters, digits, dots, dashes, underscores and @, at most 63 characters',
  ],
  [
    { postgres: { ...external, addresses: [] } },
    "data.postgres.addresses: [] must name at least one range: sign-in reaches no others",
  ],
  [
    { postgres: { ...external, addresses: undefined } },
    "data.postgres.addresses: is missing: must be a list of ranges such as 10.1.2.0/24",
  ],
  [
    { postgres: { ...external, addresses: ["10.1.2.0/33"] } },
    'data.postgres.addresses[0]: "10.1.2.0/33" must be a range of addresses such as 10.244.0.0/16 or fd00:10::/56',
  ],
  [
    { postgres: { ...external, ca: "/etc/ca.crt" } },
    'data.postgres.ca: "/etc/ca.crt" must be one certificate or several, PEM',
  ],
  [{ postgres: { ...external, tls: "require" } }, 'data.postgres.tls: "require" must be one of verify, off'],
])("refuses %j", (config, message) => {
  expect(mistakes(config)).toEqual([message]);
});

describe("a schedule", () => {
  const taken = (schedule: string) =>
    mistakes({ postgres: { kind: "own", backups: { schedule } } }).length === 0;

  test.each(["0 0 1 1 0", "59 23 31 12 6", "*/15 * * * *", "0 3,15 * * 1-5", "0 0-12/3 * * *"])(
    "may be %s",
    (schedule) => {
      expect(taken(schedule)).toBe(true);
    },
  );

  test.each(["60 3 * * *", "0 24 * * *", "0 0 0 * *", "0 0 * 13 *", "0 0 * * 7", "0 5-3 * * *"])(
    "is never %s, which is out of its range",
    (schedule) => {
      expect(taken(schedule)).toBe(false);
    },
  );

  test.each([
    "",
    "* * * *",
    "* * * * * *",
    "a * * * *",
    "*/0 * * * *",
    "1- * * * *",
    "1, * * * *",
    "-1 * * * *",
  ])("is never %j, which is no cron", (schedule) => {
    expect(taken(schedule)).toBe(false);
  });

  test("is whatever numbers within the ranges make", () => {
    const minute = fc.integer({ min: 0, max: 59 });
    const hour = fc.integer({ min: 0, max: 23 });
    fc.assert(
      fc.property(minute, hour, (m, h) => {
        expect(taken(`${m} ${h} * * *`)).toBe(true);
        expect(taken(`${m + 60} ${h} * * *`)).toBe(false);
      }),
    );
  });
});

describe("the passwords of external stores", () => {
  test("are missed where there is none, and refused where no store is external", () => {
    expect(dataMistakes({ data: { postgres: external } })).toEqual([
      {
        path: ["dataSecrets", "postgres"],
        message:
          "must be the password of the external server: set it with `pulumi config set --secret --path 'vibecode:dataSecrets.postgres'`",
      },
    ]);
    expect(dataMistakes({ dataSecrets: { valkey: "x" } })).toEqual([
      {
        path: ["dataSecrets", "valkey"],
        message: "must go: it is for data.valkey of kind external, and an own server's password is generated",
      },
    ]);
    expect(dataMistakes({ data: { valkey: external }, dataSecrets: { valkey: "x" } })).toEqual([]);
    expect(dataMistakes({})).toEqual([]);
  });

  test.each([[{ data: 5 }], [{ data: { postgres: 5 } }], [{ dataSecrets: "x" }], [{ dataSecrets: [1] }]])(
    "are not asked of what cannot be read: %j",
    (values) => {
      expect(dataMistakes(values)).toEqual([]);
    },
  );

  test("go to their stores", () => {
    const config = data.parse({ postgres: external, valkey: { ...external, tls: "off" } });
    const secrets = dataSecrets.parse({ postgres: "first", valkey: "second" });
    expect(storesOf(config, secrets, { postgres: "unused", valkey: "unused" })).toMatchObject({
      postgres: { kind: "external", host: "db.example.com", password: "first" },
      valkey: { kind: "external", tls: "off", password: "second" },
    });
  });
});

test("own stores get their images", () => {
  const images = { postgres: "postgres:17", valkey: "valkey:9" };
  expect(storesOf(data.parse({}), {}, images)).toMatchObject({
    database: "authelia",
    postgres: { kind: "own", image: "postgres:17", size: "2Gi", backups: { keep: 14 } },
    valkey: { kind: "own", image: "valkey:9" },
  });
});
