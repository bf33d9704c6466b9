import * as pulumi from "@pulumi/pulumi";

import { retainedLabel, retentionHooks, type Api, type Labelled } from "../../components/workspace/retention";
import { readable, retainedOf } from "../../local/retained";
import "./mocks";

/** What a cluster keeps of alice, and what was asked of it. */
class Cluster implements Api {
  gone = false;
  space: Labelled = { name: "ws-alice", labels: { "vibecode/user": "alice" }, isLeaving: false };
  volumes: Labelled[] = ["home", "extensions"].map((name) => ({ name, labels: {}, isLeaving: false }));
  asked: string[] = [];

  namespace(): Promise<Labelled> {
    return this.gone ? Promise.reject(refused(404, "not found")) : Promise.resolve(this.space);
  }

  claims(): Promise<Labelled[]> {
    return Promise.resolve(this.volumes);
  }

  labelNamespace(name: string, since: string | null): Promise<void> {
    this.asked.push(`${name} ${since ?? "nothing"}`);
    return Promise.resolve();
  }

  labelClaim(namespace: string, name: string, since: string | null): Promise<void> {
    this.asked.push(`${namespace}/${name} ${since ?? "nothing"}`);
    return Promise.resolve();
  }

  endWorkloads(namespace: string): Promise<void> {
    this.asked.push(`end ${namespace}`);
    return Promise.resolve();
  }
}

/** As the client throws it. */
const refused = (code: number, message: string) =>
  Object.assign(new Error(`HTTP-Code: ${code}`), { code, body: JSON.stringify({ message }) });

let opened: number;

/** The program's hooks on a cluster, as the engine calls them. */
function hooksOn(open: () => Promise<Api>) {
  opened = 0;
  const { leaving, returning } = retentionHooks({ context: "team" }, "", () => {
    opened++;
    return open();
  });
  const [leave] = leaving.beforeDelete;
  const [back] = returning.beforeCreate;
  const about = { urn: "urn:alice", id: "", type: "" };
  const inputs = { metadata: { name: "ws-alice", labels: { "vibecode/user": "alice" } } };
  return {
    leave: async () => leave?.callback({ ...about, name: "alice" }),
    back: async () => back?.callback({ ...about, name: "alice-namespace", newInputs: inputs }),
  };
}

beforeEach(() => pulumi.runtime.setMocks({ call: () => ({}), newResource: () => ({ id: "", state: {} }) }));
afterEach(() => pulumi.runtime.disconnect());

const today = () => new Date().toISOString().slice(0, 10);

test("leaving ends what still runs and marks the volumes before the namespace; coming back takes all marks away", async () => {
  const cluster = new Cluster();
  const { leave, back } = hooksOn(() => Promise.resolve(cluster));
  expect(opened).toBe(0);
  await leave();
  const day = today();
  expect(cluster.asked).toEqual([
    "end ws-alice",
    `ws-alice/home ${day}`,
    `ws-alice/extensions ${day}`,
    `ws-alice ${day}`,
  ]);
  cluster.asked = [];
  await back();
  expect(cluster.asked).toEqual(["ws-alice/home nothing", "ws-alice/extensions nothing", "ws-alice nothing"]);
  expect(opened).toBe(1);
});

test("of several clusters, hooks have names of their own, and know the user by the component's", async () => {
  const cluster = new Cluster();
  const { leaving, returning } = retentionHooks({}, "eu-", () => Promise.resolve(cluster));
  const [leave] = leaving.beforeDelete;
  expect([leave?.name, returning.beforeCreate[0]?.name]).toEqual(["eu-user-leaves", "eu-user-returns"]);
  await leave?.callback({ urn: "urn:alice", id: "", type: "", name: "eu-alice" });
  expect(cluster.asked).toContain(`ws-alice ${today()}`);
});

test("a leaving that was cut off goes on with the day on which it began", async () => {
  const cluster = new Cluster();
  cluster.volumes[0] = { name: "home", labels: { [retainedLabel]: "2020-02-29" }, isLeaving: false };
  await hooksOn(() => Promise.resolve(cluster)).leave();
  expect(cluster.asked).toContain("ws-alice 2020-02-29");
  expect(cluster.asked).toContain("ws-alice/extensions 2020-02-29");
});

test.each([
  ["is not there", { gone: true }],
  [
    "is being removed",
    { space: { name: "ws-alice", labels: { "vibecode/user": "alice" }, isLeaving: true } },
  ],
  ["is nobody's of the platform", { space: { name: "ws-alice", labels: {}, isLeaving: false } }],
])("a namespace that %s is left alone", async (_, state) => {
  const cluster = Object.assign(new Cluster(), state);
  const { leave, back } = hooksOn(() => Promise.resolve(cluster));
  await leave();
  await back();
  expect(cluster.asked).toEqual([]);
});

