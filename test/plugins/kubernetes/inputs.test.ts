import {
  fieldManager,
  guard,
  unsupported,
  withName,
  withNamespace,
} from "../../../local/plugins/kubernetes/inputs";
import { builtInKind, collectionPath } from "../../../local/plugins/kubernetes/kinds";
import { diffConfig, providerConfig, refusedOptions } from "../../../local/plugins/kubernetes/config";
import { parsePath } from "../../../local/plugins/kubernetes/ignore";
import { observedInputs } from "../../../local/plugins/kubernetes/drift";
import { annotation, textAt } from "../../../local/plugins/kubernetes/objects";
import { Secret } from "../../../local/plugins/server";
import type { PropertyMap } from "../../../local/plugins/server";

const urn = "urn:pulumi:test::plugins::kubernetes:core/v1:ConfigMap::web_Config";
const seed = new Uint8Array(32).fill(7);

describe("names", () => {
  const nameless = { apiVersion: "v1", kind: "ConfigMap", metadata: { labels: { a: "1" } } };

  test("an object without a name gets its resource's and eight hex digits, the same for the same seed", () => {
    const named = withName(nameless, { urn, name: "web_Config", olds: {}, randomSeed: seed });
    expect(textAt(named, "metadata", "name")).toMatch(/^web-config-[0-9a-f]{8}$/);
    expect(annotation(named, "pulumi.com/autonamed")).toBe("true");
    expect(withName(nameless, { urn, name: "web_Config", olds: {}, randomSeed: seed })).toEqual(named);
  });

  test("a generated name is kept, a chosen one is not generated", () => {
    const first = withName(nameless, { urn, name: "a", olds: {}, randomSeed: seed });
    expect(withName(nameless, { urn, name: "a", olds: first, randomSeed: new Uint8Array() })).toEqual(first);
    const chosen = { ...nameless, metadata: { name: "mine" } };
    expect(withName(chosen, { urn, name: "a", olds: first, randomSeed: seed })).toBe(chosen);
  });

  test("a namespace is given only to what has none", () => {
    expect(withNamespace(nameless, "n")).toMatchObject({ metadata: { namespace: "n", labels: { a: "1" } } });
    const placed = { ...nameless, metadata: { namespace: "m" } };
    expect(withNamespace(placed, "n")).toBe(placed);
  });
});

test.each([
  ["kubernetes:core/v1:ConfigMapPatch", { apiVersion: "v1", kind: "ConfigMap" }, "ConfigMapPatch"],
  [
    "kubernetes:core/v1:ConfigMapList",
    { apiVersion: "v1", kind: "ConfigMapList", items: [] },
    "ConfigMapList",
  ],
  ["kubernetes:helm.sh/v3:Release", {}, "kubernetes:helm.sh/v3:Release"],
  ["kubernetes:core/v1:Pod", { kind: "Pod", metadata: { generateName: "a-" } }, "generateName"],
])("%s is refused by name", (type, inputs, name) => {
  expect(unsupported(type, inputs)?.reason).toContain(name);
});

test.each([
  ["v1", "Endpoints", "/api/v1/namespaces/n/endpoints"],
  ["v1", "Namespace", "/api/v1/namespaces"],
  ["networking.k8s.io/v1", "Ingress", "/apis/networking.k8s.io/v1/namespaces/n/ingresses"],
  ["networking.k8s.io/v1", "NetworkPolicy", "/apis/networking.k8s.io/v1/namespaces/n/networkpolicies"],
  ["storage.k8s.io/v1", "StorageClass", "/apis/storage.k8s.io/v1/storageclasses"],
])("%s %s lives at %s", (apiVersion, kind, path) => {
  const found = builtInKind(apiVersion, kind);
  expect(found && collectionPath(found, "n")).toBe(path);
});

test("the writer's name follows from the URN, unless the program or the state says another", () => {
  expect(fieldManager(urn, {})).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
  expect(fieldManager(urn, {})).not.toBe(fieldManager(`${urn}2`, {}));
  expect(fieldManager(urn, {}, { __fieldManager: "other" })).toBe("other");
  const chosen = { metadata: { annotations: { "pulumi.com/patchFieldManager": "mine" } } };
  expect(fieldManager(urn, chosen, { __fieldManager: "other" })).toBe("mine");
});

test("a Secret's values are secret, kubectl's copy of them is dropped", () => {
  const metadata = {
    name: "a",
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", b: "c" },
  };
  const guarded = guard({ apiVersion: "v1", kind: "Secret", metadata, data: { a: "eA==" } });
  expect(guarded["data"]).toBeInstanceOf(Secret);
  expect(guarded["metadata"]).toEqual({ name: "a", annotations: { b: "c" } });
});

test.each([
  ["spec.containers[0].image", ["spec", "containers", 0, "image"]],
  ['metadata.annotations["a.b/c"]', ["metadata", "annotations", "a.b/c"]],
])("the path %s", (text, path) => {
  expect(parsePath(text)).toEqual(path);
});

const container = (fields: PropertyMap) => ({ spec: { containers: [{ name: "c", ...fields }] } });

