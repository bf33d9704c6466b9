import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { at, find, minimal, runProgram, type Run } from "./mocks";
import { upstreamFolder } from "./upstream";

const domain = "dev.example.com";
const route53 = { type: "route53", region: "eu-central-1", role: "arn:aws:iam::111122223333:role/dns" };
const google = { type: "google", project: "example-dns" };

const run = (certificates: object, more: Record<string, unknown> = {}) =>
  runProgram({
    ...minimal,
    domain,
    certificates: { kind: "cert-manager", email: "ops@example.com", provider: route53, ...certificates },
    ...more,
  });
const issuer = (of: Run) => find(of, "ClusterIssuer", "certificates-issuer").inputs;
const certificate = (of: Run) => find(of, "Certificate", "ingress-certificate").inputs;
const solver = (of: Run) => at(issuer(of), "spec", "acme", "solvers", 0, "dns01");
const values = (of: Run) => at(find(of, "Release", "certificates-cert-manager").inputs, "values");
const names = (of: Run, kind: string) =>
  of.resources.filter(({ type }) => type.endsWith(`:${kind}`)).map(({ name }) => name);

/** Each provider by each way in which it knows the platform. */
const variants: Record<string, { provider: object; secrets?: object; solver: object }> = {
  "Cloudflare by a token": {
    provider: { type: "cloudflare" },
    secrets: { cloudflareToken: "t0ken" },
    solver: {
      cloudflare: { apiTokenSecretRef: { name: "vibecode-dns-provider", key: "credentials" } },
    },
  },
  "Route 53 by a role": { provider: route53, solver: { route53: { region: "eu-central-1" } } },
  "Route 53 by the cluster's choice of a role": {
    provider: { type: "route53" },
    solver: { route53: { region: "us-east-1" } },
  },
  "Route 53 by an access key": {
    provider: { type: "route53", accessKeyId: "AKIAIOSFODNN7EXAMPLE" },
    secrets: { awsSecretAccessKey: "s3cret" },
    solver: {
      route53: {
        region: "us-east-1",
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKeySecretRef: { name: "vibecode-dns-provider", key: "credentials" },
      },
    },
  },
  "Cloud DNS by a service account": {
    provider: { ...google, serviceAccount: "dns@example-dns.iam.gserviceaccount.com" },
    solver: { cloudDNS: { project: "example-dns" } },
  },
  "Cloud DNS by a key": {
    provider: google,
    secrets: { googleKey: "k3y" },
    solver: {
      cloudDNS: {
        project: "example-dns",
        serviceAccountSecretRef: { name: "vibecode-dns-provider", key: "credentials" },
      },
    },
  },
};
const variant = ({ provider, secrets }: { provider: object; secrets?: object }) =>
  run({ provider }, { certificateSecrets: secrets ?? {} });

describe("the wildcard certificate", () => {
  let made: Run;
  beforeAll(async () => {
    made = await run({});
  });

  test("is asked for the domain and all names below it, into a Secret that Traefik mounts", () => {
    expect(certificate(made)).toMatchObject({
      metadata: { name: "requested-certificate", namespace: "vibecode-ingress" },
      spec: {
        secretName: "requested-certificate",
        dnsNames: [domain, `*.${domain}`],
        issuerRef: { kind: "ClusterIssuer", name: at(issuer(made), "metadata", "name") },
      },
    });
    const pod = at(find(made, "Deployment", "ingress-traefik").inputs, "spec", "template", "spec");
    expect(at(pod, "volumes", 1, "projected", "sources", 2)).toEqual({
      secret: {
        name: "requested-certificate",
        items: [
          { key: "tls.crt", path: "tls/tls.crt" },
          { key: "tls.key", path: "tls/tls.key" },
        ],
      },
    });
  });

  test("is written by cert-manager alone: the stack makes no Secret of that name, and no authority", () => {
    expect(names(made, "Secret")).toEqual(["ingress-sign-in"]);
    expect(names(made, "SelfSignedCert")).toEqual([]);
    expect(made.outputs["ca"]).toBeUndefined();
  });

  test("is waited for, as its issuer is", () => {
    for (const object of [certificate(made), issuer(made)])
      expect(at(object, "metadata", "annotations", "pulumi.com/waitFor")).toBe("condition=Ready");
  });

  test.each([
    ["lets-encrypt", "https://acme-v02.api.letsencrypt.org/directory"],
    ["lets-encrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory"],
  ])(
    "is made anew when the authority becomes %s, since each has an issuer of its own",
    async (server, url) => {
      const other = await run({ server });
      expect(issuer(other)).toMatchObject({
        metadata: { name: `vibecode-${server}` },
        spec: { acme: { server: url, email: "ops@example.com" } },
      });
      expect(at(certificate(other), "spec", "issuerRef", "name")).toBe(`vibecode-${server}`);
    },
  );
});

