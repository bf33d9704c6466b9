import { diffInputs } from "../../../local/plugins/kubernetes/diff";
import type { PropertyMap } from "../../../local/plugins/server";

const fixed = { configMap: false, secret: false };

const object = (apiVersion: string, kind: string, rest: PropertyMap = {}): PropertyMap => ({
  apiVersion,
  kind,
  metadata: { name: "a", namespace: "n" },
  ...rest,
});

const spec = (apiVersion: string, kind: string, fields: PropertyMap) =>
  object(apiVersion, kind, { spec: fields });
const pod = (image: string, more: PropertyMap = {}) => ({ containers: [{ name: "c", image }], ...more });

const cases: [what: string, old: PropertyMap, now: PropertyMap, outcome: "replace" | "update" | "same"][] = [
  ["nothing", object("v1", "Pod"), object("v1", "Pod"), "same"],
  [
    "a label",
    object("v1", "Pod"),
    object("v1", "Pod", { metadata: { name: "a", namespace: "n", labels: { a: "1" } } }),
    "update",
  ],
  [
    "the name",
    object("v1", "Namespace"),
    object("v1", "Namespace", { metadata: { name: "b", namespace: "n" } }),
    "replace",
  ],
  [
    "the namespace",
    object("v1", "Service"),
    object("v1", "Service", { metadata: { name: "a", namespace: "m" } }),
    "replace",
  ],
  [
    "a Deployment's image",
    spec("apps/v1", "Deployment", { template: { spec: pod("a") } }),
    spec("apps/v1", "Deployment", { template: { spec: pod("b") } }),
    "update",
  ],
  [
    "a Deployment's selector",
    spec("apps/v1", "Deployment", { selector: { matchLabels: { a: "1" } } }),
    spec("apps/v1", "Deployment", { selector: { matchLabels: { a: "2" } } }),
    "replace",
  ],
  [
    "a DaemonSet's selector",
    spec("apps/v1", "DaemonSet", { selector: { matchLabels: { a: "1" } } }),
    spec("apps/v1", "DaemonSet", { selector: { matchLabels: { b: "1" } } }),
    "replace",
  ],
  [
    "a StatefulSet's replicas",
    spec("apps/v1", "StatefulSet", { replicas: 1 }),
    spec("apps/v1", "StatefulSet", { replicas: 2 }),
    "update",
  ],
  [
    "a StatefulSet's selector",
    spec("apps/v1", "StatefulSet", { selector: { matchLabels: { a: "1" } } }),
    spec("apps/v1", "StatefulSet", { selector: { matchLabels: { a: "2" } } }),
    "replace",
  ],
  [
    "a StatefulSet's serviceName",
    spec("apps/v1", "StatefulSet", { serviceName: "a" }),
    spec("apps/v1", "StatefulSet", { serviceName: "b" }),
    "replace",
  ],
  [
    "a StatefulSet's podManagementPolicy",
    spec("apps/v1", "StatefulSet", { podManagementPolicy: "Parallel" }),
    spec("apps/v1", "StatefulSet", {}),
    "replace",
  ],
  [
    "a StatefulSet's volumeClaimTemplates",
    spec("apps/v1", "StatefulSet", { volumeClaimTemplates: [{ spec: { storageClassName: "a" } }] }),
    spec("apps/v1", "StatefulSet", { volumeClaimTemplates: [{ spec: { storageClassName: "b" } }] }),
    "replace",
  ],
  [
    "a Job's template",
    spec("batch/v1", "Job", { template: { spec: pod("a") } }),
    spec("batch/v1", "Job", { template: { spec: pod("b") } }),
    "replace",
  ],
  [
    "a Job's completions",
    spec("batch/v1", "Job", { completions: 1 }),
    spec("batch/v1", "Job", { completions: 2 }),
    "replace",
  ],
  [
    "a Job's parallelism",
    spec("batch/v1", "Job", { parallelism: 1 }),
    spec("batch/v1", "Job", { parallelism: 2 }),
    "replace",
  ],
  [
    "a Job's completionMode",
    spec("batch/v1", "Job", { completionMode: "Indexed" }),
    spec("batch/v1", "Job", {}),
    "update",
  ],
  [
    "a Job's ttl",
    spec("batch/v1", "Job", { ttlSecondsAfterFinished: 1 }),
    spec("batch/v1", "Job", { ttlSecondsAfterFinished: 2 }),
    "update",
  ],
  [
    "a CronJob's template",
    spec("batch/v1", "CronJob", { jobTemplate: { spec: pod("a") } }),
    spec("batch/v1", "CronJob", { jobTemplate: { spec: pod("b") } }),
    "update",
  ],
  [
    "a claim's class",
    spec("v1", "PersistentVolumeClaim", { storageClassName: "a" }),
    spec("v1", "PersistentVolumeClaim", { storageClassName: "b" }),
    "replace",
  ],
  [
    "a claim's modes",
    spec("v1", "PersistentVolumeClaim", { accessModes: ["ReadWriteOnce"] }),
    spec("v1", "PersistentVolumeClaim", { accessModes: ["ReadWriteMany"] }),
    "replace",
  ],
  [
    "a claim's size",
    spec("v1", "PersistentVolumeClaim", { resources: { requests: { storage: "1Gi" } } }),
    spec("v1", "PersistentVolumeClaim", { resources: { requests: { storage: "2Gi" } } }),
    "update",
  ],
  [
    "a claim's volume mode, which would cost its data",
    spec("v1", "PersistentVolumeClaim", { volumeMode: "Filesystem" }),
    spec("v1", "PersistentVolumeClaim", { volumeMode: "Block" }),
    "update",
  ],
  [
    "a claim's source, which would cost its data",
    spec("v1", "PersistentVolumeClaim", {}),
    spec("v1", "PersistentVolumeClaim", { dataSource: { kind: "VolumeSnapshot", name: "a" } }),
    "update",
  ],
  [
    "a claim's attributes class",
    spec("v1", "PersistentVolumeClaim", {}),
    spec("v1", "PersistentVolumeClaim", { volumeAttributesClassName: "fast" }),
    "update",
  ],
  [
    "a volume's source",
    spec("v1", "PersistentVolume", { hostPath: { path: "/a" } }),
    spec("v1", "PersistentVolume", { hostPath: { path: "/b" } }),
    "replace",
  ],
  [
    "a volume's size",
    spec("v1", "PersistentVolume", { capacity: { storage: "1Gi" } }),
    spec("v1", "PersistentVolume", { capacity: { storage: "2Gi" } }),
    "update",
  ],
  ["a Pod's image", spec("v1", "Pod", pod("a")), spec("v1", "Pod", pod("b")), "replace"],
  [
    "a Pod's deadline",
    spec("v1", "Pod", pod("a")),
    spec("v1", "Pod", pod("a", { activeDeadlineSeconds: 9 })),
    "update",
  ],
  [
    "a Pod's command",
    spec("v1", "Pod", pod("a")),
    spec("v1", "Pod", { containers: [{ name: "c", image: "a", command: ["x"] }] }),
    "replace",
  ],
  ["a Pod's node", spec("v1", "Pod", pod("a")), spec("v1", "Pod", pod("a", { nodeName: "n" })), "replace"],
  [
    "a Service's port",
    spec("v1", "Service", { ports: [{ port: 80 }] }),
    spec("v1", "Service", { ports: [{ port: 81 }] }),
    "update",
  ],
  [
    "a Service's clusterIP",
    spec("v1", "Service", {}),
    spec("v1", "Service", { clusterIP: "None" }),
    "replace",
  ],
  [
    "a Service's type",
    spec("v1", "Service", { type: "ClusterIP" }),
    spec("v1", "Service", { type: "NodePort" }),
    "update",
  ],
  [
    "a ConfigMap's data",
    object("v1", "ConfigMap", { data: { a: "1" } }),
    object("v1", "ConfigMap", { data: { a: "2" } }),
    "replace",
  ],
  [
    "a ConfigMap's last key",
    object("v1", "ConfigMap", { data: { a: "1" } }),
    object("v1", "ConfigMap"),
    "replace",
  ],
  [
    "a Secret's stringData",
    object("v1", "Secret", { stringData: { a: "1" } }),
    object("v1", "Secret", { stringData: { a: "2" } }),
    "replace",
  ],
  [
    "a Secret's type",
    object("v1", "Secret", { type: "Opaque" }),
    object("v1", "Secret", { type: "kubernetes.io/tls" }),
    "replace",
  ],
  [
    "a RoleBinding's role",
    object("rbac.authorization.k8s.io/v1", "RoleBinding", { roleRef: { name: "a" } }),
    object("rbac.authorization.k8s.io/v1", "RoleBinding", { roleRef: { name: "b" } }),
    "replace",
  ],
  [
    "a RoleBinding's subjects",
    object("rbac.authorization.k8s.io/v1", "RoleBinding", { subjects: [] }),
    object("rbac.authorization.k8s.io/v1", "RoleBinding", { subjects: [{ name: "b" }] }),
    "update",
  ],
  [
    "a StorageClass's parameters",
    object("storage.k8s.io/v1", "StorageClass", { parameters: { a: "1" } }),
    object("storage.k8s.io/v1", "StorageClass", { parameters: { a: "2" } }),
    "replace",
  ],
  [
    "a StorageClass's binding mode",
    object("storage.k8s.io/v1", "StorageClass", {}),
    object("storage.k8s.io/v1", "StorageClass", { volumeBindingMode: "WaitForFirstConsumer" }),
    "update",
  ],
  [
    "a ConfigMap for good",
    object("v1", "ConfigMap", { data: { a: "1" } }),
    object("v1", "ConfigMap", { data: { a: "1" }, immutable: true }),
    "update",
  ],
  [
    "the version",
    object("policy/v1beta1", "PodDisruptionBudget"),
    object("policy/v1", "PodDisruptionBudget"),
    "update",
  ],
  [
    "a StorageClass's expansion",
    object("storage.k8s.io/v1", "StorageClass", {}),
    object("storage.k8s.io/v1", "StorageClass", { allowVolumeExpansion: true }),
    "update",
  ],
  [
    "an IngressClass's controller",
    spec("networking.k8s.io/v1", "IngressClass", { controller: "a/b" }),
    spec("networking.k8s.io/v1", "IngressClass", { controller: "a/c" }),
    "update",
  ],
  [
    "a custom resource's spec",
    spec("example.com/v1", "Deployment", { selector: 1 }),
    spec("example.com/v1", "Deployment", { selector: 2 }),
    "update",
  ],
];

