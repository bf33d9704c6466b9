import { parse } from "yaml";
import { z } from "zod";

import { at, find, minimal, runProgram, type Run } from "./mocks";

const users = [
  { name: "alice", email: "alice@example.com", groups: ["admins"] },
  { name: "bob", email: "bob@example.com" },
];
const github = {
  kind: "oauth2-proxy",
  provider: { type: "github", clientId: "platform", organisation: "example" },
};
const ca = "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n";

const run = (more: Record<string, unknown>) => runProgram({ ...minimal, users, ...more });
const signInFile = (made: Run): unknown =>
  parse(String(at(find(made, "Secret", "ingress-sign-in").inputs, "stringData", "sign-in.yaml")));
const entries = (value: unknown) => z.record(z.string(), z.unknown()).parse(value);
const middlewaresOf = (made: Run, route: string) =>
  at(
    find(made, "networking.k8s.io/v1:Ingress", route).inputs,
    "metadata",
    "annotations",
    "traefik.ingress.kubernetes.io/router.middlewares",
  );
const egressOf = (made: Run, policy: string) =>
  JSON.stringify(at(find(made, "NetworkPolicy", policy).inputs, "spec", "egress"));
const ofKind = (made: Run, kind: string) =>
  made.resources.filter(({ type }) => type.endsWith(`:${kind}`)).map(({ name }) => name);

describe("Authelia, which is what a stack has that says nothing of sign-in", () => {
  let made: Run;
  beforeAll(async () => {
    const { auth, ...silent } = minimal;
    expect(auth.kind).toBe("basic");
    made = await runProgram({ ...silent, users });
  });

  test("stands before every workspace, its forwarded ports included", () => {
    for (const route of ["alice-route", "bob-route"])
      expect(middlewaresOf(made, route)).toBe("sign-in@file,session-cookie@file");
    const file = signInFile(made);
    expect(at(file, "http", "middlewares", "sign-in", "forwardAuth", "address")).toBe(
      "http://authelia.vibecode-auth.svc.cluster.local:9091/api/authz/forward-auth",
    );
    const routers = Object.values(entries(at(file, "http", "routers")));
    expect(routers).toHaveLength(2);
    const guard = ["sign-in@file", "session-cookie@file"];
    for (const router of routers) expect(at(router, "middlewares")).toEqual(expect.arrayContaining(guard));
  });

  test("has its own pages at a host of their own, without the guard and with a limit", () => {
    const { inputs } = find(made, "networking.k8s.io/v1:Ingress", "ingress-sign-in-route");
    expect(at(inputs, "spec", "rules", 0, "host")).toBe("auth.dev.localhost");
    expect(middlewaresOf(made, "ingress-sign-in-route")).toBe("portal-rate-limit@file");
    expect(at(find(made, "Service", "ingress-sign-in-route").inputs, "spec", "externalName")).toBe(
      "authelia.vibecode-auth.svc.cluster.local",
    );
  });

  test("is reached by Traefik, reaches its two stores, and they nobody", () => {
    expect(egressOf(made, "ingress-network")).toContain('"app.kubernetes.io/name":"authelia"');
    expect(egressOf(made, "sign-in-network")).toContain('"app.kubernetes.io/name":"postgres"');
    expect(egressOf(made, "sign-in-network")).toContain('"app.kubernetes.io/name":"valkey"');
    for (const store of ["postgres", "valkey"]) {
      const spec = at(find(made, "NetworkPolicy", `data-${store}-network`).inputs, "spec");
      expect(JSON.stringify(at(spec, "ingress"))).toContain('"app.kubernetes.io/name":"authelia"');
      expect(at(spec, "egress")).toBeUndefined();
    }
  });

  test("is in a namespace of its own, which stays with the stores' volumes", () => {
    const namespace = find(made, "Namespace", "sign-in-namespace");
    expect(namespace.retainOnDelete).toBe(true);
    expect(at(namespace.inputs, "metadata", "name")).toBe("vibecode-auth");
    expect(at(namespace.inputs, "metadata", "labels", "pod-security.kubernetes.io/enforce")).toBe(
      "restricted",
    );
  });

  test("knows the stack's users, whose first passwords are a secret output", () => {
    const secret = find(made, "Secret", "sign-in-secret");
    const file: unknown = parse(String(at(secret.inputs, "stringData", "users.yml")));
    expect(file).toMatchObject({
      users: {
        alice: { email: "alice@example.com", groups: ["admins", "users"] },
        bob: { email: "bob@example.com", groups: ["users"] },
      },
    });
    expect(made.secretOutputs).toContain("passwords");
    expect(Object.keys(entries(made.outputs["passwords"]))).toEqual(["alice", "bob"]);
  });

  test("and everything of it goes to the cluster that the config names", () => {
    for (const { type, name, provider } of made.resources)
      if (type.startsWith("kubernetes:")) expect([name, provider]).toEqual([name, "cluster"]);
  });
});