describe.each(Object.entries(variants))("with %s", (_, { provider, secrets, solver: expected }) => {
  let made: Run;
  beforeAll(async () => {
    made = await variant(secrets === undefined ? { provider } : { provider, secrets });
  });

  test("the domain is shown to be ours by a record", () => {
    expect(solver(made)).toEqual(expected);
  });

  test("what the provider knows us by is in a secret Secret beside cert-manager, and nowhere else", () => {
    const [secret] = Object.values(secrets ?? {}).map(String);
    const holders = made.resources.filter(
      ({ inputs }) => secret !== undefined && JSON.stringify(inputs).includes(secret),
    );
    for (const { name, secrets: hidden } of holders) {
      expect([name, hidden]).toEqual(["certificates-dns-provider", ["stringData"]]);
    }
    const own = made.resources.filter(({ name }) => name === "certificates-dns-provider");
    const found = own.map(({ inputs }) => [at(inputs, "metadata", "namespace"), at(inputs, "stringData")]);
    expect(found).toEqual(secret === undefined ? [] : [["vibecode-certificates", { credentials: secret }]]);
  });
});

describe("cert-manager", () => {
  let made: Run;
  beforeAll(async () => {
    made = await run({}, { ingress: { nodeSelector: { tier: "door" } } });
  });

  test("comes by its chart in the version of its images, into a namespace that enforces `restricted`", () => {
    expect(find(made, "Release", "certificates-cert-manager").inputs).toMatchObject({
      name: "cert-manager",
      namespace: "vibecode-certificates",
      chart: "oci://quay.io/jetstack/charts/cert-manager",
      version: "v1.21.2",
    });
    for (const part of [[], ["webhook"], ["cainjector"], ["startupapicheck"]]) {
      expect(at(values(made), ...part, "image", "tag")).toBe("v1.21.2");
      expect(at(values(made), ...part, "image", "digest")).toMatch(/^sha256:[0-9a-f]{64}$/);
      for (const key of ["requests", "limits"])
        expect(Object.keys(z.looseObject({}).parse(at(values(made), ...part, "resources", key)))).toEqual([
          "cpu",
          "memory",
        ]);
    }
    const namespace = find(made, "Namespace", "certificates-namespace").inputs;
    expect(at(namespace, "metadata", "labels", "pod-security.kubernetes.io/enforce")).toBe("restricted");
  });

  test("runs where the stack says, and is known to the cloud by its ServiceAccount", async () => {
    expect(at(values(made), "global", "nodeSelector")).toEqual({ tier: "door" });
    expect(at(values(made), "serviceAccount", "annotations")).toEqual({
      "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/dns",
    });
    const other = await run({
      provider: { ...google, serviceAccount: "dns@example-dns.iam.gserviceaccount.com" },
    });
    expect(at(values(other), "serviceAccount", "annotations")).toEqual({
      "iam.gke.io/gcp-service-account": "dns@example-dns.iam.gserviceaccount.com",
    });
  });

  test("has a border around each of its parts, by the labels that the chart gives their pods", () => {
    const borders = ["controller", "webhook", "cainjector", "startupapicheck"].map((part) => {
      const { inputs } = find(made, "NetworkPolicy", `certificates-${part}-network`);
      expect(at(inputs, "metadata", "namespace")).toBe("vibecode-certificates");
      expect(at(inputs, "spec", "podSelector", "matchLabels")).toEqual({
        "app.kubernetes.io/instance": "cert-manager",
        "app.kubernetes.io/component": part,
      });
      return at(inputs, "spec", "ingress");
    });
    expect(borders).toEqual([[], [{ ports: [{ protocol: "TCP", port: 10250 }] }], [], []]);
  });

  test("reaches the place that tells it who it is only where the cloud knows it", async () => {
    const egress = (of: Run) =>
      JSON.stringify(at(find(of, "NetworkPolicy", "certificates-controller-network").inputs, "spec"));
    expect(egress(made)).toContain("169.254.170.23/32");
    const keys = { provider: { type: "route53", accessKeyId: "AKIAIOSFODNN7EXAMPLE" } };
    const other = await variant({ ...keys, secrets: { awsSecretAccessKey: "s3cret" } });
    expect(egress(other)).not.toContain("169.254");
  });

  test("is not installed where the cluster has it: the token goes to it, and it is asked", async () => {
    const other = await run(
      { install: false, namespace: "security", provider: { type: "cloudflare" } },
      { certificateSecrets: { cloudflareToken: "t0ken" } },
    );
    expect(names(other, "Release")).toEqual([]);
    expect(names(other, "Namespace")).not.toContain("certificates-namespace");
    const secret = find(other, "Secret", "certificates-dns-provider").inputs;
    expect(at(secret, "metadata", "namespace")).toBe("security");
    expect(at(certificate(other), "spec", "issuerRef", "name")).toBe("vibecode-lets-encrypt");
  });

  test("comes from a folder in that folder's version", async () => {
    const other = await run({ chart: "./charts/cert-manager" });
    const { inputs } = find(other, "Release", "certificates-cert-manager");
    expect(at(inputs, "chart")).toBe("./charts/cert-manager");
    expect(at(inputs, "version")).toBeUndefined();
  });

  test("goes to the cluster that the config names, with all that belongs to it", () => {
    for (const { type, name, provider } of made.resources)
      if (type.startsWith("kubernetes:")) expect([name, provider]).toEqual([name, "cluster"]);
  });
});

