import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import {
  Data,
  type DataArgs,
  type ExternalStore,
  type OwnPostgres,
  type OwnValkey,
} from "../../components/data";
import { accessList } from "../../components/data/valkey";
import { at } from "./mocks";
import { violations } from "./restricted";

interface Made {
  type: string;
  name: string;
  inputs: unknown;
  /** Keys whose values are secret, wherever they are. */
  secrets: string[];
  retained: boolean;
}

interface Run {
  data: Data;
  /** The one resource of that kind whose object has that name. */
  find: (kind: string, name: string) => Made;
  all: Made[];
}

const ownPostgres: OwnPostgres = {
  kind: "own",
  image: "postgres:17",
  size: "2Gi",
  passwordVersion: 1,
  backups: { schedule: "17 3 * * *", keep: 14, size: "3Gi" },
};
const ownValkey: OwnValkey = { kind: "own", image: "valkey:9", size: "1Gi", passwordVersion: 1 };
const external: ExternalStore = {
  kind: "external",
  host: "db.example.com",
  port: 6543,
  username: "someone",
  password: "given",
  tls: "verify",
  addresses: ["10.1.2.0/24", "10.1.3.7/32"],
};

const args: DataArgs = {
  namespace: "vibecode-auth",
  clusterDomain: "cluster.local",
  clients: [{ "app.kubernetes.io/name": "authelia" }],
  dns: ["169.254.20.10/32"],
  storage: { retain: true },
  database: "authelia",
  postgres: ownPostgres,
  valkey: ownValkey,
};

async function run(change: Partial<DataArgs> = {}, password = "generated"): Promise<Run> {
  const all: Made[] = [];
  const retained = new Set<string>();
  await pulumi.runtime.setMocks({
    call: () => ({}),
    newResource({ type, name, inputs }) {
      const secrets: string[] = [];
      const plain: unknown = JSON.parse(
        JSON.stringify(inputs, (key, value: unknown): unknown => {
          if (!pulumi.runtime.isRpcSecret(value)) return value;
          secrets.push(key);
          return pulumi.runtime.unwrapRpcSecret(value);
        }),
      );
      all.push({ type, name, inputs: plain, secrets, retained: retained.has(name) });
      const result = type.startsWith("random:") ? { result: `${password}-${name}` } : {};
      return { id: name, state: { ...z.record(z.string(), z.unknown()).parse(plain), ...result } };
    },
  });
  let data: Data | undefined;
  await pulumi.runtime.runInPulumiStack(() => {
    pulumi.runtime.registerStackTransformation(({ name, opts }) => {
      if (opts.retainOnDelete === true) retained.add(name);
      return undefined;
    });
    data = new Data("data", { ...args, ...change });
    return Promise.resolve({});
  });
  await pulumi.runtime.disconnect();
  if (data === undefined) throw new Error("no component");
  const find = (kind: string, name: string): Made => {
    const found = all.filter(
      ({ type, inputs }) => type.endsWith(`:${kind}`) && at(inputs, "metadata", "name") === name,
    );
    if (found[0] === undefined || found.length > 1) throw new Error(`${found.length} of ${kind} ${name}`);
    return found[0];
  };
  return { data, find, all };
}

let made: Run;
beforeAll(async () => {
  made = await run();
});

const template = (of: Run, store: string) => at(of.find("StatefulSet", store).inputs, "spec", "template");
const pod = (store: string) => at(template(made, store), "spec");
const dumpPod = (of: Run) =>
  at(of.find("CronJob", "postgres-dump").inputs, "spec", "jobTemplate", "spec", "template", "spec");
const hash = (of: Run, store: string) =>
  at(template(of, store), "metadata", "annotations", "vibecode/config-hash");
const known = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => output.apply(resolve));

function postgresOf({ data }: Pick<Run, "data">) {
  if (data.postgres === undefined) throw new Error("no Postgres");
  return data.postgres;
}

test("who keeps sessions alone has no Postgres, and nothing of one", async () => {
  const { data, all } = await run({ postgres: undefined });
  expect(data.postgres).toBeUndefined();
  expect(data.valkey.host).toBe("valkey.vibecode-auth.svc.cluster.local");
  expect(JSON.stringify(all)).not.toContain("postgres");
});

test("everything is in the namespace, and belongs to the platform", () => {
  for (const { type, inputs } of made.all.filter(({ type }) => type.startsWith("kubernetes:"))) {
    expect([type, at(inputs, "metadata", "namespace")]).toEqual([type, "vibecode-auth"]);
    expect(at(inputs, "metadata", "labels")).toMatchObject({
      "app.kubernetes.io/part-of": "vibecode",
      "app.kubernetes.io/instance": "data",
    });
  }
  const kinds = made.all.map(({ type }) => type.split(":").at(-1)).sort();
  expect(kinds.filter((kind) => kind !== "Stack" && kind !== "Data")).toEqual([
    ...["ConfigMap", "ConfigMap", "CronJob", "NetworkPolicy", "NetworkPolicy", "NetworkPolicy"],
    ...["PersistentVolumeClaim", "PersistentVolumeClaim", "PersistentVolumeClaim"],
    ...["RandomPassword", "RandomPassword", "Secret", "Secret", "Service", "Service"],
    ...["StatefulSet", "StatefulSet"],
  ]);
});

