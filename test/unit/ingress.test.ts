import { parse } from "yaml";
import { z } from "zod";

import { at, find, minimal, runProgram, type Run } from "./mocks";

const withIngress = (ingress: object) => runProgram({ ...minimal, ingress });

const file = (run: Run, name: string): unknown =>
  parse(String(at(find(run, "ConfigMap", "ingress-config").inputs, "data", name)));

const hash = (run: Run) =>
  at(
    find(run, "Deployment", "ingress-traefik").inputs,
    "spec",
    "template",
    "metadata",
    "annotations",
    "vibecode/config-hash",
  );

let run: Run;
beforeAll(async () => {
  run = await runProgram(minimal);
});

describe("Traefik's static configuration", () => {
  const config = () => file(run, "traefik.yaml");

  test("redirects plain HTTP to the port people type, for good", async () => {
    const redirection = (text: unknown) =>
      at(text, "entryPoints", "web", "http", "redirections", "entryPoint");
    expect(redirection(config())).toEqual({ to: ":443", scheme: "https", permanent: true });
    const other = await withIngress({ httpsPort: 8443 });
    expect(redirection(file(other, "traefik.yaml"))).toEqual({
      to: ":8443",
      scheme: "https",
      permanent: true,
    });
  });

  test("keeps a silent connection for hours, a request for minutes, and never ends an answer", () => {
    expect(at(config(), "entryPoints", "websecure", "transport", "respondingTimeouts")).toEqual({
      readTimeout: "15m",
      writeTimeout: "0s",
      idleTimeout: "3h",
    });
  });

  test("has TLS, the rate limit, the headers and the retries on the entry point, which no route can leave out", () => {
    expect(at(config(), "entryPoints", "websecure", "http")).toEqual({
      tls: {},
      middlewares: ["rate-limit@file", "headers@file", "retry@file"],
    });
    const defined = z
      .record(z.string(), z.unknown())
      .parse(at(file(run, "middlewares.yaml"), "http", "middlewares"));
    expect(Object.keys(defined)).toEqual(["headers", "rate-limit", "retry", "stopped"]);
  });

  test("watches one namespace and one class, and shows no dashboard", () => {
    expect(at(config(), "providers", "kubernetesIngress")).toEqual({
      namespaces: ["vibecode-ingress"],
      ingressClass: "vibecode",
      ingressEndpoint: { publishedService: "vibecode-ingress/traefik" },
      allowExternalNameServices: true,
    });
    expect(at(config(), "providers", "file")).toEqual({ directory: "/etc/traefik/dynamic", watch: true });
    expect(at(config(), "api")).toBeUndefined();
  });
});

describe("Traefik's dynamic configuration", () => {
  const config = () => file(run, "middlewares.yaml");

  test("limits each client's requests as the stack says", async () => {
    const limit = (text: unknown) => at(text, "http", "middlewares", "rate-limit", "rateLimit");
    expect(limit(config())).toEqual({ average: 50, burst: 1000, period: "1s" });
    const other = await withIngress({ rateLimit: { average: 5, burst: 7 } });
    expect(limit(file(other, "middlewares.yaml"))).toEqual({ average: 5, burst: 7, period: "1s" });
  });

  test("serves the wildcard certificate, from TLS 1.2 on", () => {
    expect(at(config(), "tls")).toEqual({
      stores: {
        default: {
          defaultCertificate: {
            certFile: "/etc/traefik/dynamic/tls/tls.crt",
            keyFile: "/etc/traefik/dynamic/tls/tls.key",
          },
        },
      },
      options: { default: { minVersion: "VersionTLS12" } },
    });
  });

  test("sets the security headers", () => {
    expect(at(config(), "http", "middlewares", "headers", "headers")).toMatchObject({
      stsSeconds: 31_536_000,
      contentTypeNosniff: true,
      customFrameOptionsValue: "SAMEORIGIN",
      referrerPolicy: "same-origin",
      permissionsPolicy: "camera=(), microphone=(), geolocation=()",
      customResponseHeaders: { Server: "", "X-Powered-By": "" },
    });
  });

  test("takes from every request the headers that say who somebody is, or that another host was asked", () => {
    const removed = at(config(), "http", "middlewares", "headers", "headers", "customRequestHeaders");
    const removedNames = Object.entries(z.record(z.string(), z.literal("")).parse(removed)).map(
      ([name]) => name,
    );
    expect(removedNames.sort()).toEqual([
      "Forwarded",
      "Remote-Email",
      "Remote-Groups",
      "Remote-Name",
      "Remote-User",
      "X-Auth-Request-Access-Token",
      "X-Auth-Request-Email",
      "X-Auth-Request-Groups",
      "X-Auth-Request-Preferred-Username",
      "X-Auth-Request-User",
      "X-Forwarded-Access-Token",
      "X-Forwarded-Email",
      "X-Forwarded-Groups",
      "X-Forwarded-Preferred-Username",
      "X-Forwarded-User",
    ]);
  });
});

