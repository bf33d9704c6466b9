import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { secretKeys } from "../../infra/schema";
import { at, find, runProgram, type Run } from "./mocks";
import { clouds, stackConfig, stackFile, stacks } from "./stack-files";
import { autheliaSchema, hasAutheliaSchemas } from "./upstream";

const record = z.record(z.string(), z.unknown());
const root = join(__dirname, "../..");
const all = (run: Run, kind: string) => run.resources.filter(({ type }) => type.endsWith(`:${kind}`));

describe.each(stacks)("the stack %s", (name) => {
  test("is made without a secret that is not in its file, and in a preview too", async () => {
    expect((await runProgram(stackConfig(name))).resources.length).toBeGreaterThan(20);
    expect((await runProgram(stackConfig(name), { preview: true })).resources.length).toBeGreaterThan(20);
  });

  (hasAutheliaSchemas ? test : test.skip)("gives Authelia 4.39 nothing that it does not know", async () => {
    const run = await runProgram(stackConfig(name));
    // The mocks' hashes are words; a real one stands for each.
    const hash = "$2b$10$abcdefghijklmnopqrstuuKk3gD7hT9.9iYjz1p1Zp9q3o1VZ1eGa";
    const file = (kind: string, object: string, key: string, ...path: string[]): unknown =>
      parse(String(at(find(run, kind, object).inputs, ...path, key)).replaceAll(/hash of \S+/g, () => hash));
    const configuration = file("ConfigMap", "sign-in-config", "configuration.yml", "data");
    const users = file("Secret", "sign-in-secret", "users.yml", "stringData");
    expect(autheliaSchema("configuration").safeParse(configuration).error?.issues).toBeUndefined();
    expect(autheliaSchema("user-database").safeParse(users).error?.issues).toBeUndefined();
    expect(
      autheliaSchema("configuration").safeParse({ ...record.parse(configuration), colour: 1 }).success,
    ).toBe(false);
  });

  test("holds no secret, and says of each that it mentions how it is set", () => {
    expect(Object.keys(stackConfig(name)).filter((key) => secretKeys.includes(key))).toEqual([]);
    expect(stackFile(name)).not.toContain("secure:");
    for (const key of secretKeys) {
      const mentioned = stackFile(name)
        .split("\n")
        .filter((line) => line.includes(key));
      for (const line of mentioned) expect(line).toMatch(/^ *# +pulumi config set --secret /);
    }
  });

  test("names domains and accounts that are kept for examples, and nobody's", () => {
    const text = stackFile(name).replaceAll(/#.*schema\.json/g, "");
    const domains = [...text.matchAll(/\b[a-z0-9.-]+\.(?:com|net|org|io|dev|cloud|localhost)\b/g)].map(
      ([domain]) => domain,
    );
    const known = /(?:^|\.)(?:example\.com|localhost|kubernetes\.io|googleapis\.com|svc\.id)$|\.id\.goog/;
    expect(domains.filter((domain) => !known.test(domain) && domain !== "example-dev.svc.id.go")).toEqual([]);
    const accounts = [...text.matchAll(/\b\d{12}\b/g)].map(([account]) => account);
    expect(accounts.filter((account) => account !== "111122223333")).toEqual([]);
  });
});

describe.each(clouds)("on a cloud, %s", (name) => {
  let run: Run;
  beforeAll(async () => {
    run = await runProgram(stackConfig(name));
  });

  test("has Authelia, a certificate by Let's Encrypt, and a record that leads to its load balancer", () => {
    expect(find(run, "Deployment", "sign-in-authelia").name).toBeDefined();
    const server = at(find(run, "ClusterIssuer", "certificates-issuer").inputs, "spec", "acme", "server");
    expect(String(server).includes("staging")).toBe(name === "staging");
    const { inputs } = find(run, "Service", "ingress-service");
    expect(at(inputs, "spec", "type")).toBe("LoadBalancer");
    expect(at(inputs, "metadata", "annotations", "external-dns.kubernetes.io/hostname")).toBe(
      `*.${String(stackConfig(name)["domain"])}`,
    );
  });

  test("has its volumes in a class that it names", () => {
    const claims = all(run, "PersistentVolumeClaim").map(({ inputs }) => at(inputs, "spec"));
    expect(claims.length).toBeGreaterThan(4);
    const named = at(stackConfig(name), "storage", "class");
    expect(claims.map((spec) => at(spec, "storageClassName"))).toEqual(claims.map(() => named));
  });
});

/** Every image that is named in an object, at any depth: by one text, or by a chart's parts of it. */
function imagesIn(value: unknown): string[] {
  const inner = Object.entries(typeof value === "object" && value !== null ? value : {});
  const found = inner.flatMap(([key, each]: [string, unknown]) => {
    if (!/image$/i.test(key)) return imagesIn(each);
    if (typeof each === "string") return [each];
    const { repository = "", tag, digest } = named.parse(each);
    return [`${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`];
  });
  return found.sort();
}

const named = z.object({
  repository: z.string().optional(),
  tag: z.string().optional(),
  digest: z.string().optional(),
});

describe.each(["staging", "production"])("where it matters, %s", (name) => {
  let run: Run;
  beforeAll(async () => {
    run = await runProgram(stackConfig(name));
  });

  test("has two pods of the door and of sign-in, of which one may go at a time", () => {
    for (const deployment of ["ingress-traefik", "sign-in-authelia"])
      expect(at(find(run, "Deployment", deployment).inputs, "spec", "replicas")).toBe(2);
    expect(all(run, "PodDisruptionBudget").map(({ inputs }) => at(inputs, "metadata", "name"))).toEqual(
      expect.arrayContaining(["traefik", "authelia"]),
    );
  });

  test("pulls every image from its own registry, by digest, those of charts too", () => {
    const pulled = run.resources.flatMap(({ inputs }) => imagesIn(inputs));
    const ofChart = imagesIn(find(run, "Release", "certificates-cert-manager").inputs);
    expect(ofChart.map((image) => /([^/:]+):[^/]*$/.exec(image)?.[1])).toEqual([
      "cert-manager-cainjector",
      "cert-manager-controller",
      "cert-manager-startupapicheck",
      "cert-manager-webhook",
    ]);
    expect(pulled.length).toBeGreaterThan(10);
    for (const image of pulled) expect(image).toMatch(/^registry\.example\.com\/.+@sha256:[0-9a-f]{64}$/);
  });
});

test("production keeps what people have made, and the record by which they find it", async () => {
  const run = await runProgram(stackConfig("production"));
  const claims = all(run, "PersistentVolumeClaim").filter(({ name }) => /^(?:alice|bob|carol)-/.test(name));
  expect(claims).toHaveLength(6);
  expect(claims.filter(({ retainOnDelete }) => !retainOnDelete)).toEqual([]);
  const pod = at(find(run, "Deployment", "dns-external-dns").inputs, "spec", "template", "spec");
  expect(at(pod, "containers", 0, "args")).toContain("--policy=upsert-only");
});

/** Every TypeScript file below a folder, by its path from the root. */
const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file));

describe("nothing in the program knows a stack's name", () => {
  const files = [...sources("infra"), ...sources("components")];
  const text = (file: string) => readFileSync(join(root, file), "utf8");

  test("it is asked for once, to find the stack's own file and its last outputs", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => text(file).includes("getStack("))).toEqual(["infra/surroundings.ts"]);
  });

  test.each(stacks)("%s stands in no comparison", (name) => {
    const compared = new RegExp(`(?:[!=]==? *|case +|includes\\(|\\[)["'\`]${name}["'\`]`);
    const found = files.filter((file) => compared.test(text(file)));
    expect(found).toEqual([]);
  });
});
