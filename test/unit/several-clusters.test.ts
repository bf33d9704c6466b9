import { usersOf } from "../../local/outputs";
import { clustersOf } from "../../local/platform";
import { checkWithoutSecrets } from "../../local/stack-config";

const config = {
  "vibecode:domain": "ide.example.com",
  "vibecode:clusters": {
    eu: { first: true, cluster: { context: "europe" } },
    us: { domain: "us.example.com", cluster: { kubeconfig: "/home/me/america" } },
    asia: { domain: "asia.example.com", cluster: { kubeconfig: { secure: "v1:abc" } } },
  },
  "vibecode:users": ["alice", { name: "bob", cluster: "us" }],
  "vibecode:images": { workspace: "registry.example.com/workspace:1" },
  "vibecode:auth": { kind: "basic" },
};

const stack = {
  name: "team",
  path: "",
  cluster: undefined,
  clusters: new Map([
    ["eu", { context: "europe" }],
    ["us", { kubeconfig: "/home/me/america" }],
    // Encrypted, as far as these commands can read it.
    ["asia", {}],
  ]),
  ports: { http: 80, https: 443 },
  config,
};

test("a stack of several clusters is on each of them, and none is made for it", () => {
  const found = clustersOf(stack);
  expect(
    found.map(({ place, cluster }) => [place, cluster.kind, cluster.kubeconfig, cluster.context]),
  ).toEqual([
    [{ name: "eu", apart: undefined }, "existing", undefined, "europe"],
    [{ name: "us", apart: "us" }, "existing", "/home/me/america", undefined],
    // Its kubeconfig cannot be read here; kubectl's current context would be a guess.
    [{ name: "asia", apart: "asia" }, "existing", undefined, "asia"],
  ]);
  expect(clustersOf({ ...stack, config: { ...config, "vibecode:clusters": undefined } })).toEqual([]);
});

test("who is where is what the last `up` says, not what the file says now", () => {
  const outputs = {
    urls: { alice: "https://alice.ide.example.com", bob: "https://bob.ide.example.com" },
    passwords: {},
    sshKeys: {},
    ca: "",
    volumes: { alice: { cluster: "us" }, bob: {} },
  };
  const found = clustersOf(stack);
  expect(found.map((platform) => usersOf(platform, outputs))).toEqual([["bob"], ["alice"], []]);
});

test("a kubeconfig that nobody here can read is content, and that of one cluster alone", () => {
  const clusters = {
    eu: { cluster: { kubeconfig: { secure: "v1:abc" } } },
    us: { cluster: { kubeconfig: { secure: "v1:def" } } },
  };
  const users = [{ name: "alice", cluster: "eu" }];
  const { config: checked, masked } = checkWithoutSecrets("team", {
    ...config,
    "vibecode:clusters": clusters,
    "vibecode:users": users,
  });
  expect(masked.places).toHaveLength(2);
  const [eu, us] = checked.places.map(({ cluster }) => cluster.kubeconfig);
  expect(eu).toContain("{");
  expect(us).toContain("{");
  expect(eu).not.toBe(us);
});
