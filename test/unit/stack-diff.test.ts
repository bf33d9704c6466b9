import { spawnSync } from "node:child_process";

import { checkout } from "../../local/paths";
import { differences, type Side } from "../../local/stack-diff";

const side = (name: string, config: Record<string, unknown>, text = "config: {}"): Side => ({
  name,
  text,
  config,
});
const between = (a: Record<string, unknown>, b: Record<string, unknown>, text?: string) =>
  differences(side("a", a, text), side("b", b)).map(({ key, values, reason }) => [key, ...values, reason]);

test("what is the same is not said", () => {
  const config = { domain: "a.example.com", users: ["alice"], storage: { retain: true, home: "1Gi" } };
  expect(between(config, structuredClone(config))).toEqual([]);
});

test("a key that differs by nature has its reason, one that does not has none, and comes first", () => {
  expect(
    between(
      { domain: "a.example.com", storage: { retain: true } },
      { domain: "b.example.com", storage: { retain: false } },
    ),
  ).toEqual([
    ["storage.retain", "true", "false", undefined],
    ["domain", "a.example.com", "b.example.com", "each stack has its own addresses"],
  ]);
});

test("somebody who comes at the head of the list moves nobody", () => {
  const bob = { name: "bob", size: "small" };
  expect(between({ users: [bob] }, { users: [{ name: "alice", size: "large" }, bob] })).toEqual([
    ["users.alice.size", undefined, "large", "each stack has its own people"],
  ]);
});

test("a secret is never shown, not even as one that differs", () => {
  const found = between(
    { claudeToken: "sk-1", authSecrets: { clientSecret: "hush" } },
    { authSecrets: { clientSecret: "other" } },
  );
  expect(found).toEqual([["claudeToken", "(secret)", undefined, "secrets are each stack's own"]]);
});

const text = `config:
  # The head of the file is nobody's reason.

  vibecode:domain: a.example.com
  # Thrown away at night.
  vibecode:storage:
    retain: false
  vibecode:claude:
    telemetry: true # They asked for it.
  vibecode:dns:
    # Kept for a year.
    policy: sync
    kind: none
`;

test.each([
  ["above it", { dns: { policy: "sync" } }, { dns: { policy: "upsert-only" } }, "a: Kept for a year."],
  ["beside it", { claude: { telemetry: true } }, { claude: { telemetry: false } }, "a: They asked for it."],
  [
    "above what it is part of",
    { storage: { retain: false } },
    { storage: { retain: true } },
    "a: Thrown away at night.",
  ],
  ["nowhere near it", { dns: { kind: "none" } }, { dns: { kind: "external-dns" } }, undefined],
])("a comment %s", (_, a, b, reason) => {
  expect(between(a, b, text).map((row) => row[3])).toEqual([reason]);
});

describe("the habit", () => {
  const diff = (...words: string[]) =>
    spawnSync("make", ["diff", ...words], {
      cwd: checkout,
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    });

  test("tells the cloud's stacks apart, secrets and all, and ends well", () => {
    const { status, stdout } = diff("A=staging", "B=production");
    expect(stdout).toMatch(
      /^domain +staging\.example\.com +code\.example\.com +each stack has its own addresses$/m,
    );
    expect(status).toBe(0);
  }, 180_000);

  test("asks for two names", () => {
    const { status, stderr } = diff("A=staging");
    expect(stderr).toContain("name them: `make diff A=staging B=production`");
    expect(status).not.toBe(0);
  }, 180_000);
});