describe("Traefik's rights", () => {
  const rules = (kind: string, name: string) =>
    z
      .array(
        z.object({
          apiGroups: z.array(z.string()),
          resources: z.array(z.string()),
          verbs: z.array(z.string()),
        }),
      )
      .parse(at(find(run, kind, name).inputs, "rules"));

  test("end at its namespace, but for nodes and classes, which are no secret", () => {
    expect(rules("ClusterRole", "ingress-cluster-role")).toEqual([
      { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["networking.k8s.io"], resources: ["ingressclasses"], verbs: ["get", "list", "watch"] },
    ]);
    expect(at(find(run, "Role", "ingress-role").inputs, "metadata", "namespace")).toBe("vibecode-ingress");
    const bindings = run.resources.filter(({ type }) => type.endsWith("Binding"));
    expect(bindings.map(({ inputs }) => at(inputs, "roleRef", "name")).sort()).toEqual([
      "traefik",
      "vibecode-traefik",
    ]);
    for (const { inputs } of bindings) {
      expect(at(inputs, "subjects")).toEqual([
        { kind: "ServiceAccount", name: "traefik", namespace: "vibecode-ingress" },
      ]);
    }
  });

  test("are to read, and to write nothing but an Ingress's status", () => {
    const all = [...rules("Role", "ingress-role"), ...rules("ClusterRole", "ingress-cluster-role")];
    const writing = all.filter(({ verbs }) => verbs.some((verb) => !["get", "list", "watch"].includes(verb)));
    expect(writing).toEqual([
      { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["update"] },
    ]);
    expect(
      all.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]),
    ).not.toContain("*");
  });
});

describe("Traefik's pods", () => {
  const pod = () => at(find(run, "Deployment", "ingress-traefik").inputs, "spec", "template", "spec");

  test("are not root, have no capabilities and a root that cannot be written", () => {
    expect(at(pod(), "securityContext")).toMatchObject({ runAsNonRoot: true, runAsUser: 65532 });
    expect(at(pod(), "containers", 0, "securityContext")).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
    });
  });

  test("mount every file that the configuration names", () => {
    expect(at(pod(), "containers", 0, "args")).toEqual(["--configFile=/etc/traefik/config/traefik.yaml"]);
    expect(at(pod(), "containers", 0, "volumeMounts")).toEqual([
      { name: "config", mountPath: "/etc/traefik/config", readOnly: true },
      { name: "dynamic", mountPath: "/etc/traefik/dynamic", readOnly: true },
      { name: "session", mountPath: "/etc/traefik/plugins-local/src/vibecode/session", readOnly: true },
      { name: "stopped", mountPath: "/etc/traefik/plugins-local/src/vibecode/stopped", readOnly: true },
    ]);
    expect(at(pod(), "volumes")).toEqual([
      {
        name: "config",
        configMap: { name: "traefik", items: [{ key: "traefik.yaml", path: "traefik.yaml" }] },
      },
      {
        name: "dynamic",
        projected: {
          sources: [
            {
              configMap: {
                name: "traefik",
                items: [{ key: "middlewares.yaml", path: "files/middlewares.yaml" }],
              },
            },
            { secret: { name: "sign-in", items: [{ key: "sign-in.yaml", path: "files/sign-in.yaml" }] } },
            {
              secret: {
                name: "wildcard-certificate",
                items: [
                  { key: "tls.crt", path: "tls/tls.crt" },
                  { key: "tls.key", path: "tls/tls.key" },
                ],
              },
            },
          ],
        },
      },
      ...["session", "stopped"].map((plugin) => ({
        name: plugin,
        configMap: {
          name: "traefik",
          items: [
            { key: `${plugin}.traefik.yml`, path: ".traefik.yml" },
            { key: `${plugin}.go`, path: `${plugin}.go` },
          ],
        },
      })),
    ]);
  });

  test.each([
    ["session", 2],
    ["stopped", 3],
  ])("start where Traefik looks for the plugin %s, which the ConfigMap holds as source", (plugin, mount) => {
    expect(at(pod(), "containers", 0, "workingDir")).toBe("/etc/traefik");
    const { moduleName } = z
      .object({ moduleName: z.string() })
      .parse(at(file(run, "traefik.yaml"), "experimental", "localPlugins", plugin));
    expect(at(pod(), "containers", 0, "volumeMounts", mount)).toEqual({
      name: plugin,
      mountPath: `/etc/traefik/plugins-local/src/${moduleName}`,
      readOnly: true,
    });
    expect(at(file(run, `${plugin}.traefik.yml`), "import")).toBe(moduleName);
    const source = at(find(run, "ConfigMap", "ingress-config").inputs, "data", `${plugin}.go`);
    expect(source).toMatch(new RegExp(`^package ${plugin}$`, "m"));
  });

  test("have a middleware of each, of sign-in's cookies only where it has some", async () => {
    const defined = (of: Run) => at(file(of, "middlewares.yaml"), "http", "middlewares");
    expect(at(defined(run), "stopped")).toEqual({ plugin: { stopped: {} } });
    expect(at(defined(run), "session-cookie")).toBeUndefined();
    const other = await runProgram({ ...minimal, auth: { kind: "authelia" } });
    expect(at(defined(other), "session-cookie")).toEqual({
      plugin: { session: { names: ["vibecode_session"] } },
    });
  });

  test("go where the stack says, and are kept apart and counted when there are several", async () => {
    const other = await withIngress({ replicas: 2, nodeSelector: { "ingress-ready": "true" } });
    const { inputs } = find(other, "Deployment", "ingress-traefik");
    expect(at(inputs, "spec", "replicas")).toBe(2);
    expect(at(inputs, "spec", "template", "spec", "nodeSelector")).toEqual({ "ingress-ready": "true" });
    expect(at(find(other, "PodDisruptionBudget", "ingress-budget").inputs, "spec")).toEqual({
      maxUnavailable: 1,
      selector: at(inputs, "spec", "selector"),
    });
  });
});

