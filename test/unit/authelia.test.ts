import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";

import type { AutheliaArgs } from "../../components/auth/authelia";
import { auth } from "../../infra/auth";
import { make, only, people, place, type Component } from "./auth-component";
import { at } from "./mocks";
import { violations } from "./restricted";

const said = (config: object) => {
  const settings = auth.parse({ kind: "authelia", ...config });
  if (settings.kind !== "authelia") throw new Error("another kind");
  return settings;
};

const authelia = (config: object = {}, more: Partial<AutheliaArgs> = {}): Promise<Component> => {
  const settings = said(config);
  return make({
    kind: "authelia",
    ...place,
    image: "authelia:4.39",
    replicas: settings.replicas,
    people,
    settings,
    access: settings.access,
    versions: settings.versions,
    authorities: settings.authorities,
    stores: {
      postgres: {
        host: "postgres",
        port: 5432,
        database: "authelia",
        username: "authelia",
        tls: false,
        password: "p",
        pods: { "app.kubernetes.io/name": "postgres" },
      },
      valkey: {
        host: "valkey",
        port: 6379,
        username: "default",
        tls: false,
        password: "v",
        pods: { "app.kubernetes.io/name": "valkey" },
      },
    },
    given: { passwordHashes: {} },
    ...more,
  });
};

const pod = (made: Component) => at(only(made, "Deployment").inputs, "spec", "template", "spec");
const stringData = (made: Component) => at(only(made, "Secret").inputs, "stringData");
const hash = (made: Component) =>
  at(only(made, "Deployment").inputs, "spec", "template", "metadata", "annotations", "vibecode/config-hash");
const keys = (value: unknown) => Object.keys(typeof value === "object" && value !== null ? value : {}).sort();

let made: Component;
beforeAll(async () => {
  made = await authelia();
});

describe("what the ingress is given", () => {
  test("one middleware, which asks Authelia with nothing of the caller's but what it needs", () => {
    expect(made.middlewares).toEqual({
      "sign-in": {
        forwardAuth: {
          address: "http://authelia.vibecode-auth.svc.cluster.local:9091/api/authz/forward-auth",
          trustForwardHeader: false,
          authRequestHeaders: ["Accept", "Cookie", "User-Agent", "X-Requested-With"],
          authResponseHeaders: ["Remote-User", "Remote-Groups", "Remote-Email", "Remote-Name"],
          maxResponseBodySize: 1048576,
        },
      },
      "portal-rate-limit": { rateLimit: { average: 5, period: "1s", burst: 100 } },
    });
  });

  test("the guard stands before every host, and exists", () => {
    expect(made.signIn.guard("alice")).toEqual(["sign-in@file"]);
    expect(made.signIn.guardAdmins?.()).toEqual(["sign-in@file"]);
  });

  test("the page has a route with its own limit and no guard, which would ask for what it gives", () => {
    expect(made.signIn.routes).toEqual([
      {
        name: "sign-in",
        host: "auth.dev.example.com",
        service: "authelia.vibecode-auth.svc.cluster.local",
        port: 9091,
        middlewares: ["portal-rate-limit@file"],
      },
    ]);
  });

  test("the pods to reach are those of the Deployment", () => {
    const labels = at(only(made, "Deployment").inputs, "spec", "template", "metadata", "labels");
    const [egress] = made.signIn.egress;
    expect(labels).toMatchObject(egress?.pods ?? { none: "at all" });
    expect(egress).toMatchObject({ namespace: "vibecode-auth", port: 9091 });
  });
});

