import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { parse, stringify } from "yaml";
import { z } from "zod";

import { run, type Ran } from "../../local/host";
import { checkout } from "../../local/paths";
import { preparePulumi } from "../../local/pulumi";
import { ensureTools } from "../../local/toolchain";
import { startControlPlane, type ControlPlane } from "../bench/control-plane";
import { kubectlOf } from "./kubectl";
import { standInNode } from "./stand-in-node";

// What the workflows run once a stack's cluster and state are elsewhere, on a real API server of its own: the cluster
// `test` has the platform of another stack on it. That pods are ready is played, for nobody asks one here.
const stack = "workflows-test";
const stackFile = path.join(checkout, "stacks", `Pulumi.${stack}.yaml`);
const quiet = () => undefined;
let folder: string;
let cluster: ControlPlane;
let node: { stop(): Promise<void> };
let kubectl: (...words: string[]) => Promise<string>;

beforeAll(async () => {
  await ensureTools(["kubernetes"], quiet);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-workflows-"));
  fs.mkdirSync(path.join(folder, "state"));
  fs.mkdirSync(path.join(folder, "bin"));
  // GitHub, which knows of no deployment that is under way.
  fs.writeFileSync(path.join(folder, "bin", "gh"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  fs.rmSync(stackFile, { force: true });
  cluster = await startControlPlane(folder);
  node = await standInNode(cluster.kubeconfig);
  const ask = kubectlOf(cluster.kubeconfig);
  kubectl = (...words) => ask(words);
}, 900_000);

afterAll(async () => {
  await node.stop();
  await cluster.stop();
  fs.rmSync(folder, { recursive: true });
  fs.rmSync(stackFile, { force: true });
});

/** Writes the stack's file: one user, and no more beside the workspace than a stack must have. */
function write(more: Readonly<Record<string, unknown>> = {}): void {
  // `pulumi stack init` put the salt of the stack's secrets there.
  const before: unknown = fs.existsSync(stackFile) ? parse(fs.readFileSync(stackFile, "utf8")) : {};
  const { encryptionsalt } = z.object({ encryptionsalt: z.string().optional() }).parse(before);
  const config = {
    "vibecode:domain": "workflows.localhost",
    "vibecode:cluster": { context: cluster.context, name: stack, network: { apiServer: ["10.9.9.9/32"] } },
    "vibecode:users": ["alice"],
    "vibecode:auth": { kind: "basic" },
    "vibecode:images": { workspace: "localhost/workspace:workflows" },
    "vibecode:storage": { class: "bench" },
    "vibecode:ingress": { exposure: { type: "NodePort" } },
    ...more,
  };
  fs.writeFileSync(stackFile, stringify({ encryptionsalt, config }));
}

/** What a runner's job has: the address of the state, the key of its secrets, a kubeconfig, and GitHub's own. */
const surroundings = () => ({
  CI: "true",
  STACK: stack,
  GITHUB_REPOSITORY: "example/ide",
  PATH: `${folder}/bin:${process.env["PATH"] ?? ""}`,
  KUBECONFIG: cluster.kubeconfig,
  PULUMI_BACKEND_URL: `file://${folder}/state?metadata=skip`,
  PULUMI_CONFIG_PASSPHRASE: "of-this-test",
  PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
  VIBECODE_DATA: path.join(folder, "data"),
  // Without what a `make test` around it sets.
  NODE_OPTIONS: undefined,
  MAKEFLAGS: undefined,
  MAKELEVEL: undefined,
});

const jobs = z.object({
  jobs: z.record(z.string(), z.object({ steps: z.array(z.looseObject({ run: z.string().optional() })) })),
});

/** Runs what the last step of a workflow's only job says, as the runner does. */
function workflow(name: string): Promise<Ran> {
  const text = fs.readFileSync(path.join(checkout, ".github", "workflows", `${name}.yml`), "utf8");
  const [job] = Object.values(jobs.parse(parse(text)).jobs);
  return command("bash", "-eo", "pipefail", "-c", job?.steps.at(-1)?.run ?? "false");
}
const up = () => workflow("up");
const drift = () => workflow("drift");

function command(program: string, ...words: string[]): Promise<Ran> {
  return run(program, words, { cwd: checkout, env: surroundings() });
}

/** The engine's own command, as docs/ have it. */
async function pulumi(...words: string[]): Promise<Ran> {
  const { command, env } = await preparePulumi(quiet);
  const all = [...words, "--non-interactive", "--stack", stack];
  return run(command, all, { cwd: checkout, env: { ...surroundings(), ...env } });
}

/** On a terminal, where a person says yes as soon as the engine asks. */
async function agreed(...words: string[]): Promise<{ code: unknown; out: string }> {
  const line = ["stty cols 120; make", ...words, `STACK=${stack}`].join(" ");
  const child = spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
    cwd: checkout,
    env: { ...process.env, ...surroundings(), CI: undefined },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let out = "";
  let isAnswered = false;
  child.stdout.on("data", (text: Buffer) => {
    out += text.toString();
    if (isAnswered || !out.includes("Do you want to perform this")) return;
    isAnswered = true;
    child.stdin.write("yes\r");
  });
  const [code] = z.array(z.unknown()).parse(await once(child, "close"));
  return { code, out };
}

/** That a run came to its end; if not, the message is all that it said. */
function mustEnd({ code, stdout, stderr }: Ran): void {
  expect({ code, said: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, said: "" });
}

/** What a run said that had to fail. */
function refusal({ code, stdout, stderr }: Ran): string {
  const said = stdout + stderr;
  if (code === 0) throw new Error(`this had to fail:\n${said}`);
  return said;
}

/** Names of the objects of a kind in a namespace, or of all of ours. */
async function names(kind: string, ...where: string[]): Promise<string[]> {
  const found = await kubectl("get", kind, ...where, "-o", "jsonpath={.items[*].metadata.name}");
  return found.split(" ").filter(Boolean).sort();
}
const namespaces = () => names("namespaces", "-l", "app.kubernetes.io/part-of=vibecode");
const policies = () => names("networkpolicies", "-n", "ws-alice");
const home = (property: string) =>
  kubectl("get", "persistentvolumeclaim", "-n", "ws-alice", "home", "-o", `jsonpath={${property}}`);

test("a stack that nobody made yet is refused, and it is said how to make it", async () => {
  write();
  const said = refusal(await up());
  expect(said).toContain(`the state of ${stack} cannot be read`);
  expect(said).toContain(`pulumi stack init ${stack}`);
  mustEnd(await pulumi("stack", "init", "--no-select"));
}, 60_000);

test("a mandatory rule that is broken stops up before anything is touched", async () => {
  write({ "vibecode:images": { workspace: "registry.example.net/workspace:1" } });
  const said = refusal(await up());
  expect(said).toContain("image-registry");
  expect(said).toContain('is "registry.example.net/workspace:1", from none of');
  expect(await namespaces()).toEqual([]);
}, 60_000);

test("up asks nobody, keeps to the policy pack and brings the stack up", async () => {
  write();
  const ran = await up();
  mustEnd(ran);
  expect(ran.stdout).toMatch(/Policies:\n.*vibecode/);
  expect(await namespaces()).toEqual(["vibecode-ingress", "ws-alice"]);
  expect(await policies()).toEqual(["workspace"]);
}, 180_000);

test("what nobody has touched is no drift", async () => {
  mustEnd(await drift());
}, 60_000);

test("what somebody deletes is drift by its name, and is made again by an up that looks", async () => {
  await kubectl("delete", "networkpolicy", "-n", "ws-alice", "workspace");
  const said = refusal(await drift());
  expect(said).toMatch(/\+ +kubernetes:networking\.k8s\.io\/v1:NetworkPolicy +alice-network/);
  expect(said).toMatch(/Resources:\n +\+ 1 to create\n +\d+ unchanged\n/);
  expect(said).toContain("no changes were expected for preview but changes were proposed");
  expect(await policies()).toEqual([]);

  // A plain one trusts its state, as docs/security.md says.
  mustEnd(await up());
  expect(await policies()).toEqual([]);
  mustEnd(await pulumi("up", "--refresh", "--yes"));
  expect(await policies()).toEqual(["workspace"]);
  mustEnd(await drift());
}, 240_000);

test("what somebody changes is drift by its name and its property", async () => {
  const pods = (count: number) =>
    kubectl(
      ...["patch", "resourcequota", "-n", "ws-alice", "workspace", "--type=merge", "-p"],
      JSON.stringify({ spec: { hard: { pods: String(count) } } }),
    );
  await pods(50);
  const said = refusal(await drift());
  expect(said).toMatch(/kubernetes:core\/v1:ResourceQuota +alice-quota/);
  expect(said).toMatch(/kubectl-patch.*spec\.hard\.pods/s);
  await pods(1);
}, 120_000);

test("a volume that would be made anew stops up, which reads the state for that", async () => {
  const before = await home(".metadata.uid");
  write({ "vibecode:storage": { class: "faster" } });
  const said = refusal(await up());
  expect(said).toContain("volume-replaced");
  expect(said).toContain("set vibecode:storage.class back");
  expect(await home(".metadata.uid")).toBe(before);
  expect(await home(".spec.storageClassName")).toBe("bench");
  write();
}, 60_000);

test("nothing removes a shared cluster's platform unasked, and down keeps the work when it may", async () => {
  const there = await namespaces();
  expect(refusal(await command("make", "destroy", "FORCE=1", `STACK=${stack}`))).toContain(
    "is on a cluster that others may use, which is never emptied from here",
  );
  expect(refusal(await command("make", "down", `STACK=${stack}`))).toContain("--yes");
  expect(await namespaces()).toEqual(there);

  const down = await agreed("down");
  expect(down.out).toContain("The resources in the stack have been deleted");
  expect(down.code).toBe(0);
  expect(await namespaces()).toEqual(["ws-alice"]);
  expect(await names("deployments", "-n", "ws-alice")).toEqual([]);
  expect(await names("persistentvolumeclaims", "-n", "ws-alice")).toEqual(["extensions", "home"]);
  expect(await home(".metadata.labels.vibecode/retained-since")).toMatch(/^\d{4}-\d\d-\d\d$/);
}, 120_000);
