import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";

import { images } from "../../components/images";
import type { Surroundings } from "../../infra/checks";
import { parseConfig } from "../../infra/config";
import { ConfigError } from "../../infra/explain";
import { openSecrets } from "../../infra/surroundings";
import { reservedNames } from "../../infra/values";
import { engineConfig, minimal } from "./mocks";

/** What is wrong with the minimal config once these keys are set; a key that is `undefined` is left out. */
function mistakes(change: Record<string, unknown>, around?: Partial<Surroundings>): readonly string[] {
  const config: Record<string, unknown> = { ...minimal, ...change };
  const all = Object.entries(config).filter(([, value]) => value !== undefined);
  try {
    parseConfig(engineConfig(Object.fromEntries(all)), around);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

const small = { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } };
const long = "a".repeat(33);
const domainRule = "must be a DNS name in lower case with at least one dot, without scheme, port or wildcard";
const userRule = "must be lower case letters, digits and single dashes, and begin with a letter";
const imageRule =
  "must be an image reference in lower case such as registry.example.com/workspace:1.2.3@sha256:...";
const rangeRule = "must be a range of addresses such as 10.244.0.0/16 or fd00:10::/56";
const firstRule = "must begin with the range's first address: 10.244.0.0/16, not 10.244.1.2/16";
const extensionRule = "must be an extension such as golang.go, or golang.go@0.50.0 to pin it";
const notInImage =
  "must be in the image, which has none: add it to workspace-image/extensions, or set workspace.gallery";
const tagRule = "must have a tag other than latest, or a digest";

/** What becomes of the minimal config. */
const complete = {
  domain: "dev.localhost",
  cluster: {
    context: "test",
    name: "cluster",
    domain: "cluster.local",
    network: { pods: [], services: [], nodes: [], apiServer: [], dns: [] },
    userNamespaces: true,
  },
  users: ["alice", "bob"].map((name) => ({
    name,
    fullName: name,
    email: `${name}@dev.localhost`,
    size: { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } },
    home: "10Gi",
    state: "running",
    groups: [],
    extensions: [],
    secretEnv: {},
    sshKey: false,
  })),
  secretEnv: {},
  workspace: {
    defaultSize: "medium",
    sizes: {},
    extensions: [],
    allow: [],
    nodeSelector: {},
    tolerations: [],
  },
  claude: { telemetry: false, settings: {} },
  images: { workspace: "localhost/workspace:1", ...images },
  storage: { home: "10Gi", extensions: "2Gi", temporary: "4Gi", retain: true },
  ingress: {
    exposure: { type: "LoadBalancer", annotations: {} },
    replicas: 1,
    httpsPort: 443,
    httpPort: 80,
    nodeSelector: {},
    rateLimit: { average: 50, burst: 1000 },
  },
  certificates: { kind: "local-ca" },
  certificateSecrets: {},
  dns: { kind: "none" },
  dnsSecrets: {},
  auth: { kind: "basic" },
  authSecrets: { passwordHashes: {} },
  data: {
    postgres: {
      kind: "own",
      size: "2Gi",
      passwordVersion: 1,
      backups: { schedule: "17 3 * * *", keep: 14, size: "2Gi" },
    },
    valkey: { kind: "own", size: "1Gi", passwordVersion: 1 },
  },
  dataSecrets: {},
  monitoring: {
    prices: { cpuHour: 0.04, memoryGiBHour: 0.005, diskGiBMonth: 0.1, currency: "USD" },
    thresholds: { disk: 85, errors: 5, failedSignIns: 20, certificate: 14, backup: 2 },
    prometheus: { kind: "none" },
  },
  monitoringSecrets: {},
};

test("the minimal config is complete with its defaults", () => {
  const { places, ...config } = parseConfig(engineConfig(minimal));
  expect(config).toEqual(complete);
  expect(places).toEqual([{ ...complete, name: undefined, prefix: "" }]);
});

