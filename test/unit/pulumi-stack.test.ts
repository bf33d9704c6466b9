import { called, onlyOnPath, removeTemporary, temporary } from "./host-stand-ins";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { openStack, type Pulumi } from "../../local/pulumi";

const project = path.join(temporary, "project");
const data = path.join(temporary, "data", "clusters", "test");
const locks = path.join(data, "state", ".pulumi", "locks", "organization", "vibecode", "local");
const stateFile = path.join(data, "state", ".pulumi", "stacks", "vibecode", "local.json");
const pulumi: Pulumi = { command: "pulumi", env: {}, plugins: "offline", why: "a test" };

/** An engine that makes a stack like the real one, and does as told for the rest. */
const engine = (rest: string) => ({
  pulumi: `case "$1 $2" in
"stack init") echo "encryptionsalt: v1:salt" > Pulumi.local.yaml
  mkdir -p "${path.dirname(stateFile)}"; echo '{"checkpoint":{"latest":{}}}' > ${stateFile} ;;
${rest}
esac`,
});

const event = (fields: object) => `echo '${JSON.stringify(fields)}'`;
const urn = "urn:pulumi:local::vibecode::vibecode:workspace:Workspace$kubernetes:apps/v1:Deployment::alice";

interface Said {
  reports: string[];
  prints: string[];
}

async function open(said: Said = { reports: [], prints: [] }) {
  const report = (message: string) => said.reports.push(message);
  const print = (text: string) => said.prints.push(text);
  const overrides = { "vibecode:cluster": { context: "vibecode" } };
  const stack = await openStack(
    { cluster: "test", stack: "local", pulumi, overrides, project, print },
    report,
  );
  return { stack, report };
}

beforeEach(() => {
  fs.mkdirSync(path.join(project, "stacks"), { recursive: true });
  fs.writeFileSync(path.join(project, "Pulumi.yaml"), "name: vibecode\nruntime: nodejs\n");
  fs.writeFileSync(
    path.join(project, "stacks", "Pulumi.local.yaml"),
    "config:\n  vibecode:domain: dev.localhost\n",
  );
});
afterEach(() => {
  fs.rmSync(data, { recursive: true, force: true });
});
afterAll(removeTemporary);

test("a stack is made once, outside the checkout, and only its owner can read it", async () => {
  onlyOnPath(engine(""));
  await open();
  const { stack, report } = await open();
  expect(called()).toEqual(["pulumi stack init --no-select --non-interactive --stack local"]);
  await stack.up(report);
  expect(parse(fs.readFileSync(path.join(data, "Pulumi.local.yaml"), "utf8"))).toEqual({
    config: { "vibecode:domain": "dev.localhost", "vibecode:cluster": { context: "vibecode" } },
    encryptionsalt: "v1:salt",
  });
  expect(fs.readFileSync(path.join(project, "stacks", "Pulumi.local.yaml"), "utf8")).not.toContain("salt");
  expect(fs.statSync(path.join(data, "passphrase")).mode & 0o777).toBe(0o600);
  expect(fs.statSync(path.join(data, "state")).mode & 0o777).toBe(0o700);
});

test("a making that was cut off after the state is begun anew", async () => {
  onlyOnPath(engine(`"stack rm") rm ${stateFile} ;;`));
  fs.mkdirSync(path.dirname(stateFile), { recursive: true });
  fs.writeFileSync(stateFile, "{}");
  await open();
  expect(called().map((call) => call.split(" ", 3).join(" "))).toEqual([
    "pulumi stack rm",
    "pulumi stack init",
  ]);
});

test("a stack file with another passphrase's secrets, or none at all, is refused", async () => {
  onlyOnPath(engine(""));
  fs.writeFileSync(path.join(project, "stacks", "Pulumi.local.yaml"), "encryptionsalt: v1:other\n");
  const { stack, report } = await open();
  const refused = "stacks/Pulumi.local.yaml holds secrets of another passphrase";
  await expect(stack.up(report)).rejects.toThrow(refused);
  await expect(stack.preview()).rejects.toThrow(refused);
  fs.rmSync(path.join(project, "stacks", "Pulumi.local.yaml"));
  await expect(stack.up(report)).rejects.toThrow("there is no stack local; write stacks/Pulumi.local.yaml");
});

test("a question about the stack leaves the config of an up as it is", async () => {
  onlyOnPath(engine(`"stack output") echo '{}' ;;`));
  const { stack, report } = await open();
  await stack.up(report);
  const file = path.join(data, "Pulumi.local.yaml");
  const before = fs.readFileSync(file, "utf8");
  const asking = await openStack({ cluster: "test", stack: "local", pulumi, project }, report);
  await asking.outputs();
  expect(fs.readFileSync(file, "utf8")).toBe(before);
});