test("a client gets all that it needs to connect, and the password as a secret", async () => {
  const selector = (store: string) => ({
    "app.kubernetes.io/name": store,
    "app.kubernetes.io/instance": "data",
  });
  const { password: first, ...postgres } = postgresOf(made);
  expect(postgres).toEqual({
    host: "postgres.vibecode-auth.svc.cluster.local",
    port: 5432,
    username: "authelia",
    database: "authelia",
    passwordSecret: { name: "postgres", key: "password" },
    tls: false,
    pods: selector("postgres"),
    addresses: [],
  });
  const { password: second, ...valkey } = made.data.valkey;
  expect(valkey).toEqual({
    host: "valkey.vibecode-auth.svc.cluster.local",
    port: 6379,
    username: "default",
    passwordSecret: { name: "valkey", key: "password" },
    tls: false,
    pods: selector("valkey"),
    addresses: [],
  });
  expect(await known(first)).toBe("generated-data-postgres-password");
  expect(await known(second)).toBe("generated-data-valkey-password");
  expect(await Promise.all([pulumi.isSecret(first), pulumi.isSecret(second)])).toEqual([true, true]);
});

describe("the volumes", () => {
  const claim = (of: Run, name: string) => of.find("PersistentVolumeClaim", name);

  test.each([
    ["postgres", "2Gi"],
    ["postgres-dump", "3Gi"],
    ["valkey", "1Gi"],
  ])("%s has its size, of the cluster's default class, and is kept", (name, storage) => {
    expect(at(claim(made, name).inputs, "spec")).toEqual({
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage } },
    });
    expect(claim(made, name).retained).toBe(true);
  });

  test("are of the stack's class, and go where the stack says so", async () => {
    const other = await run({ storage: { class: "fast", retain: false } });
    for (const name of ["postgres", "postgres-dump", "valkey"]) {
      expect(at(claim(other, name).inputs, "spec", "storageClassName")).toBe("fast");
      expect(claim(other, name).retained).toBe(false);
    }
  });

  test("are not the StatefulSets' own, whose templates could never grow", () => {
    for (const store of ["postgres", "valkey"]) {
      expect(at(made.find("StatefulSet", store).inputs, "spec", "volumeClaimTemplates")).toBeUndefined();
    }
  });

  test("can grow without touching a pod", async () => {
    const grown = await run({
      postgres: { ...ownPostgres, size: "9Gi" },
      valkey: { ...ownValkey, size: "9Gi" },
    });
    for (const store of ["postgres", "valkey"]) {
      expect(at(grown.find("PersistentVolumeClaim", store).inputs, "spec", "resources")).toEqual({
        requests: { storage: "9Gi" },
      });
      expect(grown.find("StatefulSet", store).inputs).toEqual(made.find("StatefulSet", store).inputs);
    }
  });
});

