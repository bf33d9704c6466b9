import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse as parseYaml } from "yaml";
import { z } from "zod";

import type { Volumes } from "../../infra/checks";
import { parseConfig } from "../../infra/config";
import { ConfigError } from "../../infra/explain";
import { judged } from "./policy-judged";
import { engineConfig, find, minimal, runProgram, type Run } from "./mocks";

const { cluster, ...common } = minimal;

/** Two clusters, alice on one and bob on the other. */
const two = {
  ...common,
  domain: "ide.example.com",
  clusters: {
    eu: { cluster: { context: "europe" } },
    us: { cluster: { context: "america" } },
  },
  users: [
    { name: "alice", cluster: "eu" },
    { name: "bob", cluster: "us" },
  ],
};

const parse = (config: Record<string, unknown>, volumes: Record<string, Volumes> = {}) =>
  parseConfig(engineConfig(config), { volumes });

function mistakes(change: Record<string, unknown>, volumes?: Record<string, Volumes>): readonly string[] {
  try {
    parse(Object.fromEntries(Object.entries({ ...two, ...change }).filter(([, value]) => value)), volumes);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

describe("a stack of two clusters", () => {
  test("is one place a cluster, each complete, with its users and its domain", () => {
    const { places, users } = parse(two);
    expect(
      places.map(({ name, prefix, domain, cluster, users }) => [
        name,
        prefix,
        domain,
        cluster.context,
        cluster.name,
        users.map((user) => user.name),
      ]),
    ).toEqual([
      ["eu", "eu-", "eu.ide.example.com", "europe", "eu", ["alice"]],
      ["us", "us-", "us.ide.example.com", "america", "us", ["bob"]],
    ]);
    expect(users.map(({ name }) => name)).toEqual(["alice", "bob"]);
  });

  test("what a cluster says takes the place of what the stack says, as a whole and there alone", () => {
    const [eu, us] = parse({
      ...two,
      storage: { home: "20Gi", class: "fast" },
      clusters: { ...two.clusters, us: { ...two.clusters.us, storage: { class: "gp3" } } },
    }).places;
    expect(eu?.storage).toMatchObject({ home: "20Gi", class: "fast" });
    expect(us?.storage).toMatchObject({ home: "10Gi", class: "gp3" });
    expect(eu?.users[0]?.home).toBe("20Gi");
    expect(us?.users[0]?.home).toBe("10Gi");
  });

  test("with a first one, users who name none are there, at the stack's own domain", () => {
    const clusters = {
      eu: { ...two.clusters.eu, first: true },
      us: { ...two.clusters.us, domain: "us.example.com" },
    };
    const [eu, us] = parse({ ...two, clusters, users: ["alice", { name: "bob", cluster: "us" }] }).places;
    expect(eu).toMatchObject({ prefix: "", domain: "ide.example.com", users: [{ name: "alice" }] });
    // Its identity stays, or everything there would be made anew.
    expect(eu?.cluster.name).toBe("cluster");
    expect(us).toMatchObject({ prefix: "us-", domain: "us.example.com", users: [{ name: "bob" }] });
  });

  test("with one cluster alone, users need not name it", () => {
    const config = { ...two, clusters: { eu: two.clusters.eu }, users: ["alice"] };
    expect(parse(config).places.map(({ users }) => users.length)).toEqual([1]);
  });
});

describe("a mistake about clusters is said with its path, its value and what is allowed", () => {
  const { eu, us } = two.clusters;
  const external = { kind: "external", host: "pg.example.com", addresses: ["192.0.2.7/32"] };
  const cloudflare = { kind: "external-dns", provider: { type: "cloudflare" } };

  test.each<[string, Record<string, unknown>, string[]]>([
    [
      "cluster beside clusters",
      { cluster },
      [
        'vibecode:cluster: {"context":"test"} must be left out with clusters: make it one of them, with first: true',
      ],
    ],
    [
      "neither",
      { clusters: undefined, users: ["alice"] },
      [
        "vibecode:cluster: is missing: must be an object with the keys kubeconfig, context, name, domain, network, userNamespaces",
      ],
    ],
    [
      "no cluster in clusters",
      { clusters: {}, users: ["alice"] },
      ["vibecode:clusters: {} must name at least one cluster"],
    ],
    [
      "a name that resources cannot begin with",
      { clusters: { eu, "us-east": us }, users: [] },
      [
        'vibecode:clusters.us-east: "us-east" must be lower case letters and digits, at most 10 characters, and begin with a letter',
      ],
    ],
    [
      "a key that a cluster does not have",
      { clusters: { eu: { ...eu, context: "europe" }, us } },
      [
        'vibecode:clusters.eu.context: "europe" has no place here: the keys are cluster, first, domain, workspace, storage, ingress, certificates, dns',
      ],
    ],
    [
      "a cluster that nothing points to",
      { clusters: { eu: { cluster: {} }, us } },
      [
        "vibecode:clusters.eu.cluster: {} must name a kubeconfig or a context: the current context is never taken by accident",
      ],
    ],
    [
      "a user on a cluster that is none",
      { users: [{ name: "alice", cluster: "mars" }] },
      ['vibecode:users[0].cluster: "mars" must be one of eu, us'],
    ],
    [
      "a user on no cluster",
      { users: ["alice", { name: "bob" }] },
      [
        'vibecode:users[0]: "alice" must be on a cluster: { name: alice, cluster: eu }, of eu, us',
        "vibecode:users[1].cluster: is missing: must be one of eu, us",
      ],
    ],
    [
      "a user's cluster where the stack has one",
      { clusters: undefined, cluster, users: [{ name: "alice", cluster: "eu", movedFrom: "us" }] },
      [
        'vibecode:users[0].cluster: "eu" must be left out: the stack has one cluster',
        'vibecode:users[0].movedFrom: "us" must be left out: the stack has one cluster',
      ],
    ],
    [
      "one user on two clusters",
      {
        users: [
          { name: "alice", cluster: "eu" },
          { name: "alice", cluster: "us" },
        ],
      },
      ['vibecode:users[1].name: "alice" must be unique: users[0] has it already'],
    ],
    [
      "two first ones",
      { clusters: { eu: { ...eu, first: true }, us: { ...us, first: true, domain: "us.example.com" } } },
      ["vibecode:clusters.us.first: true must be true of one cluster alone: it is of eu"],
    ],
    [
      "a domain below another's",
      { clusters: { eu: { ...eu, domain: "example.com" }, us } },
      [
        "vibecode:clusters.us.domain: is missing: must be neither above nor below the domain of eu, example.com, nor the same; here it is us.ide.example.com",
      ],
    ],
    [
      "a domain above another's",
      { clusters: { eu, us: { ...us, domain: "ide.example.com" } } },
      [
        'vibecode:clusters.us.domain: "ide.example.com" must be neither above nor below the domain of eu, eu.ide.example.com, nor the same; here it is ide.example.com',
      ],
    ],
    [
      "a domain that is another's",
      { clusters: { eu, us: { ...us, domain: "eu.ide.example.com" } } },
      [
        'vibecode:clusters.us.domain: "eu.ide.example.com" must be neither above nor below the domain of eu, eu.ide.example.com, nor the same; here it is eu.ide.example.com',
      ],
    ],
    [
      "a domain that gets too long",
      { domain: `${"a.".repeat(98)}com`, clusters: { eu, us: { ...us, domain: "us.example.com" } } },
      [`vibecode:clusters.eu.domain: is missing: must be given: eu.${"a.".repeat(98)}com is too long`],
    ],
    [
      "the same cluster twice",
      { clusters: { eu, us: eu } },
      ['vibecode:clusters.us.cluster: {"context":"europe"} must be another cluster than that of eu'],
    ],
    [
      "a store that two would share",
      { data: { postgres: external } },
      [
        'vibecode:data.postgres.kind: "external" must be own with clusters: each has a sign-in of its own, which shares its stores with none',
        "vibecode:dataSecrets.postgres: is missing: must be the password of the external server: set it with `pulumi config set --secret --path 'vibecode:dataSecrets.postgres'`",
      ],
    ],
    [
      "a cluster to throw away among others",
      { clusters: { eu, us: { ...us, storage: { retain: false } } } },
      [
        "vibecode:clusters.us.storage.retain: false must be true, as on eu: a stack is for throwing away as a whole",
      ],
    ],
    [
      "a name as that of another cluster's resources",
      {
        clusters: { eu: { ...eu, first: true }, us: { ...us, domain: "us.example.com" } },
        users: ["us-alice"],
      },
      ['vibecode:users[0]: "us-alice" must not begin with us-, as the names of what is on the cluster us do'],
    ],
    [
      "what one cluster asks for, and lacks",
      { clusters: { eu: { ...eu, dns: cloudflare }, us } },
      [
        "vibecode:dnsSecrets.cloudflareToken: is missing: must be what cloudflare knows the platform by: set it with `pulumi config set --secret --path 'vibecode:dnsSecrets.cloudflareToken'`",
      ],
    ],
    [
      "something about a user, by the place in the stack's list",
      {
        users: [
          { name: "alice", cluster: "us" },
          { name: "bob", cluster: "eu", size: "huge" },
        ],
      },
      ['vibecode:users[1].size: "huge" must be one of small, medium, large'],
    ],
    [
      "an API server that one cluster does not name",
      {
        clusters: { eu: { cluster: { ...eu.cluster, network: { apiServer: ["192.0.2.1/32"] } } }, us },
        users: ["eu", "us"].map((cluster) => ({ name: `of-${cluster}`, cluster, kubernetesAccess: "view" })),
      },
      [
        'vibecode:users[1].kubernetesAccess: "view" must have a way to the API server: say where it answers in cluster.network.apiServer',
      ],
    ],
  ])("%s", (_, change, said) => {
    expect(mistakes(change)).toEqual(said);
  });

  test("a secret that one cluster has a use for is none too many", () => {
    const dnsSecrets = { cloudflareToken: "t" };
    expect(mistakes({ clusters: { eu: { ...eu, dns: cloudflare }, us }, dnsSecrets })).toEqual([]);
    const google = { kind: "external-dns", provider: { type: "google", project: "example" } };
    const both = { eu: { ...eu, dns: google }, us: { ...us, dns: google } };
    expect(mistakes({ clusters: both, dnsSecrets })).toEqual([
      "vibecode:dnsSecrets.cloudflareToken: this value must go: dns.provider has no use for it",
    ]);
  });
});

describe("held against the last `up`", () => {
  const sizes = { home: "10Gi", extensions: "2Gi" };
  const onEu = { alice: { ...sizes, cluster: "eu" } };
  const moved = { name: "alice", cluster: "us" };

  test("a user who is on another cluster is a mistake that says what becomes of the work", () => {
    expect(mistakes({ users: [moved] }, onEu)).toEqual([
      'vibecode:users[0].cluster: "us" must be eu, where the work of alice is, and from where nothing is carried over; with movedFrom: eu the user begins anew on us, and eu keeps what is there',
    ]);
  });

  test("movedFrom moves the user from that cluster, and from no other one later", () => {
    const users = [{ ...moved, movedFrom: "eu" }];
    expect(mistakes({ users }, onEu)).toEqual([]);
    expect(mistakes({ users }, { alice: { ...sizes, cluster: "us" } })).toEqual([]);
    const clusters = { ...two.clusters, asia: { cluster: { context: "asia" } } };
    expect(mistakes({ users, clusters }, { alice: { ...sizes, cluster: "asia" } })).toEqual([
      expect.stringContaining("must be asia, where the work of alice is"),
    ]);
  });

  test("who moves may have a smaller home, who stays may not", () => {
    const users = [{ ...moved, movedFrom: "eu", home: "5Gi" }];
    expect(mistakes({ users }, onEu)).toEqual([]);
    expect(mistakes({ users }, { alice: { ...sizes, cluster: "us" } })).toEqual([
      expect.stringContaining("must keep its home of 10Gi"),
    ]);
  });

  test.each(["eu", "mars"])("nobody moves to %s from there, or from a cluster that is none", (movedFrom) => {
    expect(mistakes({ users: [{ name: "alice", cluster: "eu", movedFrom }] }, onEu)).toEqual([
      `vibecode:users[0].movedFrom: "${movedFrom}" must be one of us`,
    ]);
  });

  test("a cluster stays in the file until nobody is there, listed or not", () => {
    const clusters = { us: two.clusters.us };
    expect(mistakes({ clusters, users: [] }, onEu)).toEqual([
      'vibecode:clusters: {"us":{"cluster":{"context":"america"}}} must have eu until an `up` has left nobody there: the last one left alice',
    ]);
    expect(mistakes({ clusters: undefined, cluster, users: [] }, onEu)).toEqual([
      "vibecode:clusters: is missing: must have eu until an `up` has left nobody there: the last one left alice",
    ]);
    expect(mistakes({ users: [] }, onEu)).toEqual([]);
  });

  test("the one cluster of a stack becomes one of several as the first, and not otherwise", () => {
    const { eu, us } = two.clusters;
    const users = ["alice", { name: "bob", cluster: "us" }];
    const clusters = { eu: { ...eu, first: true }, us: { ...us, domain: "us.example.com" } };
    expect(mistakes({ clusters, users }, { alice: sizes })).toEqual([]);
    expect(mistakes({}, { alice: sizes })).toEqual([
      expect.stringContaining(
        "must have first: true in the cluster that the stack had until now: there is the work of alice",
      ),
    ]);
    expect(mistakes({ clusters, users: [{ name: "alice", cluster: "us" }] }, { alice: sizes })).toEqual([
      expect.stringContaining("must be eu, where the work of alice is"),
    ]);
  });
});

/** The last part of a type and the name, with what is registered under it. */
const byName = (run: Run) =>
  new Map(run.resources.map((each) => [`${each.type} ${each.name}`, JSON.stringify(each)] as const));

describe("the program", () => {
  let run: Run;
  beforeAll(async () => {
    run = await runProgram(two);
  });

  test("has one provider a cluster, and every object goes to its own cluster's", () => {
    expect(find(run, "kubernetes", "eu-cluster").inputs).toMatchObject({ context: "europe" });
    expect(find(run, "kubernetes", "us-cluster").inputs).toMatchObject({ context: "america" });
    const objects = run.resources.filter(({ type }) => type.startsWith("kubernetes:"));
    expect(objects.length).toBeGreaterThan(40);
    for (const { name, provider } of objects)
      expect(`${name} of ${provider}`).toBe(`${name} of ${name.startsWith("eu-") ? "eu" : "us"}-cluster`);
  });

  test("has nothing whose name does not tell the cluster, but what asks about the last `up`", () => {
    const names = run.resources.map(({ name }) => name).filter((name) => !/^(?:eu|us)-/.test(name));
    expect(names).toEqual(["last-up"]);
  });

  test("makes on each cluster what a stack of that cluster alone has, users of the other left out", async () => {
    const alone = await runProgram({
      ...common,
      domain: "eu.ide.example.com",
      cluster: { context: "europe", name: "eu" },
      users: ["alice"],
    });
    const objects = (of: Run, prefix: string) =>
      of.resources
        .filter(({ type, name }) => type.startsWith("kubernetes:") && name.startsWith(prefix))
        .map(({ name, type, inputs }) => ({ type, name: name.slice(prefix.length), inputs }));
    const bare = (list: unknown) =>
      JSON.parse(JSON.stringify(list).replaceAll(/(of|certificate) eu-/g, "$1 ")) as unknown;
    expect(bare(objects(run, "eu-"))).toEqual(bare(objects(alone, "")));
  });

  test("exports of all clusters together, the authorities by cluster", () => {
    expect(run.outputs).toEqual({
      urls: { alice: "https://alice.eu.ide.example.com", bob: "https://bob.us.ide.example.com" },
      passwords: { alice: "password of eu-sign-in-alice", bob: "password of us-sign-in-bob" },
      sshKeys: {},
      volumes: {
        alice: { home: "10Gi", extensions: "2Gi", cluster: "eu" },
        bob: { home: "10Gi", extensions: "2Gi", cluster: "us" },
      },
      sharedVolumes: {},
      ca: { eu: "certificate eu-certificates-ca\n", us: "certificate us-certificates-ca\n" },
    });
    expect(run.secretOutputs).toEqual(["passwords"]);
  });

  test("reads in its own outputs who was where", async () => {
    const lastOutputs = { volumes: { alice: { home: "10Gi", extensions: "2Gi", cluster: "us" } } };
    await expect(runProgram(two, { lastOutputs })).rejects.toThrow(/must be us, where the work of alice is/);
  });
});

test("everything that production has, it has on each of two clusters, and keeps to its policy there", async () => {
  const root = join(__dirname, "../..");
  const { config } = z
    .object({ config: z.record(z.string(), z.unknown()) })
    .parse(parseYaml(readFileSync(join(root, "stacks/Pulumi.production.yaml"), "utf8")));
  const { cluster: own, ...rest } = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("vibecode:", ""), value]),
  );
  const users = [
    { name: "alice", cluster: "eu" },
    { name: "bob", cluster: "us" },
  ];
  const run = await runProgram({
    ...rest,
    users,
    clusters: {
      eu: { cluster: own },
      us: { cluster: { ...z.object({}).loose().parse(own), context: "america" } },
    },
  });
  const mine = run.resources.filter(({ name }) => name !== "last-up");
  expect(mine.filter(({ name }) => !/^(?:eu|us)-/.test(name)).map(({ name }) => name)).toEqual([]);
  const of = (cluster: string, user: string) =>
    mine
      .filter(({ name }) => name.startsWith(`${cluster}-`))
      .map(({ type, name }) => `${type} ${name.slice(3).replace(user, "user")}`)
      .sort();
  expect(of("eu", "alice")).toEqual(of("us", "bob"));
  const settings = z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .parse(JSON.parse(readFileSync(join(root, "policy/config/production.json"), "utf8")));
  const doors = { doors: ["eu-ingress-service", "us-ingress-service"] };
  const portals = { public: ["eu-ingress-sign-in-route", "us-ingress-sign-in-route"] };
  const kept = { "data-protected": { retained: true } };
  const given = { ...settings, ...kept, "service-door": doors, "ingress-guard": portals };
  expect(judged(run, given)).toEqual([]);
});