test("a user's size comes from the stack, from the built-in ones, or is the stack's default", () => {
  const config = parseConfig(
    engineConfig({
      ...minimal,
      users: ["alice", { name: "bob", size: "small" }, { name: "carol", size: "tiny" }],
      workspace: { defaultSize: "large", sizes: { tiny: small } },
    }),
  );
  expect(config.users.map(({ size }) => size.limits.memory)).toEqual(["8Gi", "2Gi", "1Gi"]);
});

test("keys of other projects are none of ours", () => {
  expect(parseConfig({ ...engineConfig(minimal), "kubernetes:context": "other" }).domain).toBe(
    "dev.localhost",
  );
});

describe("a mistake is said with its path, its value and what is allowed", () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    [
      "an unknown key",
      { colour: "red" },
      [
        'vibecode:colour: "red" has no place here: the keys are domain, cluster, clusters, users, secretEnv, workspace, claude, claudeToken, images, storage, ingress, certificates, certificateSecrets, dns, dnsSecrets, auth, authSecrets, data, dataSecrets, monitoring, monitoringSecrets',
      ],
    ],
    [
      "an unknown key below another",
      { storage: { size: 1 } },
      ["vibecode:storage.size: 1 has no place here: the keys are class, home, extensions, temporary, retain"],
    ],
    [
      "an unknown key of a user",
      { users: [{ name: "alice", colour: "red" }] },
      [
        'vibecode:users[0].colour: "red" has no place here: the keys are name, fullName, email, size, home, cluster, movedFrom, state, groups, extensions, sshKey, dotfiles, kubernetesAccess',
      ],
    ],
    [
      "a key of the other exposure",
      { ingress: { exposure: { type: "LoadBalancer", http: 30080 } } },
      ["vibecode:ingress.exposure.http: 30080 has no place here: the keys are type, annotations"],
    ],
    [
      "a user twice, in either form",
      { users: ["alice", { name: "bob" }, { name: "alice" }, "bob"] },
      [
        'vibecode:users[2].name: "alice" must be unique: users[0] has it already',
        'vibecode:users[3]: "bob" must be unique: users[1] has it already',
      ],
    ],
    ["a name too long", { users: [long] }, [`vibecode:users[0]: "${long}" must be at most 32 characters`]],
    ["a name in upper case", { users: ["Bob"] }, [`vibecode:users[0]: "Bob" ${userRule}`]],
    [
      "a name in upper case in an object",
      { users: [{ name: "Bob" }] },
      [`vibecode:users[0].name: "Bob" ${userRule}`],
    ],
    ["a name with two dashes", { users: ["a--b"] }, [`vibecode:users[0]: "a--b" ${userRule}`]],
    ["a name that ends in a dash", { users: ["a-"] }, [`vibecode:users[0]: "a-" ${userRule}`]],
    ["a name that begins with a digit", { users: ["1a"] }, [`vibecode:users[0]: "1a" ${userRule}`]],
    ["a name with another alphabet", { users: ["é"] }, [`vibecode:users[0]: "é" ${userRule}`]],
    ["an empty name", { users: [""] }, [`vibecode:users[0]: "" ${userRule}`]],
    [
      "a user that is a number",
      { users: [5, null] },
      [
        "vibecode:users[0]: 5 must be a name, or an object with a name",
        "vibecode:users[1]: null must be a name, or an object with a name",
      ],
    ],
    [
      "a user without a name",
      { users: [{ size: "small" }] },
      ["vibecode:users[0].name: is missing: must be a name, or an object with a name"],
    ],
    ["users that are no list", { users: "alice" }, ['vibecode:users: "alice" must be a list']],
    [
      "an unknown size",
      { users: [{ name: "alice", size: "huge" }] },
      ['vibecode:users[0].size: "huge" must be one of small, medium, large'],
    ],
    [
      "an unknown size beside one of the stack's own",
      {
        users: [
          { name: "alice", size: "constructor" },
          { name: "bob", size: "tiny" },
        ],
        workspace: { sizes: { tiny: small } },
      },
      ['vibecode:users[0].size: "constructor" must be one of small, medium, large, tiny'],
    ],
    [
      "an unknown default size",
      { workspace: { defaultSize: "huge" } },
      ['vibecode:workspace.defaultSize: "huge" must be one of small, medium, large'],
    ],
    [
      "the name of a size",
      { workspace: { sizes: { BIG: small } } },
      [
        'vibecode:workspace.sizes.BIG: "BIG" must be lower case letters, digits and dashes, at most 31 characters',
      ],
    ],
    [
      "requests above their limits",
      {
        workspace: {
          sizes: { odd: { requests: { cpu: "1001m", memory: "1025Mi" }, limits: small.limits } },
        },
      },
      [
        'vibecode:workspace.sizes.odd.requests.cpu: "1001m" must be at most limits.cpu, which is "1"',
        'vibecode:workspace.sizes.odd.requests.memory: "1025Mi" must be at most limits.memory, which is "1Gi"',
      ],
    ],
    [
      "a size without limits",
      { workspace: { sizes: { odd: { requests: small.requests } } } },
      ["vibecode:workspace.sizes.odd.limits: is missing: must be an object with the keys cpu, memory"],
    ],
    [
      "a quantity without quotes",
      { storage: { home: 10 } },
      ['vibecode:storage.home: 10 must be a quantity in quotes such as "500m", "2" or "10Gi"'],
    ],
    [
      "a quantity in another notation",
      { storage: { home: "10 GB", extensions: "1e3" } },
      [
        'vibecode:storage.home: "10 GB" must be a quantity such as 500m, 2 or 10Gi',
        'vibecode:storage.extensions: "1e3" must be a quantity such as 500m, 2 or 10Gi',
      ],
    ],
    [
      "a quantity of nothing",
      { storage: { home: "0", extensions: "0.0Gi" } },
      [
        'vibecode:storage.home: "0" must be more than zero',
        'vibecode:storage.extensions: "0.0Gi" must be more than zero',
      ],
    ],
    [
      "a quantity below zero",
      { storage: { home: "-1Gi" } },
      ['vibecode:storage.home: "-1Gi" must be a quantity such as 500m, 2 or 10Gi'],
    ],
    [
      "thousandths of bytes",
      { storage: { home: "512m" } },
      ['vibecode:storage.home: "512m" must be bytes such as 512Mi or 10Gi: m is a thousandth of one'],
    ],
    [
      "a disk that is smaller than what is set aside of it",
      { storage: { temporary: "65535Ki" } },
      ['vibecode:storage.temporary: "65535Ki" must be at least 64Mi'],
    ],
    [
      "a disk of thousandths",
      { storage: { temporary: "64m" } },
      ['vibecode:storage.temporary: "64m" must be bytes such as 512Mi or 10Gi: m is a thousandth of one'],
    ],
    [
      "servers whose volume or memory is too small for what they write or are given",
      {
        data: { postgres: { kind: "own", size: "255Mi" }, valkey: { kind: "own", size: "100M" } },
        monitoring: { prometheus: { kind: "own", memory: "399Mi", grafana: { enabled: false } } },
      },
      [
        'vibecode:data.postgres.size: "255Mi" must be at least 256Mi',
        'vibecode:data.valkey.size: "100M" must be at least 256Mi',
        'vibecode:monitoring.prometheus.memory: "399Mi" must be at least 400Mi',
      ],
    ],
    [
      "one port for both of HTTP and HTTPS",
      { ingress: { exposure: { type: "NodePort", http: 30443 } } },
      ["vibecode:ingress.exposure.https: is missing: must be another one than http"],
    ],
    [
      "one port of the machine for both of HTTP and HTTPS",
      { ingress: { httpPort: 8443, httpsPort: 8443 } },
      ["vibecode:ingress.httpPort: 8443 must be another one than httpsPort"],
    ],
    ["a domain with a scheme", { domain: "https://a.b" }, [`vibecode:domain: "https://a.b" ${domainRule}`]],
    ["a domain with a port", { domain: "a.b:80" }, [`vibecode:domain: "a.b:80" ${domainRule}`]],
    ["a domain in upper case", { domain: "Dev.local" }, [`vibecode:domain: "Dev.local" ${domainRule}`]],
    ["a domain of one label", { domain: "localhost" }, [`vibecode:domain: "localhost" ${domainRule}`]],
    ["a wildcard domain", { domain: "*.a.b" }, [`vibecode:domain: "*.a.b" ${domainRule}`]],
    [
      "an address for a domain",
      { domain: "1.2.3.4" },
      ['vibecode:domain: "1.2.3.4" must be a DNS name, not an IP address'],
    ],
    [
      "a domain too long",
      { domain: `${"a.".repeat(100)}b` },
      [`vibecode:domain: "${"a.".repeat(38)}... must be at most 200 characters`],
    ],
    [
      "the tag latest",
      { images: { workspace: "x:latest" } },
      [`vibecode:images.workspace: "x:latest" ${tagRule}`],
    ],
    [
      "no tag",
      { images: { workspace: "host:5000/x" } },
      [`vibecode:images.workspace: "host:5000/x" ${tagRule}`],
    ],
    [
      "an image in upper case",
      { images: { workspace: "Team/x:1" } },
      [`vibecode:images.workspace: "Team/x:1" ${imageRule}`],
    ],
    [
      "an image with a space",
      { images: { workspace: "a b:1" } },
      [`vibecode:images.workspace: "a b:1" ${imageRule}`],
    ],
    ["no image", { images: {} }, [`vibecode:images.workspace: is missing: ${imageRule}`]],
    [
      "no cluster",
      { cluster: undefined },
      [
        "vibecode:cluster: is missing: must be an object with the keys kubeconfig, context, name, domain, network, userNamespaces",
      ],
    ],
    [
      "a cluster that nothing points to",
      { cluster: {} },
      [
        "vibecode:cluster: {} must name a kubeconfig or a context: the current context is never taken by accident",
      ],
    ],
    ["an empty context", { cluster: { context: "" } }, ['vibecode:cluster.context: "" must not be empty']],
    [
      "an exposure that is not there",
      { ingress: { exposure: { type: "HostPort" } } },
      ['vibecode:ingress.exposure.type: "HostPort" must be one of LoadBalancer, NodePort'],
    ],
    [
      "an exposure without its type",
      { ingress: { exposure: {} } },
      ["vibecode:ingress.exposure.type: is missing: must be one of LoadBalancer, NodePort"],
    ],
    [
      "a node's port out of its range",
      { ingress: { exposure: { type: "NodePort", http: 80, https: 40000 } } },
      [
        "vibecode:ingress.exposure.http: 80 must be at least 30000",
        "vibecode:ingress.exposure.https: 40000 must be at most 32767",
      ],
    ],
    [
      "numbers of the wrong kind",
      { ingress: { replicas: 0, httpsPort: 1.5, rateLimit: { average: "1" } } },
      [
        "vibecode:ingress.replicas: 0 must be at least 1",
        "vibecode:ingress.httpsPort: 1.5 must be a whole number",
        'vibecode:ingress.rateLimit.average: "1" must be a number',
      ],
    ],
    [
      "a quota that the editor does not fit in",
      { workspace: { sizes: { odd: { ...small, quota: { cpu: "500m", memory: "2Gi", pods: 0 } } } } },
      [
        "vibecode:workspace.sizes.odd.quota.pods: 0 must be at least 1",
        'vibecode:workspace.sizes.odd.quota.cpu: "500m" must be at least limits.cpu, which is "1": the editor would not start',
      ],
    ],
    [
      "ranges that are none, and ports out of range",
      {
        cluster: {
          ...minimal.cluster,
          network: {
            pods: ["10.0.0.0/33", "10.0.0.0", "10.0.0.0/8", "fd00:10::/56", "::ffff:10.0.0.0/104"],
            services: ["10.1.2.3/16", "fd00::1/64", "10.1.2.3/32", "::1/128"],
            nodes: ["fd00::/129"],
          },
        },
        workspace: {
          allow: [
            { cidr: "git.example.com", ports: [0, 65536] },
            { cidr: "10.0.0.1/32", ports: [] },
          ],
        },
      },
      [
        `vibecode:cluster.network.pods[0]: "10.0.0.0/33" ${rangeRule}`,
        `vibecode:cluster.network.pods[1]: "10.0.0.0" ${rangeRule}`,
        `vibecode:cluster.network.services[0]: "10.1.2.3/16" ${firstRule}`,
        `vibecode:cluster.network.services[1]: "fd00::1/64" ${firstRule}`,
        `vibecode:cluster.network.nodes[0]: "fd00::/129" ${rangeRule}`,
        `vibecode:workspace.allow[0].cidr: "git.example.com" ${rangeRule}`,
        "vibecode:workspace.allow[0].ports[0]: 0 must be at least 1",
        "vibecode:workspace.allow[0].ports[1]: 65536 must be at most 65535",
        "vibecode:workspace.allow[1].ports: [] must not be empty",
      ],
    ],
    [
      "what a person cannot have",
      {
        users: [
          {
            name: "alice",
            fullName: 'A "B"',
            state: "paused",
            extensions: ["golang", "../x.y"],
            dotfiles: "https://me:token@example.com/dots",
            kubernetesAccess: "admin",
          },
        ],
      },
      [
        'vibecode:users[0].fullName: "A \\"B\\"" must be a name of at most 100 characters, without quotes, backslashes and control characters',
        'vibecode:users[0].state: "paused" must be one of running, stopped',
        `vibecode:users[0].extensions[0]: "golang" ${extensionRule}`,
        `vibecode:users[0].extensions[1]: "../x.y" ${extensionRule}`,
        'vibecode:users[0].dotfiles: "https://me:token@example.com/dots" must be the URL of a git repository, by https:// and without a password in it',
        'vibecode:users[0].kubernetesAccess: "admin" must be one of view, edit',
        `vibecode:users[0].extensions[0]: "golang" ${notInImage}`,
        `vibecode:users[0].extensions[1]: "../x.y" ${notInImage}`,
        'vibecode:users[0].kubernetesAccess: "admin" must have a way to the API server: say where it answers in cluster.network.apiServer',
      ],
    ],
    [
      "secrets under names that are taken or wrong, of which none is quoted",
      { secretEnv: { alice: { PATH: "hunter2", "a-b": "hunter2", WORKSPACE_USER: "x" }, Bob: 5 } },
      [
        'vibecode:secretEnv.alice.PATH: "PATH" is taken by the workspace itself: choose another name',
        'vibecode:secretEnv.alice.a-b: "a-b" must be letters, digits and underscores, and begin with no digit',
        'vibecode:secretEnv.alice.WORKSPACE_USER: "WORKSPACE_USER" is taken by the workspace itself: choose another name',
        `vibecode:secretEnv.Bob: "Bob" ${userRule}`,
      ],
    ],
    [
      "a kind of sign-in that is not there",
      { auth: { kind: "oidc" } },
      ['vibecode:auth.kind: "oidc" must be one of basic, authelia, oauth2-proxy'],
    ],
    [
      "text for a switch",
      { storage: { retain: "yes", class: "" } },
      ['vibecode:storage.class: "" must not be empty', 'vibecode:storage.retain: "yes" must be a boolean'],
    ],
    [
      "a group and an address",
      { users: [{ name: "alice", groups: ["A b"], email: "alice" }] },
      [
        'vibecode:users[0].email: "alice" must be an e-mail address',
        'vibecode:users[0].groups[0]: "A b" must be lower case letters, digits and dashes, at most 63 characters',
      ],
    ],
    [
      "nothing at all",
      { domain: undefined, cluster: undefined, users: undefined, images: undefined },
      [
        "vibecode:domain: is missing: must be a DNS name",
        "vibecode:cluster: is missing: must be an object with the keys kubeconfig, context, name, domain, network, userNamespaces",
        "vibecode:users: is missing: must be a list",
        "vibecode:images: is missing: must be an object with the keys workspace, traefik, authelia, oauth2Proxy, postgres, valkey, externalDns, prometheus, alertmanager, nodeExporter, kubeStateMetrics, grafana, postgresExporter, valkeyExporter, certManagerController, certManagerWebhook, certManagerCainjector, certManagerStartupapicheck, mirror",
      ],
    ],
    [
      "a good size of the stack's own beside a bad domain",
      { domain: "x", users: [{ name: "alice", size: "tiny" }], workspace: { sizes: { tiny: small } } },
      [`vibecode:domain: "x" ${domainRule}`],
    ],
  ])("%s", (_, change, expected) => {
    expect(mistakes(change)).toEqual(expected);
  });

  test.each(reservedNames)("%s is reserved", (name) => {
    expect(mistakes({ users: [name] })).toEqual([
      `vibecode:users[0]: "${name}" is reserved for the platform: choose another name`,
    ]);
  });

  test("a value that is not JSON where an object should be", () => {
    const raw = { ...engineConfig(minimal), "vibecode:storage": "{oops" };
    expect(() => parseConfig(raw)).toThrow(
      'vibecode:storage: "{oops" must be an object with the keys class, home, extensions, temporary, retain',
    );
  });

  test("all of them at once, in one message", () => {
    const raw = engineConfig({
      ...minimal,
      domain: "localhost",
      colour: "red",
      users: ["alice", "Bob", "alice", { name: "carol", size: "huge" }],
      storage: { home: "10 GB" },
    });
    expect(() => parseConfig(raw)).toThrow(
      [
        "6 mistakes in the stack's config; nothing was touched:",
        `  vibecode:domain: "localhost" ${domainRule}`,
        `  vibecode:users[1]: "Bob" ${userRule}`,
        '  vibecode:storage.home: "10 GB" must be a quantity such as 500m, 2 or 10Gi',
        '  vibecode:colour: "red" has no place here: the keys are domain, cluster, clusters, users, secretEnv, workspace, claude, claudeToken, images, storage, ingress, certificates, certificateSecrets, dns, dnsSecrets, auth, authSecrets, data, dataSecrets, monitoring, monitoringSecrets',
        '  vibecode:users[2]: "alice" must be unique: users[0] has it already',
        '  vibecode:users[3].size: "huge" must be one of small, medium, large',
      ].join("\n"),
    );
  });
});