describe("the pods", () => {
  const all: [string, () => unknown][] = [
    ["postgres", () => pod("postgres")],
    ["valkey", () => pod("valkey")],
    ["the dump", () => dumpPod(made)],
  ];

  test.each(all)("of %s pass pod security, write to their volumes alone and have no token", (_, spec) => {
    expect(violations(spec())).toEqual([]);
    expect(spec()).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    const pods = z
      .object({ containers: z.array(z.unknown()), initContainers: z.array(z.unknown()).default([]) })
      .parse(spec());
    for (const container of [...pods.containers, ...pods.initContainers]) {
      expect(at(container, "securityContext", "readOnlyRootFilesystem")).toBe(true);
      expect(at(container, "resources", "limits", "memory")).toMatch(/^\d+Mi$/);
    }
  });

  test.each(all)("of %s mount what they have, and have what they mount", (_, spec) => {
    const names = z.array(z.looseObject({ name: z.string() }));
    const { volumes, containers, initContainers } = z
      .object({
        volumes: names,
        containers: z.array(z.object({ volumeMounts: names })),
        initContainers: z.array(z.object({ volumeMounts: names })).default([]),
      })
      .parse(spec());
    const mounted = [...containers, ...initContainers].flatMap(({ volumeMounts }) =>
      volumeMounts.map(({ name }) => name),
    );
    expect([...new Set(mounted)].sort()).toEqual(volumes.map(({ name }) => name).sort());
  });

  test("are one a store, and one that cannot start does not block its own repair", () => {
    for (const store of ["postgres", "valkey"]) {
      expect(at(made.find("StatefulSet", store).inputs, "spec")).toMatchObject({
        replicas: 1,
        serviceName: store,
        podManagementPolicy: "Parallel",
      });
    }
  });

  test("of Postgres get the password before the server starts, which never sees it", () => {
    const [prepare, server] = [
      at(pod("postgres"), "initContainers", 0),
      at(pod("postgres"), "containers", 0),
    ];
    expect(at(prepare, "command")).toEqual(["sh", "/etc/postgresql/prepare.sh"]);
    expect(at(prepare, "env")).toContainEqual({
      name: "POSTGRES_PASSWORD_FILE",
      value: "/etc/postgresql-password/password",
    });
    expect(at(prepare, "volumeMounts")).toContainEqual({
      name: "password",
      mountPath: "/etc/postgresql-password",
      readOnly: true,
    });
    expect(JSON.stringify(server)).not.toContain("password");
    expect(at(server, "command")).toEqual(["postgres", "-c", "config_file=/etc/postgresql/postgresql.conf"]);
  });

  test("find the configuration's files under the names that it has", () => {
    const files = at(made.find("ConfigMap", "postgres").inputs, "data");
    expect(Object.keys(z.record(z.string(), z.string()).parse(files)).sort()).toEqual([
      "dump.sh",
      "pg_hba.conf",
      "postgresql.conf",
      "prepare.sh",
    ]);
    expect(at(dumpPod(made), "volumes", 0)).toEqual({
      name: "config",
      configMap: { name: "postgres", items: [{ key: "dump.sh", path: "dump.sh" }] },
    });
    expect(at(files, "postgresql.conf")).toContain("hba_file = '/etc/postgresql/pg_hba.conf'");
    expect(at(pod("valkey"), "containers", 0, "command")).toEqual([
      "valkey-server",
      "/etc/valkey/valkey.conf",
    ]);
    const conf = at(made.find("ConfigMap", "valkey").inputs, "data", "valkey.conf");
    expect(conf).toContain("\naclfile /etc/valkey/access/users.acl\n");
    expect(conf).toContain("\nappendonly yes\n");
    expect(conf).toContain("\nmaxmemory-policy noeviction\n");
  });
});

describe("the passwords", () => {
  const secret = (of: Run, store: string) => of.find("Secret", store);

  test("lie in the stores' Secrets", () => {
    expect(at(secret(made, "postgres").inputs, "stringData")).toEqual({
      password: "generated-data-postgres-password",
    });
    expect(at(secret(made, "valkey").inputs, "stringData")).toEqual({
      password: "generated-data-valkey-password",
      "users.acl": accessList("generated-data-valkey-password"),
    });
  });

  test("are made anew with another version, and of nothing else", async () => {
    const other = await run({
      postgres: { ...ownPostgres, passwordVersion: 2, size: "9Gi", image: "postgres:18" },
    });
    const password = (of: Run, store: string) =>
      of.all.find(({ name }) => name === `data-${store}-password`)?.inputs;
    expect(password(made, "postgres")).toEqual({
      length: 32,
      special: false,
      keepers: { version: "1" },
    });
    expect(at(password(other, "postgres"), "keepers")).toEqual({ version: "2" });
    expect(password(other, "valkey")).toEqual(password(made, "valkey"));
  });

  test("restart their server when they change, as does its configuration, and the hash hides them", async () => {
    const other = await run({}, "rotated");
    for (const store of ["postgres", "valkey"]) {
      expect(hash(made, store)).toMatch(/^[0-9a-f]{64}$/);
      expect(hash(other, store)).not.toBe(hash(made, store));
      expect(made.find("StatefulSet", store).secrets).toEqual([]);
    }
    expect(hash(await run({ clients: [] }), "postgres")).toBe(hash(made, "postgres"));
  });

  test("are known to Valkey by their hash, which lets clients do all but run the server", () => {
    expect(accessList("abc")).toBe(
      [
        "user default on sanitize-payload #ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad ~* &* +@all -@admin",
        "user probe on nopass sanitize-payload resetchannels -@all +ping",
        "",
      ].join("\n"),
    );
  });
});