describe("the pod", () => {
  test("holds to pod security restricted, with nothing writable but notifications", () => {
    expect(violations(pod(made))).toEqual([]);
    expect(at(pod(made), "containers", 0, "securityContext", "readOnlyRootFilesystem")).toBe(true);
    const mounts = at(pod(made), "containers", 0, "volumeMounts");
    expect(mounts).toEqual([
      { name: "config", mountPath: "/config", readOnly: true },
      { name: "secrets", mountPath: "/secrets", readOnly: true },
      { name: "notifications", mountPath: "/notifications" },
    ]);
  });

  test("has more ports for its connections to Valkey than Linux would give it", () => {
    expect(at(pod(made), "securityContext", "sysctls")).toEqual([
      { name: "net.ipv4.ip_local_port_range", value: "10000 65535" },
    ]);
  });

  test("gets no variables of other Services, which Authelia would take for configuration", () => {
    expect(at(pod(made), "enableServiceLinks")).toBe(false);
    expect(at(pod(made), "automountServiceAccountToken")).toBe(false);
  });

  test("has every secret in a file, and each file is in the Secret", () => {
    expect(at(pod(made), "containers", 0, "env")).toEqual(
      [
        "SESSION_SECRET",
        "IDENTITY_VALIDATION_RESET_PASSWORD_JWT_SECRET",
        "STORAGE_ENCRYPTION_KEY",
        "STORAGE_POSTGRES_PASSWORD",
        "SESSION_REDIS_PASSWORD",
      ].map((file) => ({ name: `AUTHELIA_${file}_FILE`, value: `/secrets/${file}` })),
    );
    expect(keys(stringData(made))).toEqual([
      "IDENTITY_VALIDATION_RESET_PASSWORD_JWT_SECRET",
      "SESSION_REDIS_PASSWORD",
      "SESSION_SECRET",
      "STORAGE_ENCRYPTION_KEY",
      "STORAGE_POSTGRES_PASSWORD",
      "users.yml",
    ]);
  });

  test("of a directory with mail and Duo has their secrets too, and no users' file", async () => {
    const other = await authelia(
      {
        backend: { type: "ldap", address: "ldaps://ldap.example.com", baseDn: "dc=x", user: "cn=y" },
        notifier: { type: "smtp", address: "submission://mail.test", sender: "a@b.example", username: "u" },
        secondFactors: { duo: "api.duosecurity.com" },
      },
      {
        given: {
          passwordHashes: {},
          ldapPassword: "l",
          smtpPassword: "s",
          duoIntegrationKey: "i",
          duoSecretKey: "d",
        },
      },
    );
    expect(stringData(other)).toMatchObject({
      AUTHENTICATION_BACKEND_LDAP_PASSWORD: "l",
      NOTIFIER_SMTP_PASSWORD: "s",
      DUO_API_INTEGRATION_KEY: "i",
      DUO_API_SECRET_KEY: "d",
    });
    expect(keys(stringData(other))).not.toContain("users.yml");
    expect(other.passwords).toEqual({});
    expect(at(only(other, "NetworkPolicy").inputs, "spec", "egress", 3)).toEqual({
      ports: [443, 587, 636].map((port) => ({ protocol: "TCP", port })),
    });
  });
});