describe("a config is held against what is there", () => {
  const volumes = { alice: { home: "10Gi", extensions: "2Gi" }, carol: { home: "9Ti", extensions: "9Ti" } };

  test("a volume that would shrink is refused, whichever key made it smaller", () => {
    const shrunk = (volume: string, had: string, now: string) =>
      `must keep its ${volume} of ${had}: a volume can grow and cannot shrink to ${now}`;
    expect(mistakes({ storage: { home: "9Gi" } }, { volumes })).toEqual([
      `vibecode:users[0]: "alice" ${shrunk("home", "10Gi", "9Gi")}`,
    ]);
    expect(mistakes({ users: ["bob", { name: "alice", home: "1Gi" }] }, { volumes })).toEqual([
      `vibecode:users[1]: {"name":"alice","home":"1Gi"} ${shrunk("home", "10Gi", "1Gi")}`,
    ]);
    expect(mistakes({ storage: { extensions: "2047Mi" } }, { volumes })).toEqual([
      `vibecode:users[0]: "alice" ${shrunk("extensions", "2Gi", "2047Mi")}`,
    ]);
    const sizes = { medium: { ...small, home: "5Gi" } };
    expect(mistakes({ workspace: { sizes }, domain: "x" }, { volumes })).toEqual([
      `vibecode:domain: "x" ${domainRule}`,
      `vibecode:users[0]: "alice" ${shrunk("home", "10Gi", "5Gi")}`,
    ]);
  });

  test("a volume may grow, or stay in another notation", () => {
    expect(mistakes({ storage: { home: "10240Mi", extensions: "1Ti" } }, { volumes })).toEqual([]);
  });

  describe("the volumes that all users share", () => {
    const sharedVolumes = { postgres: "2Gi", backups: "3Gi", valkey: "1Gi", prometheus: "10Gi" };
    const kept = (had: string, now: string) =>
      `must keep its volume of ${had}: a volume can grow and cannot shrink to ${now}`;
    const authelia = { auth: { kind: "authelia" } };
    const own = { kind: "own" };

    test("cannot shrink either, nor by a key that goes", () => {
      const change = {
        data: { postgres: { ...own, size: "1Gi" }, valkey: { ...own, size: "512Mi" } },
        monitoring: { prometheus: { ...own, storage: "9Gi", retention: { size: "1Gi" } } },
      };
      expect(mistakes({ ...authelia, ...change }, { sharedVolumes })).toEqual([
        `vibecode:data.postgres.size: "1Gi" ${kept("2Gi", "1Gi")}`,
        `vibecode:data.postgres.backups.size: is missing: ${kept("3Gi", "2Gi")}`,
        `vibecode:data.valkey.size: "512Mi" ${kept("1Gi", "512Mi")}`,
        `vibecode:monitoring.prometheus.storage: "9Gi" ${kept("10Gi", "9Gi")}`,
      ]);
    });

    test("can grow, or go, and are what they are of where no `up` has said so", () => {
      const small = { valkey: { ...own, size: "512Mi" } };
      const backups = { size: "4Gi" };
      const data = { postgres: { ...own, size: "2048Mi", backups } };
      expect(mistakes({ ...authelia, data }, { sharedVolumes })).toEqual([]);
      expect(mistakes({ data: small }, { sharedVolumes })).toEqual([]);
      expect(mistakes({ ...authelia, data: small })).toEqual([]);
    });

    test("are each cluster's own, and one line tells of all that would shrink alike", () => {
      const clusters = {
        eu: { first: true, cluster: { context: "europe" } },
        us: { domain: "us.example.com", cluster: { context: "america" } },
      };
      const two = { ...authelia, cluster: undefined, clusters, users: [] };
      const line = (had: string) => `vibecode:data.valkey.size: is missing: ${kept(had, "1Gi")}`;
      expect(mistakes(two, { sharedVolumes: { valkey: "2Gi", "us-valkey": "2Gi" } })).toEqual([line("2Gi")]);
      expect(mistakes(two, { sharedVolumes: { valkey: "1Gi", "us-valkey": "3Gi" } })).toEqual([line("3Gi")]);
      expect(mistakes(two, { sharedVolumes: { "eu-valkey": "2Gi" } })).toEqual([]);
    });
  });

  test("an extension must be in the image, in its version, unless there is a gallery", () => {
    const imageExtensions = ["golang.go@0.50.0"];
    const extensions = ["Golang.Go", "golang.go@0.50.0", "golang.go@0.49.0", "ms-python.python"];
    const rule =
      "must be in the image, which has golang.go@0.50.0: add it to workspace-image/extensions, or set workspace.gallery";
    expect(mistakes({ workspace: { extensions } }, { imageExtensions })).toEqual([
      `vibecode:workspace.extensions[2]: "golang.go@0.49.0" ${rule}`,
      `vibecode:workspace.extensions[3]: "ms-python.python" ${rule}`,
    ]);
    const gallery = { serviceUrl: "https://gallery.example.com/api" };
    expect(mistakes({ workspace: { extensions, gallery } }, { imageExtensions })).toEqual([]);
  });

  test("a secret that lies open in the stack's file is refused, and not repeated", () => {
    const change = { secretEnv: { alice: { TOKEN: "hunter2" } }, claudeToken: "hunter2" };
    expect(mistakes(change, { isSecret: () => false })).toEqual([
      "vibecode:secretEnv: this value must be a secret: set it with `pulumi config set --secret --path 'vibecode:secretEnv.<user>.<NAME>'`",
      "vibecode:claudeToken: this value must be a secret: set it with `pulumi config set --secret --path 'vibecode:claudeToken'`",
    ]);
    expect(mistakes(change, { isSecret: (key) => ["secretEnv", "claudeToken"].includes(key) })).toEqual([]);
  });

  test("a secret that lies open beside an encrypted one is refused by its place", () => {
    const file = join(mkdtempSync(join(tmpdir(), "vibecode-unit-")), "Pulumi.test.yaml");
    writeFileSync(
      file,
      `config:
  vibecode:secretEnv:
    alice: { TOKEN: { secure: v1:xyz }, OPEN: hunter2 }
    bob: { ALSO: { deeper: hunter2 } }
  vibecode:claudeToken: { secure: v1:xyz }
`,
    );
    const found = openSecrets(file);
    expect(found).toEqual([
      ["secretEnv", "alice", "OPEN"],
      ["secretEnv", "bob", "ALSO", "deeper"],
    ]);
    const change = { secretEnv: { alice: { TOKEN: "hunter2", OPEN: "hunter2" } } };
    expect(mistakes(change, { isSecret: () => true, openSecrets: found.slice(0, 1) })).toEqual([
      "vibecode:secretEnv.alice.OPEN: this value must be a secret: set it with `pulumi config set --secret --path 'vibecode:secretEnv.alice.OPEN'`",
    ]);
    expect(openSecrets(`${file}.none`)).toEqual([]);
  });

  test("who may ask the API server needs a way there", () => {
    const users = [{ name: "alice", kubernetesAccess: "view" }];
    expect(mistakes({ users })).toEqual([
      'vibecode:users[0].kubernetesAccess: "view" must have a way to the API server: say where it answers in cluster.network.apiServer',
    ]);
    const cluster = { ...minimal.cluster, network: { apiServer: ["10.9.9.9/32"] } };
    expect(mistakes({ users, cluster })).toEqual([]);
  });

  test("nothing below an encrypted key is quoted, not even a key that should not be there", () => {
    const change = { users: [{ name: "alice", tokn: "hunter2" }], colour: { token: "hunter2" } };
    const text = mistakes(change, { isSecret: () => true }).join("\n");
    expect(text).toContain("vibecode:users[0].tokn: this value has no place here");
    expect(text).toContain("vibecode:colour: this value has no place here");
    expect(text).not.toContain("hunter2");
  });
});

