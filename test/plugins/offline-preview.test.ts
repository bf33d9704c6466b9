import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { placeholder } from "../../local/pulumi/masked";
import { previewOffline, stackFile, writeStack, type Previewed } from "./preview-offline";

jest.setTimeout(300_000);

const stack = "offline-test";
const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

// A cluster that this machine has never heard of, and secrets that a key in a cloud encrypted.
const cloud = {
  "vibecode:domain": "ide.example.com",
  "vibecode:users": ["alice", { name: "bob", size: "large" }],
  "vibecode:cluster": { context: "far-away", name: "far-away" },
  "vibecode:images": { workspace: `localhost/workspace:1@${digest}` },
  "vibecode:auth": {
    kind: "authelia",
    notifier: {
      type: "smtp",
      address: "submission://mail.example.com:587",
      sender: "ide@example.com",
      username: "ide",
    },
  },
  "vibecode:authSecrets": { passwordHashes: { bob: { secure: "v1:kms:hash" } } },
  "vibecode:secretEnv": { alice: { API_TOKEN: { secure: "v1:kms:token" } } },
  "vibecode:claudeToken": { secure: "v1:kms:claude" },
};

afterAll(() => {
  fs.rmSync(stackFile(stack), { force: true });
});

function preview(config: object, ...words: string[]): Previewed {
  writeStack(stack, config);
  return previewOffline(stack, ...words);
}

/** The objects whose creation a preview shows: `kubernetes:core/v1:Secret alice-secret`. */
const created = (text: string) => [...text.matchAll(/^ \+ +(\S+ \S+) create/gm)].map(([, name]) => name);

describe("a stack of a cluster elsewhere, its secrets encrypted by a key elsewhere", () => {
  let ran: Previewed;
  beforeAll(() => {
    ran = preview(cloud);
  });

  test("is previewed without network, key and cluster, and keeps to the policy", () => {
    expect(ran.text).toContain("Policy: kept");
    expect(ran.code).toBe(0);
    expect(created(ran.text)).toEqual(
      expect.arrayContaining([
        "kubernetes:apps/v1:Deployment alice-editor",
        "kubernetes:apps/v1:Deployment bob-editor",
        "kubernetes:apps/v1:Deployment sign-in-authelia",
      ]),
    );
    const count = /^Changes: (\d+) create$/m.exec(ran.text)?.[1];
    expect(Number(count)).toBeGreaterThan(60);
  });

  test("says which of its secrets are placeholders, and which nobody set", () => {
    expect(ran.text).toContain(
      "Placeholders stand for what is encrypted: vibecode:authSecrets.passwordHashes.bob, " +
        "vibecode:secretEnv.alice.API_TOKEN, vibecode:claudeToken.",
    );
    expect(ran.text).toContain(
      "Placeholders stand for secrets that nobody set: vibecode:authSecrets.smtpPassword.",
    );
    expect(ran.text).toContain("No state was given, so everything is new.");
  });

  test("leaves nothing behind", () => {
    expect(ran.left).toEqual([]);
  });
});

describe("a stack of two clusters, of which one's kubeconfig is encrypted", () => {
  const several = {
    ...cloud,
    "vibecode:cluster": undefined,
    "vibecode:clusters": {
      eu: { cluster: { context: "far-away" } },
      us: { cluster: { kubeconfig: { secure: "v1:kms:kubeconfig" } }, storage: { class: "gp3" } },
    },
    "vibecode:users": [
      { name: "alice", cluster: "eu" },
      { name: "bob", cluster: "us" },
    ],
  };

  test("is previewed whole, each user on one of them, and keeps to the policy", () => {
    const { code, text } = preview(several);
    expect(text).toContain("Policy: kept");
    expect(code).toBe(0);
    const names = created(text).map((line = "") => line.split(" ")[1] ?? "");
    expect(names).toEqual(
      expect.arrayContaining(["eu-alice-editor", "eu-sign-in-authelia", "us-bob-editor"]),
    );
    expect(names.filter((name) => /^(?:eu-bob|us-alice)-/.test(name))).toEqual([]);
    expect(text).not.toContain(placeholder);
  });

  test("a user on none of them is a mistake that is said before the engine starts", () => {
    const { code, text } = preview({ ...several, "vibecode:users": ["alice"] });
    expect(code).not.toBe(0);
    expect(text).toContain('vibecode:users[0]: "alice" must be on a cluster');
    expect(text).not.toContain("Previewing");
  });
});

test("no placeholder and no encrypted text is shown, with every property either", () => {
  const { code, text } = preview(cloud, "DETAIL=1");
  expect(code).toBe(0);
  // Every property is there, and those that hold secrets say no more than that.
  expect(text).toContain("runAsNonRoot");
  expect(text).toMatch(/API_TOKEN: \[secret\]|stringData: \[secret\]/);
  expect(text).not.toContain(placeholder);
  expect(text).not.toContain("v1:kms");
});

test("a secret that the program would show to everybody is found, though nobody here knows it", () => {
  const { code, text } = preview({
    ...cloud,
    // A secret where the program expects none.
    "vibecode:claude": { settings: { env: { HTTP_PROXY: { secure: "v1:kms:proxy" } } } },
  });
  expect(code).not.toBe(0);
  expect(text).toMatch(/\[mandatory\] +plain-secret/);
  expect(text).not.toContain(placeholder);
});

test("a mandatory rule that is broken ends it with 1, and is named", () => {
  const { code, text } = preview({
    ...cloud,
    "vibecode:images": { workspace: "elsewhere.example.com/workspace:1" },
  });
  // make's own status, where its command ended with 1.
  expect(text).toContain("Error 1");
  expect(code).toBe(2);
  expect(text).toContain("Policy: BROKEN: image-registry");
  expect(text).toContain("a mandatory rule is broken: image-registry");
  expect(text).toContain("or allow its registry in the policy's config (image-registry.registries)");
});

test("a mistake in the file is said before the engine starts", () => {
  const { code, text } = preview({ ...cloud, "vibecode:users": ["Alice"] });
  expect(code).not.toBe(0);
  expect(text).toContain('vibecode:users[0]: "Alice" must be');
  expect(text).not.toContain("Previewing");
});

test("a file that is no state is refused", () => {
  const state = path.join(os.tmpdir(), "vibecode-no-state.json");
  fs.writeFileSync(state, "[]");
  const { code, text } = preview(cloud, `STATE=${state}`);
  fs.rmSync(state);
  expect(code).not.toBe(0);
  expect(text).toContain("that is no state of a stack; give what `pulumi stack export` prints");
});

test.each(["local", "kind", "dev", "staging", "production"])(
  "the stack %s of this project can be previewed anywhere, and keeps to its policy",
  (name) => {
    const ran = preview(cloud, `STACK=${name}`, "OFFLINE=1");
    expect(ran.text).toMatch(/^Changes: \d+ create$/m);
    expect(ran.text).toContain("Policy: kept");
    expect(ran.code).toBe(0);
  },
);