test.each(cases)("changing %s", (_what, old, now, outcome) => {
  const diff = diffInputs(old, now, fixed);
  const found = !diff.changes ? "same" : diff.replaces?.length ? "replace" : "update";
  expect(found).toBe(outcome);
});

const mutable = { configMap: true, secret: true };

test.each([
  ["data of a ConfigMap", "ConfigMap", { data: { a: "1" } }, { data: { a: "2" } }, []],
  ["data of a Secret", "Secret", { data: { a: "1" } }, { data: { a: "2" } }, []],
  [
    "data of an immutable ConfigMap",
    "ConfigMap",
    { immutable: true, data: { a: "1" } },
    { immutable: true, data: { a: "2" } },
    ["data.a"],
  ],
  ["a Secret's type", "Secret", { type: "a" }, { type: "b" }, ["type"]],
])("with both kept mutable, changing %s replaces %j", (_what, kind, old, now, replaced) => {
  expect(diffInputs(object("v1", kind, old), object("v1", kind, now), mutable).replaces).toEqual(replaced);
});

test.each([
  ["a chosen name stays", { name: "a" }, { name: "a" }, true],
  ["the name changes", { name: "a" }, { name: "b" }, false],
  [
    "the name was generated",
    { name: "a", annotations: { "pulumi.com/autonamed": "true" } },
    { name: "a", annotations: { "pulumi.com/autonamed": "true" } },
    false,
  ],
])("the old object goes first only where it must: %s", (_what, before, after, first) => {
  const old = { apiVersion: "v1", kind: "ConfigMap", metadata: before, data: { a: "1" } };
  const now = { apiVersion: "v1", kind: "ConfigMap", metadata: after, data: { a: "2" } };
  expect(diffInputs(old, now, fixed).deleteBeforeReplace).toBe(first);
});

test("a diff names the leaves, by key and index", () => {
  const old = spec("apps/v1", "Deployment", { replicas: 1, template: { spec: pod("a") }, paused: true });
  const now = object("apps/v1", "Deployment", {
    metadata: { name: "a", namespace: "n", annotations: { "a.b/c": "1" } },
    spec: { replicas: 2, template: { spec: pod("b") } },
  });
  expect(diffInputs(old, now, fixed).detailedDiff).toEqual({
    "metadata.annotations": { kind: "add", replace: false },
    "spec.replicas": { kind: "update", replace: false },
    "spec.template.spec.containers[0].image": { kind: "update", replace: false },
    "spec.paused": { kind: "delete", replace: false },
  });
});