test("stores that somebody else runs are reached at their addresses, and trusted by their authority", async () => {
  const server = { kind: "external", addresses: ["10.1.2.0/24"], ca };
  const made = await run({
    auth: { kind: "authelia" },
    data: {
      postgres: { ...server, host: "db.example.com" },
      valkey: { ...server, host: "cache.example.com", username: "sign-in" },
    },
    dataSecrets: { postgres: "p", valkey: "v" },
  });
  expect(ofKind(made, "StatefulSet")).toEqual([]);
  const { inputs } = find(made, "ConfigMap", "sign-in-config");
  expect(at(inputs, "data", "authorities.crt")).toBe(`${ca}\n${ca}`);
  expect(at(parse(String(at(inputs, "data", "configuration.yml"))), "session", "redis")).toMatchObject({
    host: "cache.example.com",
    username: "sign-in",
    tls: { server_name: "cache.example.com" },
  });
  expect(at(find(made, "NetworkPolicy", "sign-in-network").inputs, "spec", "egress")).toContainEqual({
    to: [{ ipBlock: { cidr: "10.1.2.0/24" } }],
    ports: [{ protocol: "TCP", port: 5432 }],
  });
});

describe("oauth2-proxy", () => {
  let made: Run;
  beforeAll(async () => {
    made = await run({ auth: github, authSecrets: { clientSecret: "s" } });
  });

  test("keeps its sessions in Valkey, and has no Postgres", () => {
    expect(ofKind(made, "StatefulSet")).toEqual(["data-valkey-server"]);
  });

  test("asks for the owner by address before each workspace", () => {
    expect(middlewaresOf(made, "alice-route")).toBe("sign-in@file,sign-in-alice@file,session-cookie@file");
    expect(at(signInFile(made), "http", "middlewares", "sign-in-bob", "forwardAuth", "address")).toMatch(
      /allowed_emails=bob%40example\.com$/,
    );
  });

  test("gives nobody a password", () => {
    expect(made.outputs["passwords"]).toEqual({});
  });
});

test("the key of the second factors outlives a move to another kind and back", async () => {
  const kinds = [
    { auth: { kind: "basic" } },
    { auth: { kind: "authelia" } },
    { auth: github, authSecrets: { clientSecret: "s" } },
  ];
  for (const kind of kinds)
    expect(ofKind(await run(kind), "RandomPassword")).toContain("sign-in-encryption-key-1");
});

test("basic has no pods, no stores and no page", async () => {
  const made = await run({ auth: { kind: "basic" } });
  expect(middlewaresOf(made, "alice-route")).toBe("sign-in-alice@file");
  expect(made.resources.filter(({ name }) => name.startsWith("data"))).toEqual([]);
  expect(ofKind(made, "Namespace")).not.toContain("sign-in-namespace");
  expect(ofKind(made, "networking.k8s.io/v1:Ingress")).toEqual(["alice-route", "bob-route"]);
});

describe("a config is refused, with all its mistakes", () => {
  const mistakes = (config: Record<string, unknown>) => expect(run(config)).rejects;

  test("when its secrets lie open", async () => {
    const config = { ...minimal, users, auth: github, authSecrets: { clientSecret: "s3cret" } };
    const open = runProgram(config, { secretKeys: [] });
    await expect(open).rejects.toThrow("pulumi config set --secret --path 'vibecode:authSecrets.<name>'");
    await expect(open).rejects.not.toThrow("s3cret");
  });

  test("when a server's password is not there", async () => {
    await mistakes({
      auth: { kind: "authelia" },
      data: { postgres: { kind: "external", host: "db.example.com", addresses: ["10.1.2.0/24"] } },
    }).toThrow("vibecode:dataSecrets.postgres: is missing: must be the password of the external server");
  });

  test("when everybody at GitHub could sign in", async () => {
    await mistakes({
      auth: { kind: "oauth2-proxy", provider: { type: "github", clientId: "platform" } },
      authSecrets: { clientSecret: "s" },
    }).toThrow("without a list everybody at GitHub could sign in");
  });
});