const read = (name: string) => readFileSync(join(upstreamFolder, name), "utf8");
const json = z.record(z.string(), z.json());
const withSchemas = existsSync(join(upstreamFolder, "certmanager-certificates.crd.yaml"));
const schemas = withSchemas ? describe : describe.skip;

/** Closes every object that lists its properties: an API server drops what it does not know. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return "properties" in inner && !("additionalProperties" in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}
const spec = (file: string) => {
  const versions = at(parse(read(file)), "spec", "versions", 0, "schema", "openAPIV3Schema");
  return z.fromJSONSchema(json.parse(closed(at(versions, "properties", "spec"))));
};

schemas("cert-manager's own schemas (skipped: no upstream schemas)", () => {
  const issuers = withSchemas ? spec("certmanager-clusterissuers.crd.yaml") : z.never();
  const certificates = withSchemas ? spec("certmanager-certificates.crd.yaml") : z.never();
  // It says that it is of draft 7, where zod looks for definitions under their old name.
  const chartSchema = () => read("certmanager-chart-values.schema.json").replaceAll("$defs", "definitions");
  const chart = withSchemas ? z.fromJSONSchema(json.parse(JSON.parse(chartSchema()))) : z.never();

  test.each(Object.entries(variants))("accept issuer, certificate and values with %s", async (_, each) => {
    const made = await variant(each);
    expect(issuers.safeParse(at(issuer(made), "spec")).error?.issues).toBeUndefined();
    expect(certificates.safeParse(at(certificate(made), "spec")).error?.issues).toBeUndefined();
    expect(chart.safeParse(values(made)).error?.issues).toBeUndefined();
  });

  test("refuse a key that they do not know, a value that is none, and one that is missing", async () => {
    const made = await run({});
    const solved = (dns01: object) => ({
      acme: { server: "s", privateKeySecretRef: { name: "a" }, solvers: [{ dns01 }] },
    });
    expect(issuers.safeParse(solved({ route53: { region: "us-east-1" } })).success).toBe(true);
    expect(issuers.safeParse(solved({ route53: { zone: "z" } })).success).toBe(false);
    expect(issuers.safeParse(solved({ cloudDNS: {} })).success).toBe(false);
    const asked = at(certificate(made), "spec");
    const object = z.record(z.string(), z.unknown());
    const change = (more: object) => certificates.safeParse({ ...object.parse(asked), ...more }).success;
    expect(change({})).toBe(true);
    expect(change({ usages: ["serving"] })).toBe(false);
    expect(change({ domains: [domain] })).toBe(false);
    expect(chart.safeParse({ ...object.parse(values(made)), replicas: 2 }).success).toBe(false);
  });
});