test("up tells what is worked on, prints warnings whole and returns the engine's counts", async () => {
  const metadata = { op: "create", urn, type: "kubernetes:apps/v1:Deployment" };
  onlyOnPath(
    engine(`"up "*)
${event({ resourcePreEvent: { metadata } })}
${event({ diagnosticEvent: { severity: "info", urn, message: "0 of 1 pods ready", ephemeral: true } })}
${event({ diagnosticEvent: { severity: "warning", message: "using pulumi-resource-tls from $PATH at /x" } })}
${event({ diagnosticEvent: { severity: "debug", message: "noise" } })}
${event({ diagnosticEvent: { severity: "warning", urn, message: "two\\nlines" } })}
${event({ resOutputsEvent: { metadata } })}
${event({ summaryEvent: { resourceChanges: { create: 1, same: 2, read: 1 } } })} ;;`),
  );
  const said: Said = { reports: [], prints: [] };
  const { stack, report } = await open(said);
  expect((await stack.up(report)).changes).toEqual({ create: 1, same: 2 });
  expect(said.reports).toEqual([
    "making the stack local",
    "0 resources changed, 0 as they were, create Deployment alice",
    "Deployment alice: 0 of 1 pods ready",
    "1 resources changed, 0 as they were",
  ]);
  expect(said.prints).toEqual(["warning: Deployment alice: two\nlines"]);
  expect(called().at(-1)).toBe(
    `pulumi up --yes --json --config-file ${data}/Pulumi.local.yaml --skip-preview --non-interactive --stack local`,
  );
});

test("a failed up gives every error whole, with its resource, and what Pulumi said besides", async () => {
  onlyOnPath(
    engine(`"up "*)
${event({ diagnosticEvent: { severity: "error", urn, message: "no room\\non any node\\n" } })}
${event({ diagnosticEvent: { severity: "error", message: "update failed" } })}
echo "error: disk on fire" >&2; exit 1 ;;`),
  );
  const { stack, report } = await open();
  await expect(stack.up(report)).rejects.toThrow(
    "`pulumi up` failed:\nDeployment alice: no room\non any node\ndisk on fire\nTo go on: mend that and run the command again",
  );
});

test("outputs are secret unless asked for", async () => {
  onlyOnPath(
    engine(
      `"stack output") case "$*" in *--show-secrets*) echo '{"pw":"hush"}' ;; *) echo '{"pw":"[secret]"}' ;; esac ;;`,
    ),
  );
  const { stack } = await open();
  expect(await stack.outputs()).toEqual({ pw: "[secret]" });
  expect(await stack.outputs({ showSecrets: true })).toEqual({ pw: "hush" });
});

describe("a lock in the state", () => {
  const lock = (pid: number, hostname = os.hostname()) => {
    fs.mkdirSync(locks, { recursive: true });
    const file = path.join(locks, "1.json");
    fs.writeFileSync(
      file,
      JSON.stringify({ pid, hostname, username: "ann", timestamp: "2026-11-21T06:00:00Z" }),
    );
    return file;
  };

  test("goes when its process is gone, or is another program by now", async () => {
    onlyOnPath(engine(""));
    for (const pid of [2 ** 22 + 1, process.pid]) {
      const said: Said = { reports: [], prints: [] };
      const { stack, report } = await open(said);
      const file = lock(pid);
      await stack.up(report);
      expect(fs.existsSync(file)).toBe(false);
      expect(said.reports.at(-1)).toMatch(/^removing the lock that a killed Pulumi left: ann@/);
    }
  });

  test("of another machine stays, and is named", async () => {
    onlyOnPath(engine(""));
    const { stack, report } = await open();
    const file = lock(1, "elsewhere");
    await expect(stack.up(report)).rejects.toThrow("the stack is locked by ann@elsewhere (pid 1)");
    expect(fs.existsSync(file)).toBe(true);
  });
});

test("what an interrupted run left is settled before the next one", async () => {
  const imported = path.join(temporary, "imported.json");
  const exported = {
    version: 3,
    deployment: {
      resources: [{ urn: "urn:a", type: "random:index/randomPassword:RandomPassword" }],
      pending_operations: [
        {
          type: "creating",
          resource: {
            urn,
            type: "kubernetes:apps/v1:Deployment",
            inputs: { metadata: { name: "code", namespace: "ws-alice" } },
          },
        },
        { type: "creating", resource: { urn: "urn:b", type: "tls:index/privateKey:PrivateKey" } },
        { type: "updating", resource: { urn: "urn:a", type: "random:index/randomPassword:RandomPassword" } },
      ],
    },
  };
  onlyOnPath(
    engine(`"stack export") echo '${JSON.stringify(exported)}' ;;\n"stack import") cat > ${imported} ;;`),
  );
  const { stack, report } = await open();
  fs.writeFileSync(stateFile, JSON.stringify({ checkpoint: { latest: exported.deployment } }));
  await stack.up(report);
  expect(JSON.parse(fs.readFileSync(imported, "utf8"))).toEqual({
    version: 3,
    deployment: {
      resources: [
        exported.deployment.resources[0],
        {
          ...exported.deployment.pending_operations[0]?.resource,
          id: "ws-alice/code",
          refreshBeforeUpdate: true,
        },
      ],
      pending_operations: [],
    },
  });
});