test("a stack of one cluster that becomes the first of two keeps every resource as it is", async () => {
  const users = ["alice", { name: "bob", size: "large", sshKey: true }];
  const stack = {
    ...common,
    domain: "ide.example.com",
    auth: { kind: "authelia" },
    storage: { retain: true },
  };
  const before = byName(await runProgram({ ...stack, cluster, users }));
  const after = byName(
    await runProgram({
      ...stack,
      clusters: {
        eu: { cluster, first: true },
        us: { cluster: { context: "america" }, domain: "us.example.com" },
      },
      users: [...users, { name: "carol", cluster: "us" }],
    }),
  );
  expect(before.size).toBeGreaterThan(60);
  for (const [name, resource] of before) expect(after.get(name)).toBe(resource);
  const more = [...after.keys()].filter((name) => !before.has(name));
  expect(more.filter((name) => !name.includes(" us-"))).toEqual([]);
  expect(more).toContain("kubernetes:apps/v1:Deployment us-carol-editor");
});

describe("what docs/environments.md shows", () => {
  const page = readFileSync(join(__dirname, "../../docs/environments.md"), "utf8");
  const record = z.record(z.string(), z.unknown());
  const less = (config: unknown) =>
    Object.fromEntries(
      Object.entries(record.parse(config)).map(([key, value]) => [key.replace("vibecode:", ""), value]),
    );
  const [whole, second] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) =>
    record.parse(parseYaml(text)),
  );

  test("is a stack of two clusters, with nothing left to add", () => {
    const { places } = parse(less(whole?.["config"]));
    expect(places.map(({ name, domain, storage }) => [name, domain, storage.home])).toEqual([
      ["eu", "eu.ide.example.com", "10Gi"],
      ["us", "us.ide.example.com", "20Gi"],
    ]);
  });

  test("adds a second cluster to a stack that has one", () => {
    const before = { domain: "ide.example.com", users: ["alice"] };
    const [eu, us] = parse({ ...common, ...before, ...less(second) }).places;
    expect([eu?.prefix, eu?.domain, us?.prefix, us?.domain]).toEqual([
      "",
      "ide.example.com",
      "us-",
      "ide-us.example.com",
    ]);
  });
});