describe("secrets", () => {
  test("are secret in the state as a whole, and not in the ConfigMap", () => {
    expect(only(made, "Secret").secrets).toEqual(["stringData"]);
    expect(JSON.stringify(only(made, "ConfigMap").inputs)).not.toMatch(/password of|\$2a\$/);
  });

  test("are generated, each by itself", () => {
    const generated = made.resources.filter(({ kind }) => kind === "RandomPassword");
    expect(Object.fromEntries(generated.map(({ name, inputs }) => [name, inputs]))).toEqual({
      "sign-in-alice": { length: 24, special: false },
      "sign-in-bob": { length: 24, special: false },
      "sign-in-session-secret": { length: 64, special: false },
      "sign-in-reset-password-secret": { length: 64, special: false },
      "sign-in-encryption-key-1": { length: 64, special: false },
    });
  });

  test("are other ones in another version, and no others with them", async () => {
    const other = await authelia({ versions: { session: 2, passwords: { bob: 3 } } });
    const changed = other.resources
      .filter(({ kind, inputs }) => kind === "RandomPassword" && at(inputs, "keepers") !== undefined)
      .map(({ name, inputs }) => [name, at(inputs, "keepers")]);
    expect(Object.fromEntries(changed)).toEqual({
      "sign-in-bob": { version: "3" },
      "sign-in-session-secret": { version: "2" },
    });
  });

  test("of the database are changed before Authelia starts, with the key before and the first at hand", async () => {
    const other = await authelia({ versions: { encryption: 3 } });
    const names = other.resources.map(({ name }) => name).filter((name) => name.includes("encryption"));
    expect(names.sort()).toEqual([1, 2, 3].map((version) => `sign-in-encryption-key-${version}`));
    expect(stringData(other)).toMatchObject({
      STORAGE_ENCRYPTION_KEY: "password of sign-in-encryption-key-3",
      "previous-encryption-key": "password of sign-in-encryption-key-2",
      "first-encryption-key": "password of sign-in-encryption-key-1",
    });
    // Where the one before is the first, it is one resource.
    expect(stringData(await authelia({ versions: { encryption: 2 } }))).toMatchObject({
      STORAGE_ENCRYPTION_KEY: "password of sign-in-encryption-key-2",
      "previous-encryption-key": "password of sign-in-encryption-key-1",
      "first-encryption-key": "password of sign-in-encryption-key-1",
    });
    expect(at(pod(other), "initContainers", 0, "name")).toBe("encryption-key");
    expect(violations(pod(other))).toEqual([]);
    const variables = at(pod(other), "containers", 0, "env");
    expect(JSON.stringify(variables)).not.toMatch(/previous|first/);
    expect(at(pod(made), "initContainers")).toBeUndefined();
  });
});

describe("users", () => {
  test("have a generated password, or the hash they were given", async () => {
    expect(made.passwords).toEqual({
      alice: "password of sign-in-alice",
      bob: "password of sign-in-bob",
    });
    const given = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA";
    const other = await authelia({}, { given: { passwordHashes: { alice: pulumi.secret(given) } } });
    expect(other.passwords).toEqual({ bob: "password of sign-in-bob" });
    const users = at(parse(String(at(stringData(other), "users.yml"))), "users");
    expect(at(users, "alice", "password")).toBe(given);
    expect(at(users, "bob", "password")).toMatch(/^\$2a\$10\$signinbob/);
  });

  test("who come or go restart the pod, for Authelia does not see a Secret change", async () => {
    expect(hash(made)).toMatch(/^[0-9a-f]{64}$/);
    expect(hash(await authelia())).toBe(hash(made));
    expect(hash(await authelia({}, { people: people.slice(0, 1) }))).not.toBe(hash(made));
    expect(hash(await authelia({ session: { expiration: "1h" } }))).not.toBe(hash(made));
  });
});

describe("around it", () => {
  test("only Traefik reaches it, and only its stores and names are reached", () => {
    expect(at(only(made, "NetworkPolicy").inputs, "spec")).toEqual({
      podSelector: {
        matchLabels: { "app.kubernetes.io/name": "authelia", "app.kubernetes.io/instance": "sign-in" },
      },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "vibecode-ingress" } },
              podSelector: { matchLabels: { "app.kubernetes.io/name": "traefik" } },
            },
          ],
          ports: [{ protocol: "TCP", port: 9091 }],
        },
      ],
      egress: [
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
        {
          to: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "postgres" } } }],
          ports: [{ protocol: "TCP", port: 5432 }],
        },
        {
          to: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "valkey" } } }],
          ports: [{ protocol: "TCP", port: 6379 }],
        },
      ],
    });
  });

  test("two pods have a disruption budget, and one has none", async () => {
    expect(made.resources.map(({ kind }) => kind)).not.toContain("PodDisruptionBudget");
    const two = await authelia({ replicas: 2 });
    expect(at(only(two, "PodDisruptionBudget").inputs, "spec", "maxUnavailable")).toBe(1);
    expect(at(only(two, "Deployment").inputs, "spec", "replicas")).toBe(2);
  });
});