test.each<[string, PropertyMap, PropertyMap, PropertyMap]>([
  ["a default of the server is none", { spec: { a: 1 } }, { spec: { a: 1, b: 2 } }, { spec: { a: 1 } }],
  ["a changed value is", { spec: { a: 1 } }, { spec: { a: 2 } }, { spec: { a: 2 } }],
  ["a value that is gone is", { spec: { a: 1, b: 2 } }, { spec: { b: 2 } }, { spec: { b: 2 } }],
  [
    "the same amount written otherwise is none",
    container({ resources: { limits: { cpu: "1000m" } } }),
    container({ resources: { limits: { cpu: "1" } } }),
    container({ resources: { limits: { cpu: "1000m" } } }),
  ],
  [
    "another amount is",
    container({ resources: { limits: { cpu: "1000m" } } }),
    container({ resources: { limits: { cpu: "2" } } }),
    container({ resources: { limits: { cpu: "2" } } }),
  ],
  [
    "the same size limit of a volume is none",
    { spec: { volumes: [{ name: "v", emptyDir: { sizeLimit: "1024Mi" } }] } },
    { spec: { volumes: [{ name: "v", emptyDir: { sizeLimit: "1Gi" } }] } },
    { spec: { volumes: [{ name: "v", emptyDir: { sizeLimit: "1024Mi" } }] } },
  ],
  [
    "data that only reads like the same amount is",
    { data: { version: "1.10", limits: "010" } },
    { data: { version: "1.1", limits: "10" } },
    { data: { version: "1.1", limits: "10" } },
  ],
  [
    "a label that only reads like the same amount is",
    { metadata: { labels: { a: "010" } } },
    { metadata: { labels: { a: "10" } } },
    { metadata: { labels: { a: "10" } } },
  ],
  [
    "what the server leaves out as empty is none",
    { spec: { a: [], b: {}, c: "", d: 1 } },
    { spec: { d: 1 } },
    { spec: { a: [], b: {}, c: "", d: 1 } },
  ],
  [
    "a sidecar of somebody else is none",
    container({ image: "a" }),
    { spec: { containers: [{ name: "x" }, { name: "c", image: "a", pull: "Always" }] } },
    container({ image: "a" }),
  ],
  [
    "an entry that is gone is",
    { l: [{ name: "a" }, { name: "b" }] },
    { l: [{ name: "b" }] },
    { l: [{ name: "b" }] },
  ],
  ["a changed plain list is", { l: ["a"] }, { l: ["a", "b"] }, { l: ["a", "b"] }],
  [
    "a Secret's text that was written as data is none",
    { apiVersion: "v1", kind: "Secret", stringData: { a: "x" } },
    { apiVersion: "v1", kind: "Secret", data: { a: "eA==" } },
    { apiVersion: "v1", kind: "Secret", stringData: { a: "x" } },
  ],
  [
    "a Secret's changed text is",
    { apiVersion: "v1", kind: "Secret", stringData: { a: "x" } },
    { apiVersion: "v1", kind: "Secret", data: { a: "eQ==" } },
    { apiVersion: "v1", kind: "Secret", stringData: { a: "y" } },
  ],
])("drift: %s", (_what, inputs, live, observed) => {
  expect(observedInputs(inputs, live)).toEqual(observed);
});

describe("the provider's own options", () => {
  const kubeconfig = (server: string) =>
    JSON.stringify({
      clusters: [{ name: "c", cluster: { server } }],
      contexts: [{ name: "x", context: { cluster: "c" } }],
      "current-context": "x",
    });

  test.each([
    [
      "another server",
      { kubeconfig: kubeconfig("https://a") },
      { kubeconfig: kubeconfig("https://b") },
      ["kubeconfig"],
    ],
    [
      "the same server in other words",
      { kubeconfig: kubeconfig("https://a") },
      { kubeconfig: `${kubeconfig("https://a")}\n` },
      [],
    ],
    [
      "another server of the same identifier",
      { kubeconfig: kubeconfig("https://a"), clusterIdentifier: "i" },
      { kubeconfig: kubeconfig("https://b"), clusterIdentifier: "i" },
      [],
    ],
    ["another identifier", { clusterIdentifier: "i" }, { clusterIdentifier: "j" }, ["clusterIdentifier"]],
    ["another default namespace", { namespace: "a" }, { namespace: "b" }, []],
  ])("%s replaces %j", (_what, olds, news, replaces) => {
    expect(diffConfig(olds, news)).toEqual({ changes: true, replaces });
  });

  test("options come as JSON in a text", () => {
    expect(providerConfig.parse({ upsertExistingObjects: "true", enablePatchForce: "false" })).toMatchObject({
      upsertExistingObjects: true,
      enablePatchForce: false,
    });
  });

  test("what is not there is refused by name", () => {
    const refused = refusedOptions({ enableServerSideApply: "false", renderYamlToDirectory: "/tmp" });
    expect(refused.map(({ property }) => property)).toEqual([
      "enableServerSideApply",
      "renderYamlToDirectory",
    ]);
  });
});
