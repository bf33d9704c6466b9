import { wishes } from "../../../local/plugins/kubernetes/await/conditions";
import { readinessOf } from "../../../local/plugins/kubernetes/await/readiness";
import type { PropertyMap } from "../../../local/plugins/server";

const spec = { replicas: 2 };
const meta = { generation: 3 };
const seen = { observedGeneration: 3 };
const is = (type: string, status = "True", more: PropertyMap = {}) => ({
  conditions: [{ type, status, ...more }],
});

const object = (apiVersion: string, kind: string, fields: PropertyMap): PropertyMap => ({
  apiVersion,
  kind,
  metadata: meta,
  ...fields,
});
const deployment = (status: PropertyMap, more: PropertyMap = spec) =>
  object("apps/v1", "Deployment", { spec: more, status });
const statefulSet = (status: PropertyMap, more: PropertyMap = spec) =>
  object("apps/v1", "StatefulSet", { spec: more, status });
const daemonSet = (status: PropertyMap) => object("apps/v1", "DaemonSet", { status });

test.each<[string, PropertyMap, "ready" | "waiting" | "failed"]>([
  [
    "an old look at a Deployment",
    deployment({ observedGeneration: 2, updatedReplicas: 2, replicas: 2, availableReplicas: 2 }),
    "waiting",
  ],
  [
    "a Deployment whose pods are there",
    deployment({ ...seen, updatedReplicas: 2, replicas: 2, availableReplicas: 2 }),
    "ready",
  ],
  [
    "a Deployment with a pod too few",
    deployment({ ...seen, updatedReplicas: 2, replicas: 2, availableReplicas: 1 }),
    "waiting",
  ],
  [
    "a Deployment with an old pod left",
    deployment({ ...seen, updatedReplicas: 2, replicas: 3, availableReplicas: 3 }),
    "waiting",
  ],
  ["a Deployment of none", deployment(seen, { replicas: 0 }), "ready"],
  ["a paused Deployment", deployment({}, { replicas: 1, paused: true }), "ready"],
  [
    "a Deployment past its deadline",
    deployment({
      ...seen,
      updatedReplicas: 1,
      ...is("Progressing", "False", { reason: "ProgressDeadlineExceeded" }),
    }),
    "failed",
  ],
  [
    "a Deployment whose spec before this one was past its deadline",
    deployment({
      ...seen,
      replicas: 1,
      ...is("Progressing", "False", { reason: "ProgressDeadlineExceeded" }),
    }),
    "waiting",
  ],
  [
    "a StatefulSet whose pods are updated",
    statefulSet({ ...seen, readyReplicas: 2, updatedReplicas: 2 }),
    "ready",
  ],
  [
    "a StatefulSet with an old pod",
    statefulSet({ ...seen, readyReplicas: 2, updatedReplicas: 1 }),
    "waiting",
  ],
  [
    "a StatefulSet updated up to its partition",
    statefulSet(
      { ...seen, readyReplicas: 2, updatedReplicas: 1 },
      { replicas: 2, updateStrategy: { rollingUpdate: { partition: 1 } } },
    ),
    "ready",
  ],
  [
    "a StatefulSet one updates by hand",
    statefulSet({}, { replicas: 2, updateStrategy: { type: "OnDelete" } }),
    "ready",
  ],
  [
    "a DaemonSet on all nodes",
    daemonSet({ ...seen, desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberAvailable: 1 }),
    "ready",
  ],
  [
    "a DaemonSet short of a node",
    daemonSet({ ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }),
    "waiting",
  ],
  ["a Job that runs", object("batch/v1", "Job", { status: { active: 1 } }), "waiting"],
  ["a Job that is complete", object("batch/v1", "Job", { status: is("Complete") }), "ready"],
  ["a Job that failed", object("batch/v1", "Job", { status: is("Failed") }), "failed"],
  ["a suspended Job", object("batch/v1", "Job", { spec: { suspend: true } }), "ready"],
  ["a ready Pod", object("v1", "Pod", { status: { phase: "Running", ...is("Ready") } }), "ready"],
  [
    "a running Pod that is not ready",
    object("v1", "Pod", { status: { phase: "Running", ...is("Ready", "False") } }),
    "waiting",
  ],
  ["a Pod that is done", object("v1", "Pod", { status: { phase: "Succeeded" } }), "ready"],
  ["a Pod that failed", object("v1", "Pod", { status: { phase: "Failed" } }), "failed"],
  ["a bound claim", object("v1", "PersistentVolumeClaim", { status: { phase: "Bound" } }), "ready"],
  ["a pending claim", object("v1", "PersistentVolumeClaim", { status: { phase: "Pending" } }), "waiting"],
  ["a lost claim", object("v1", "PersistentVolumeClaim", { status: { phase: "Lost" } }), "failed"],
  [
    "an Ingress without an address",
    object("networking.k8s.io/v1", "Ingress", { status: { loadBalancer: {} } }),
    "waiting",
  ],
  [
    "an Ingress with one",
    object("networking.k8s.io/v1", "Ingress", {
      status: { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } },
    }),
    "ready",
  ],
  [
    "a balanced Service without an address",
    object("v1", "Service", { spec: { type: "LoadBalancer" }, status: {} }),
    "waiting",
  ],
  ["a plain Service", object("v1", "Service", { spec: { type: "ClusterIP" }, status: {} }), "ready"],
])("%s", (_what, live, outcome) => {
  const progress = readinessOf(live)?.(live);
  expect(progress?.ready ? "ready" : progress?.failed ? "failed" : "waiting").toBe(outcome);
});

test.each(["Namespace", "ConfigMap", "Secret", "ServiceAccount"])("a %s is waited for in no way", (kind) => {
  expect(readinessOf({ apiVersion: "v1", kind })).toBeUndefined();
});

test.each([
  ["condition=Ready", is("Ready"), true],
  ["condition=Ready", is("Ready", "False"), false],
  ["condition=Synced=false", is("Synced", "False"), true],
  ["jsonpath={.status.phase}=Running", { phase: "Running" }, true],
  ["jsonpath={.status.phase}=Running", { phase: "Pending" }, false],
  ["jsonpath={.status.list[0].ip}", { list: [{ ip: "a" }] }, true],
  ['["condition=Ready","jsonpath={.status.count}=2"]', { ...is("Ready"), count: 1 }, false],
])("pulumi.com/waitFor: %s with %j", (wish, status, met) => {
  const live = { metadata: { annotations: { "pulumi.com/waitFor": wish } }, status };
  expect(wishes(live)?.(live).ready).toBe(met);
});
