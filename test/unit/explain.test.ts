import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";

import { parseConfig } from "../../infra/config";
import { ConfigError } from "../../infra/explain";
import { at, engineConfig, minimal } from "./mocks";

/** The mistakes found; any other error than ConfigError is thrown. */
function mistakes(raw: Record<string, string>): readonly string[] {
  try {
    parseConfig(raw);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

const complete = {
  ...minimal,
  users: ["alice", { name: "bob", size: "tiny", groups: ["dev"], email: "bob@example.com" }],
  workspace: {
    defaultSize: "small",
    sizes: { tiny: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "2Gi" } } },
    extensions: ["golang.go@0.50.0"],
    gallery: { serviceUrl: "https://gallery.example.com/api" },
    allow: [{ cidr: "10.1.2.3/32", ports: [22] }],
    nodeSelector: { tier: "code" },
    tolerations: [{ key: "tier", value: "code", effect: "NoSchedule" }],
    runtimeClass: "gvisor",
  },
  claude: {
    model: "opus",
    permissions: { deny: ["WebFetch"] },
    settings: { a: 1 },
    baseUrl: "http://ai:8080",
  },
  ingress: {
    exposure: { type: "NodePort", http: 30080 },
    rateLimit: { average: 1 },
    nodeSelector: { a: "b" },
  },
  storage: { class: "fast", retain: false, home: "1Gi" },
  certificates: { kind: "local-ca" },
  auth: { kind: "basic" },
};

const json = fc.jsonValue({ maxDepth: 3 });
const keys = fc.constantFrom(...Object.keys(complete));

test("the engine prints the error without a stack", () => {
  expect(pulumi.RunError.isInstance(new ConfigError(["a"]))).toBe(true);
});

test("one mistake is called one", () => {
  expect(new ConfigError(["vibecode:a: 1 is wrong"]).message).toBe(
    "1 mistake in the stack's config; nothing was touched:\n  vibecode:a: 1 is wrong",
  );
});

test("the config with every key is valid", () => {
  expect(mistakes(engineConfig(complete))).toEqual([]);
});

test("whatever text the engine hands over, only mistakes come back, each with its path", () => {
  const raw = fc.dictionary(
    fc.oneof(keys, fc.string()).map((key) => `vibecode:${key}`),
    fc.oneof(
      json.map((value) => JSON.stringify(value)),
      fc.string(),
    ),
  );
  fc.assert(
    fc.property(raw, (values) => {
      for (const line of mistakes(values)) expect(line).toMatch(/^vibecode:.+: /s);
    }),
  );
});

/** Every place of a value, as the path to it: `["users", 1, "name"]`. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  const below = entries.flatMap(([key, inner]: [string | number, unknown]) => places(inner, [...path, key]));
  return [path, ...below];
}

function replace(value: unknown, [key, ...rest]: (string | number)[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((inner: unknown, index) => (index === key ? replace(inner, rest, by) : inner));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [
      name,
      name === key ? replace(inner, rest, by) : inner,
    ]),
  );
}

test("any value in any place of a good config is either good too or told by that place", () => {
  const place = fc.constantFrom(...places(complete).filter((path) => path.length > 0));
  fc.assert(
    fc.property(place, json, (path, value) => {
      const [key = "", ...below] = path;
      const changed: unknown = replace(at(complete, key), below, value);
      for (const line of mistakes(engineConfig({ ...complete, [key]: changed }))) {
        // A size that is gone is told where it is used.
        expect(line).toMatch(new RegExp(`^vibecode:(${String(key)}|users\\[1\\]\\.size|workspace)[.[:]`));
      }
    }),
    { numRuns: 500 },
  );
});
