import { unknown } from "../../local/plugins/values";
import { diffInputs } from "../../local/plugins/kubernetes/diff";
import {
  maskConfig,
  maskState,
  pathOf,
  placeholder,
  placeholderAt,
  withPlaceholders,
} from "../../local/pulumi/masked";
import { checkWithoutSecrets } from "../../local/stack-config";
import { looksSecret } from "../../policy/looks-secret";

const secure = { secure: "v1:abc" };

test("everything encrypted is taken out of a config, wherever it lies, and nothing else", () => {
  const { config, places } = maskConfig({
    "vibecode:domain": "a.example.com",
    "vibecode:claudeToken": secure,
    "vibecode:secretEnv": { alice: { TOKEN: secure, OPEN: "a" } },
    "vibecode:users": ["alice", { name: "bob", dotfiles: secure }],
  });
  expect(config).toEqual({
    "vibecode:domain": "a.example.com",
    "vibecode:claudeToken": "",
    "vibecode:secretEnv": { alice: { TOKEN: "", OPEN: "a" } },
    "vibecode:users": ["alice", { name: "bob", dotfiles: "" }],
  });
  expect(places.map(pathOf)).toEqual([
    "vibecode:claudeToken",
    'vibecode:secretEnv["alice"]["TOKEN"]',
    'vibecode:users[1]["dotfiles"]',
  ]);
});

test("placeholders come where they are asked for, and beside what is there", () => {
  expect(
    withPlaceholders({ a: { b: [{ c: "" }, 2] }, d: 1 }, [
      ["a", "b", 0, "c"],
      ["e", "f"],
    ]),
  ).toEqual({ a: { b: [{ c: placeholder }, 2] }, d: 1, e: { f: placeholder } });
});

test("a placeholder looks like a secret to the rule that looks for them", () => {
  expect(looksSecret(placeholder)).toBeDefined();
  expect(looksSecret(placeholderAt(["vibecode:authSecrets", "passwordHashes", "bob"]))).toBeDefined();
});

const least = {
  "vibecode:domain": "ide.example.com",
  "vibecode:users": [{ name: "alice", email: "alice@example.com" }],
  "vibecode:cluster": { context: "a" },
  "vibecode:images": { workspace: "localhost/a:1" },
};

test("a config whose secrets nobody can read is checked all the same, and says which it lacks", () => {
  const { missing, config, masked } = checkWithoutSecrets("a", {
    ...least,
    "vibecode:cluster": { kubeconfig: secure },
    "vibecode:auth": {
      kind: "oauth2-proxy",
      provider: { type: "github", clientId: "Ov23liA1b2C3d4E5f6G7", organisation: "example", teams: [] },
    },
    "vibecode:data": {
      postgres: { kind: "external", host: "pg.example.com", addresses: ["192.0.2.7/32"] },
    },
  });
  expect(masked.places).toEqual([["vibecode:cluster", "kubeconfig"]]);
  expect(missing).toEqual([
    ["vibecode:authSecrets", "clientSecret"],
    ["vibecode:dataSecrets", "postgres"],
  ]);
  // It stands for content, which is secret, not for a path.
  expect(config.places[0]?.cluster.kubeconfig).toContain("{");
});

test("a mistake in it is said, and the file that has it", () => {
  expect(() => checkWithoutSecrets("a", { ...least, "vibecode:domain": "" })).toThrow(
    /vibecode:domain: .*correct stacks\/Pulumi\.a\.yaml/s,
  );
});

const signature = "4dabf18193072939515e22adb298388d";
const sign = "1b47061264138c4ac30d75fd1eb44270";

test("a state loses its secrets and its cut-off operations, and takes over how another one encrypts", () => {
  const { state, secrets, pending } = maskState(
    JSON.stringify({
      version: 3,
      deployment: {
        secrets_providers: { type: "cloud" },
        pending_operations: [{ type: "creating" }],
        resources: [{ outputs: { a: { [signature]: sign, ciphertext: "v1:abc" }, b: "open" } }],
      },
    }),
    JSON.stringify({ version: 3, deployment: { secrets_providers: { type: "passphrase" } } }),
  );
  expect({ secrets, pending }).toEqual({ secrets: 1, pending: 1 });
  expect(JSON.parse(state)).toEqual({
    version: 3,
    deployment: {
      secrets_providers: { type: "passphrase" },
      resources: [{ outputs: { a: { [signature]: sign, plaintext: JSON.stringify(unknown) }, b: "open" } }],
    },
  });
});

describe("what is not known", () => {
  const mutable = { configMap: true, secret: true };
  const object = (data: unknown) => ({ apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, data });

  test.each([
    ["in the state", object({ a: unknown }), object({ a: "new" })],
    ["in the state, as a whole", object(unknown), object({ a: "new" })],
    ["in the program", object({ a: "old" }), object({ a: unknown })],
  ])("%s is a change, but where the state has no secrets", (_, old, now) => {
    expect(diffInputs(old, now, mutable).changes).toBe(true);
    expect(diffInputs(old, now, { ...mutable, passUnknown: true }).changes).toBe(false);
  });

  test("hides no other change", () => {
    const found = diffInputs(object({ a: unknown, b: "1" }), object({ a: "x", b: "2" }), {
      ...mutable,
      passUnknown: true,
    });
    expect(Object.keys(found.detailedDiff ?? {})).toEqual(["data.b"]);
  });
});
