import { temporary } from "./host-stand-ins";
import type { Cluster } from "../../local/cluster";
import { imagesConfig, partsOf } from "../../local/parts";
import { readStackFile } from "../../local/stack";
import { testCluster } from "../cluster/instance";

const partsFor = (kind: Cluster["kind"], config: Record<string, unknown>) =>
  partsOf({
    stack: { ...readStackFile("local"), config },
    cluster: { ...testCluster("parts", temporary), kind },
  });
const basic = { "vibecode:auth": { kind: "basic" } };
const own = { ...basic, "vibecode:monitoring": { prometheus: { kind: "own" } } };
const operated = { ...basic, "vibecode:monitoring": { prometheus: { kind: "operator" } } };

test("what watches the platform is built where it runs, on a cluster without a registry to ask", () => {
  const without = { packages: [], tools: ["traefik"], images: ["workspace", "traefik"] };
  expect(partsFor("embedded", basic)).toEqual(without);
  expect(partsFor("embedded", operated)).toEqual(without);
  expect(partsFor("kind", own)).toEqual(without);
  expect(partsFor("embedded", own)).toEqual({
    packages: [],
    tools: ["traefik", "prometheus", "kube-state-metrics"],
    images: ["workspace", "traefik", "monitoring", "kube-state-metrics"],
  });
});

test("sign-in is built beside it", () => {
  const config = { ...own, "vibecode:auth": { kind: "authelia" } };
  expect(partsFor("embedded", config).images).toEqual([
    "workspace",
    "traefik",
    "authelia",
    "databases",
    "monitoring",
    "kube-state-metrics",
  ]);
});

test("one image is that of each program in it", () => {
  expect(imagesConfig({ monitoring: { ref: "m" }, "kube-state-metrics": { ref: "k" } })).toEqual({
    prometheus: "m",
    alertmanager: "m",
    nodeExporter: "m",
    postgresExporter: "m",
    valkeyExporter: "m",
    kubeStateMetrics: "k",
  });
});
