import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { preparePulumi } from "../../local/pulumi";
import { ensureTools } from "../../local/toolchain";
import { openApi, type Api } from "../bench/api";
import { startControlPlane, type ControlPlane } from "../bench/control-plane";
import { startNodes, until } from "../bench/kwok";
import { Platform } from "../bench/platform";

/** A node of each tier; the one for workspaces keeps everything else away. */
const nodes = [
  {
    name: "code-server",
    labels: { tier: "code-server" },
    taints: [{ key: "tier", value: "code-server", effect: "NoSchedule" }],
    cpu: "4",
    memory: "8Gi",
  },
  { name: "monitoring", labels: { tier: "monitoring" }, cpu: "4", memory: "8Gi" },
  { name: "general", labels: { tier: "general" }, cpu: "4", memory: "8Gi" },
];

const nodeSelector = { tier: "code-server" };
const tolerations = [{ key: "tier", operator: "Equal", value: "code-server", effect: "NoSchedule" }];
/** Two of them fill a node. */
const half = { cpu: "2", memory: "4Gi" };
const sizes = { half: { requests: half, limits: half } };
const workspace = (settings: object) => ({ "vibecode:workspace": settings });

const quiet = () => undefined;
const pod = z.looseObject({
  metadata: z.looseObject({ deletionTimestamp: z.string().optional() }),
  spec: z.looseObject({ nodeName: z.string().optional() }),
  status: z.looseObject({
    phase: z.string(),
    conditions: z
      .array(
        z.looseObject({ type: z.string(), reason: z.string().optional(), message: z.string().optional() }),
      )
      .default([]),
  }),
});

let folder: string;
let cluster: ControlPlane;
let api: Api;
let platform: Platform;

beforeAll(async () => {
  await ensureTools(["kubernetes", "kwok"], quiet);
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "vibecode-scheduling-"));
  for (const name of ["cluster", "project"]) await fs.mkdir(path.join(folder, name));
  cluster = await startControlPlane(path.join(folder, "cluster"), true);
  api = await openApi("--kubeconfig", cluster.kubeconfig);
  await startNodes(cluster, api, nodes);
  platform = await Platform.create(path.join(folder, "project"), await preparePulumi(quiet), cluster);
}, 900_000);

afterAll(async () => {
  api.close();
  await cluster.stop();
  await fs.rm(folder, { recursive: true, force: true });
});

const editors = async (user: string) =>
  (await api.list(`/api/v1/namespaces/ws-${user}/pods`, pod)).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );

/** Where a user's editor runs. */
async function nodeOf(user: string): Promise<string | undefined> {
  const found = await editors(user);
  expect(found.map(({ status }) => status.phase)).toEqual(["Running"]);
  return found[0]?.spec.nodeName;
}

/** Converges until the scheduler refuses a user's editor, and gives its reason and what `up` said when interrupted. */
async function refused(user: string, users: readonly unknown[], settings: object) {
  const up = await platform.begin(users, workspace(settings));
  const wait = until(60, async () => {
    const conditions = (await editors(user)).flatMap(({ spec, status }) =>
      spec.nodeName === undefined ? status.conditions : [],
    );
    return conditions.find(({ reason }) => reason === "Unschedulable")?.message;
  });
  const reason = await wait.finally(() => up.process.kill("SIGINT"));
  return { reason, said: (await up.ended).all };
}

test("a workspace goes to the nodes that the config names, whose taint it tolerates", async () => {
  await platform.up(["alice", "bob"], workspace({ nodeSelector, tolerations }));
  expect([await nodeOf("alice"), await nodeOf("bob")]).toEqual(["code-server", "code-server"]);
}, 120_000);

test("without the toleration it waits, and up says why", async () => {
  const { reason, said } = await refused("alice", ["alice"], { nodeSelector });
  expect(reason).toMatch(
    /^0\/3 nodes are available: 1 node\(s\) had untolerated taint\(s\), 2 node\(s\) didn't match Pod's node affinity\/selector/,
  );
  expect(said).toContain(reason.split(".")[0]);
}, 120_000);

test("without the selector and the toleration it goes elsewhere", async () => {
  await platform.up(["alice"]);
  expect(["monitoring", "general"]).toContain(await nodeOf("alice"));
}, 120_000);

test("two workspaces fill a node by their requests, and the third waits until one of them stops", async () => {
  const settings = { nodeSelector, tolerations, sizes, defaultSize: "half" };
  await platform.up(["alice", "bob"], workspace(settings));
  expect([await nodeOf("alice"), await nodeOf("bob")]).toEqual(["code-server", "code-server"]);

  const { reason, said } = await refused("carol", ["alice", "bob", "carol"], settings);
  expect(reason).toMatch(
    /^0\/3 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 2 node\(s\) didn't match/,
  );
  expect(said).toContain(reason.split(".")[0]);

  await platform.up([{ name: "alice", state: "stopped" }, "bob", "carol"], workspace(settings));
  expect([await editors("alice"), await nodeOf("bob"), await nodeOf("carol")]).toEqual([
    [],
    "code-server",
    "code-server",
  ]);
}, 180_000);
