import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { parse, stringify } from "yaml";
import { z } from "zod";

import { checkout } from "../../local/paths";
import { mustKeepPolicy } from "../../local/verdict";
import { empty, open } from "../platform/deploy";

jest.setTimeout(600_000);

const stack = "state-test";
const file = path.join(checkout, "stacks", `Pulumi.${stack}.yaml`);
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-state-"));
const stateFile = path.join(temporary, "state.json");
const secret = "a-token-that-nobody-may-see";
const quiet = () => undefined;
let config: Record<string, unknown>;

/** A stack that is up, with a password, a key and a token, and what `pulumi stack export` says of it. */
beforeAll(async () => {
  const up = await open({
    users: ["alice", { name: "bob", sshKey: true }],
    secrets: { "secretEnv.alice.API_TOKEN": secret },
    extra: { "vibecode:storage": { retain: false } },
  });
  await up.up(quiet);
  config = z
    .object({ config: z.record(z.string(), z.unknown()) })
    .parse(parse(fs.readFileSync(up.writtenConfig(), "utf8"))).config;
  const state = await up.exportState();
  expect(state).toContain("ciphertext");
  const renamed = state
    .replaceAll("urn:pulumi:local::", `urn:pulumi:${stack}::`)
    .replaceAll("::vibecode-local", `::vibecode-${stack}`);
  fs.writeFileSync(stateFile, renamed);
});
afterAll(async () => {
  fs.rmSync(file, { force: true });
  fs.rmSync(temporary, { recursive: true });
  await empty();
});

/** A preview against that state, where neither the stack's passphrase nor its cluster can be reached. */
function preview(more: Record<string, unknown> = {}): { code: number | null; text: string } {
  fs.writeFileSync(file, stringify({ config: { ...config, ...more } }));
  const make = `exec make preview STACK=${stack} STATE=${stateFile} DETAIL=1`;
  const ran = spawnSync("unshare", ["--net", "sh", "-c", `ip link set lo up; ${make}`], {
    cwd: checkout,
    encoding: "utf8",
    maxBuffer: 1e8,
    env: { ...process.env, VIBECODE_DATA: temporary, NODE_OPTIONS: "" },
  });
  return { code: ran.status, text: ran.stdout + ran.stderr };
}

test("what has not changed is shown as it is, without a key to the state's secrets", () => {
  const { code, text } = preview();
  expect(text).toMatch(/^Changes: \d+ same$/m);
  expect(text).toMatch(/^The state's secrets are not known \(\d+\)/m);
  expect(code).toBe(0);
});

test("a change is shown alone, by its property", () => {
  const { code, text } = preview({ "vibecode:workspace": { defaultSize: "small" } });
  expect(text).toMatch(/~ cpu +: "[^"]+" => "[^"]+"/);
  expect(text).toMatch(/^Changes: \d+ same, \d+ update$/m);
  expect(text).not.toContain(secret);
  expect(code).toBe(0);
});

test("one more user is all that is new", () => {
  const { code, text } = preview({ "vibecode:users": ["alice", { name: "bob", sshKey: true }, "carol"] });
  const made = [...text.matchAll(/\+ [\w:./]+: \(create\)\n\s+\[urn=[^\]]*::([^\]:]+)\]/g)].map(
    ([, name]) => name,
  );
  expect(made.length).toBeGreaterThan(5);
  expect(made.filter((name) => !/carol/.test(String(name)))).toEqual([]);
  expect(code).toBe(0);
});

test("a user who goes with a volume that nothing keeps breaks a mandatory rule", () => {
  const { code, text } = preview({ "vibecode:users": ["alice"] });
  expect(text).toContain("Policy: BROKEN: volume-deleted");
  expect(text).toMatch(/no longer has bob-home \(PersistentVolumeClaim\), which would be deleted/);
  expect(code).not.toBe(0);
});

describe("what is judged before an `up`", () => {
  const pack = (settings: object) => {
    const file = path.join(temporary, "policy.json");
    fs.writeFileSync(file, JSON.stringify(settings));
    return ["--policy-pack", path.join(checkout, "policy"), "--policy-pack-config", file];
  };
  const budget = (most: number) => pack({ budget: { most } });
  const opened = () =>
    open({
      users: ["alice", { name: "bob", sshKey: true }],
      extra: { "vibecode:storage": { retain: false } },
    });

  test("a rule about the whole stack stops it, with nothing touched", async () => {
    const stack = await opened();
    const before = stack.state();
    await expect(mustKeepPolicy(stack, budget(1), quiet)).rejects.toThrow(
      /the policy is broken, so nothing was touched:\nbudget: /,
    );
    expect(stack.state()).toBe(before);
  });

  test("what was judged is not judged anew, until config, policy or program differ", async () => {
    const stack = await opened();
    expect(await mustKeepPolicy(stack, budget(1e6), quiet)).toBe("Policy: kept");
    expect(await mustKeepPolicy(stack, budget(1e6), quiet)).toBe("Policy: kept, as it was judged before");
    expect(await mustKeepPolicy(stack, budget(2e6), quiet)).toBe("Policy: kept");
    await expect(mustKeepPolicy(stack, budget(1), quiet)).rejects.toThrow("budget");
  });

  test("a rule about one resource stops the `up` itself before that resource is touched", async () => {
    const stack = await opened();
    const strict = pack({ "image-registry": { registries: ["registry.example.com/"] } });
    const before = stack.state();
    await expect(stack.up(quiet, strict)).rejects.toThrow(/policy image-registry: .*from none of registry/s);
    const resources = (text: string) =>
      z
        .object({ checkpoint: z.object({ latest: z.object({ resources: z.array(z.unknown()) }) }) })
        .parse(JSON.parse(text)).checkpoint.latest.resources.length;
    expect(resources(stack.state())).toBe(resources(before));
  });
});