test("what goes wrong names the cluster, the reason and what comes next", async () => {
  const unreachable = hooksOn(() =>
    Promise.reject(new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") })),
  );
  const next = "ws-alice is not marked right yet: the next `pulumi up` tries it again";
  await expect(unreachable.leave()).rejects.toThrow(
    `team: fetch failed, connect ECONNREFUSED 127.0.0.1:1; ${next}`,
  );
  const cluster = new Cluster();
  cluster.labelNamespace = () => Promise.reject(refused(403, "alice cannot patch namespaces"));
  await expect(hooksOn(() => Promise.resolve(cluster)).back()).rejects.toThrow(
    `team: answers 403: alice cannot patch namespaces; ${next}`,
  );
});

const space = (user: string, more: object = {}) => ({
  kind: "Namespace",
  metadata: {
    name: `ws-${user}`,
    uid: `uid-${user}`,
    resourceVersion: "7",
    labels: { "vibecode/user": user },
    ...more,
  },
});
const marked = (user: string, day: string) =>
  space(user, { labels: { "vibecode/user": user, [retainedLabel]: day } });
const claim = (user: string, name: string, requested: string, capacity?: string) => ({
  kind: "PersistentVolumeClaim",
  metadata: {
    name,
    namespace: `ws-${user}`,
    uid: "",
    resourceVersion: "7",
    labels: { "vibecode/user": user },
  },
  spec: { volumeName: `pv-${name}`, resources: { requests: { storage: requested } } },
  status: capacity === undefined ? {} : { capacity: { storage: capacity } },
});

test.each([
  ["left, marked", marked("alice", "2026-11-21"), [], [], ["alice 2026-11-21"]],
  ["left, and nobody noted when", space("alice"), [], [], ["alice unknown"]],
  ["works in a workspace", space("alice"), ["alice"], ["alice"], []],
  ["is taken off the list, before the up that ends the workspace", space("alice"), [], ["alice"], []],
  ["is being added by an up", space("alice"), ["alice"], [], []],
  [
    "left, and is on the list again",
    marked("alice", "2026-11-21"),
    ["alice"],
    [],
    ["alice 2026-11-21 expected"],
  ],
  [
    "was marked by an up that was cut off",
    marked("alice", "2026-11-21"),
    [],
    ["alice"],
    ["alice 2026-11-21"],
  ],
  [
    "is purged just now",
    space("alice", { deletionTimestamp: "2026-11-21T10:00:00Z" }),
    [],
    [],
    ["alice leaving"],
  ],
  ["has another's namespace", space("alice", { name: "elsewhere" }), [], [], []],
])("what is kept of a user who %s", (_, object, listed, deployed, kept) => {
  const members = { listed: new Set(listed), deployed: new Set(deployed) };
  const found = retainedOf({ items: [object] }, members);
  expect(
    found.map(({ user, since, isExpected, isLeaving }) =>
      [user, isLeaving ? "leaving" : (since ?? "unknown"), ...(isExpected ? ["expected"] : [])].join(" "),
    ),
  ).toEqual(kept);
});

test("volumes are the user's own, the largest first, with the size they have rather than the one asked for", () => {
  const items = [
    marked("alice", "2026-11-21"),
    claim("alice", "extensions", "2Gi", "2Gi"),
    claim("alice", "home", "10Gi", "20Gi"),
    claim("bob", "home", "10Gi", "10Gi"),
    claim("alice", "waiting", "500M"),
  ];
  const [alice] = retainedOf({ items }, { listed: new Set(["bob"]), deployed: new Set(["bob"]) }, (volume) =>
    volume === "pv-home" ? 3 * 2 ** 20 : undefined,
  );
  expect(alice?.volumes).toEqual([
    { claim: "home", name: "pv-home", bytes: 20 * 2 ** 30, used: 3 * 2 ** 20 },
    { claim: "extensions", name: "pv-extensions", bytes: 2 * 2 ** 30, used: undefined },
    { claim: "waiting", name: "pv-waiting", bytes: 500e6, used: undefined },
  ]);
  expect(alice?.namespace).toEqual({ name: "ws-alice", uid: "uid-alice", resourceVersion: "7" });
});

test.each([
  [10 * 2 ** 30, "10 GiB"],
  [1.5 * 2 ** 30, "1.5 GiB"],
  [71 * 2 ** 20, "71 MiB"],
  [2 ** 30 - 1, "1024 MiB"],
])("%d bytes are %s for a reader", (bytes, text) => {
  expect(readable(bytes)).toBe(text);
});