describe("the dump", () => {
  const spec = () => at(made.find("CronJob", "postgres-dump").inputs, "spec");

  test("is made when the stack says, never twice at once, and again where it fails", () => {
    expect(spec()).toMatchObject({
      schedule: "17 3 * * *",
      timeZone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      jobTemplate: { spec: { backoffLimit: 2, activeDeadlineSeconds: 3600 } },
    });
    expect(at(dumpPod(made), "restartPolicy")).toBe("Never");
  });

  test("is of the database that clients use, with the server's own image", () => {
    const container = at(dumpPod(made), "containers", 0);
    expect(at(container, "image")).toBe("postgres:17");
    const variables = z
      .array(z.object({ name: z.string(), value: z.string().optional(), valueFrom: z.unknown().optional() }))
      .parse(at(container, "env"));
    expect(Object.fromEntries(variables.map((one) => [one.name, one.value ?? one.valueFrom]))).toEqual({
      PGHOST: "postgres.vibecode-auth.svc.cluster.local",
      PGPORT: "5432",
      PGUSER: "authelia",
      PGDATABASE: "authelia",
      PGCONNECT_TIMEOUT: "30",
      PGPASSWORD: { secretKeyRef: { name: "postgres", key: "password" } },
      DUMPS: "/dumps",
      KEEP_DAYS: "14",
    });
  });

  test("is written to the volume that the server reads dumps from, on the server's node", () => {
    const claim = { name: "dumps", persistentVolumeClaim: { claimName: "postgres-dump" } };
    expect(at(dumpPod(made), "volumes")).toContainEqual(claim);
    expect(at(pod("postgres"), "volumes")).toContainEqual(claim);
    expect(at(pod("postgres"), "containers", 0, "volumeMounts")).toContainEqual({
      name: "dumps",
      mountPath: "/dumps",
      readOnly: true,
    });
    expect(
      at(dumpPod(made), "affinity", "podAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
    ).toEqual([
      {
        topologyKey: "kubernetes.io/hostname",
        labelSelector: at(made.find("StatefulSet", "postgres").inputs, "spec", "selector"),
      },
    ]);
  });
});

describe("the borders", () => {
  const policy = (of: Run, name: string) => at(of.find("NetworkPolicy", name).inputs, "spec");
  const client = { podSelector: { matchLabels: { "app.kubernetes.io/name": "authelia" } } };
  const podsOf = (name: string) => ({
    podSelector: { matchLabels: { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": "data" } },
  });

  test("let the clients and the dump reach Postgres, the clients Valkey, and these two nothing", () => {
    expect(policy(made, "postgres")).toEqual({
      ...podsOf("postgres"),
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [client, podsOf("postgres-dump")], ports: [{ protocol: "TCP", port: 5432 }] }],
    });
    expect(policy(made, "valkey")).toEqual({
      ...podsOf("valkey"),
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [client], ports: [{ protocol: "TCP", port: 6379 }] }],
    });
  });

  test("let the dump reach Postgres and the resolvers, and nobody the dump", () => {
    expect(policy(made, "postgres-dump")).toEqual({
      ...podsOf("postgres-dump"),
      policyTypes: ["Ingress", "Egress"],
      egress: [
        { to: [podsOf("postgres")], ports: [{ protocol: "TCP", port: 5432 }] },
        {
          to: [
            {
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
              podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
            },
            { ipBlock: { cidr: "169.254.20.10/32" } },
          ],
          ports: [
            { protocol: "UDP", port: 53 },
            { protocol: "TCP", port: 53 },
          ],
        },
      ],
    });
  });

  test("are around the very pods that run", () => {
    for (const name of ["postgres", "valkey"]) {
      expect(at(template(made, name), "metadata", "labels")).toMatchObject(
        podsOf(name).podSelector.matchLabels,
      );
    }
    const job = at(made.find("CronJob", "postgres-dump").inputs, "spec", "jobTemplate", "spec", "template");
    expect(at(job, "metadata", "labels")).toMatchObject(podsOf("postgres-dump").podSelector.matchLabels);
  });

  test("let nobody in where there are no clients", async () => {
    expect(at(policy(await run({ clients: [] }), "valkey"), "ingress")).toBeUndefined();
  });
});

describe("an external store", () => {
  test("has its password in the same Secret as an own one, and nothing else", async () => {
    const { data, all, find } = await run({
      postgres: { ...external, ca: "authority", database: "sign-in" },
      valkey: { ...external, tls: "off", password: "other" },
    });
    expect(all.filter(({ type }) => type.startsWith("kubernetes:")).map(({ type }) => type)).toEqual([
      "kubernetes:core/v1:Secret",
      "kubernetes:core/v1:Secret",
    ]);
    expect(at(find("Secret", "postgres").inputs, "stringData")).toEqual({ password: "given" });
    const { password, ...connection } = postgresOf({ data });
    expect(connection).toEqual({
      host: "db.example.com",
      port: 6543,
      username: "someone",
      database: "sign-in",
      passwordSecret: { name: "postgres", key: "password" },
      tls: true,
      ca: "authority",
      addresses: ["10.1.2.0/24", "10.1.3.7/32"],
    });
    expect(await known(password)).toBe("given");
    expect(await pulumi.isSecret(password)).toBe(true);
    expect(data.valkey).toMatchObject({ tls: false, ca: undefined });
    expect(at(find("Secret", "valkey").inputs, "stringData")).toEqual({ password: "other" });
  });
});