describe("the Service", () => {
  const spec = (of: Run) => at(find(of, "Service", "ingress-service").inputs, "spec");

  test("is the cloud's load balancer, and keeps the client's address", () => {
    expect(spec(run)).toMatchObject({
      type: "LoadBalancer",
      externalTrafficPolicy: "Local",
      ports: [
        { name: "web", port: 80, targetPort: "web" },
        { name: "websecure", port: 443, targetPort: "websecure" },
      ],
    });
  });

  test("is a port of each node where the stack says so, also of those without Traefik", async () => {
    const other = await withIngress({ exposure: { type: "NodePort", https: 31443 } });
    expect(spec(other)).toMatchObject({
      type: "NodePort",
      externalTrafficPolicy: "Cluster",
      ports: [
        { name: "web", port: 80, targetPort: "web", nodePort: 30080 },
        { name: "websecure", port: 443, targetPort: "websecure", nodePort: 31443 },
      ],
    });
  });
});

test("the class is Traefik's, and not the cluster's default", () => {
  const { inputs } = find(run, "IngressClass", "ingress-class");
  expect(inputs).toMatchObject({
    metadata: { name: "vibecode" },
    spec: { controller: "traefik.io/ingress-controller" },
  });
  expect(at(inputs, "metadata", "annotations")).toBeUndefined();
});

describe("Traefik starts again", () => {
  test.each<[string, Record<string, unknown>]>([
    ["with another rate limit", { ingress: { rateLimit: { average: 5 } } }],
    ["with another static configuration", { ingress: { httpsPort: 8443 } }],
  ])("%s", async (_, change) => {
    expect(hash(await runProgram({ ...minimal, ...change }))).not.toBe(hash(run));
  });

  test.each<[string, Record<string, unknown>]>([
    ["for a user", { users: ["alice", "bob", "carol"] }],
    // Which is part of the certificate, and of nothing else that Traefik has.
    ["for another certificate", { domain: "example.com" }],
  ])("but not %s, which must not cut everybody's WebSockets", async (_, change) => {
    expect(hash(run)).toMatch(/^[0-9a-f]{64}$/);
    expect(hash(await runProgram({ ...minimal, ...change }))).toBe(hash(run));
  });
});