test("everybody's extensions and one's own are one list, in which one's own version counts", () => {
  const config = parseConfig(
    engineConfig({
      ...minimal,
      users: [{ name: "alice", extensions: ["Golang.go@0.50.0", "a.b"] }, "bob"],
      workspace: { extensions: ["golang.go", "z.z"], gallery: { serviceUrl: "https://g.example.com" } },
    }),
  );
  expect(config.users.map(({ extensions }) => extensions)).toEqual([
    ["Golang.go@0.50.0", "a.b", "z.z"],
    ["golang.go", "z.z"],
  ]);
});

test("any list of valid, different names gives them back in order", () => {
  const name = fc
    .stringMatching(/^[a-z](-?[a-z0-9]){0,15}$/)
    .filter((text) => text.length <= 32 && !reservedNames.includes(text));
  const users = fc.uniqueArray(
    fc.record({ name, plain: fc.boolean(), size: fc.constantFrom("small", "medium", "large") }),
    { selector: (user) => user.name, maxLength: 30 },
  );
  fc.assert(
    fc.property(users, (list) => {
      const entries = list.map(({ plain, ...user }) => (plain ? user.name : user));
      const config = parseConfig(engineConfig({ ...minimal, users: entries }));
      expect(config.users.map((user) => user.name)).toEqual(list.map((user) => user.name));
    }),
  );
});
