import { isObject } from "../../server";
import type { PropertyMap } from "../../server";
import { groupOf } from "../kinds";
import { listAt, numberAt, objectAt, textAt } from "../objects";

/** How far an object has come. */
export type Progress =
  | { ready: true }
  /** `waiting` says for what; `failed` that waiting is of no use. */
  | { ready: false; waiting: string; failed?: boolean };

export const ready: Progress = { ready: true };
export const waiting = (what: string): Progress => ({ ready: false, waiting: what });
export const failed = (what: string): Progress => ({ ready: false, waiting: what, failed: true });

export function condition(object: PropertyMap, type: string): PropertyMap | undefined {
  return listAt(object, "status", "conditions")
    .filter(isObject)
    .find((each) => each["type"] === type);
}

export const messageOf = (found: PropertyMap): string =>
  [textAt(found, "reason"), textAt(found, "message")].filter(Boolean).join(": ");

/** The controller has not looked at the newest spec yet. */
const isStale = (object: PropertyMap): boolean =>
  (numberAt(object, "status", "observedGeneration") ?? 0) < (numberAt(object, "metadata", "generation") ?? 0);

const status = (object: PropertyMap, key: string): number => numberAt(object, "status", key) ?? 0;

function deployment(object: PropertyMap): Progress {
  if (objectAt(object, "spec")["paused"] === true) return ready;
  if (isStale(object)) return waiting("the deployment controller to see the change");
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const updated = status(object, "updatedReplicas");
  const progressing = condition(object, "Progressing");
  // While pods of the spec before it end, the condition is still that one's.
  const isOfThisSpec = updated > 0 || condition(object, "ReplicaFailure")?.["status"] === "True";
  if (progressing?.["reason"] === "ProgressDeadlineExceeded" && isOfThisSpec)
    return failed(messageOf(progressing));
  if (updated < wanted) return waiting(`${updated} of ${wanted} pods are created`);
  if (status(object, "replicas") > updated) return waiting("the old pods to end");
  const available = status(object, "availableReplicas");
  return available < wanted ? waiting(`${available} of ${wanted} pods are available`) : ready;
}

function statefulSet(object: PropertyMap): Progress {
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") return ready;
  if (isStale(object)) return waiting("the controller to see the change");
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const pods = status(object, "readyReplicas");
  if (pods < wanted) return waiting(`${pods} of ${wanted} pods are ready`);
  const partition = numberAt(object, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
  const updated = status(object, "updatedReplicas");
  if (updated < wanted - partition) return waiting(`${updated} of ${wanted - partition} pods are updated`);
  return ready;
}

function daemonSet(object: PropertyMap): Progress {
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") return ready;
  if (isStale(object)) return waiting("the controller to see the change");
  const wanted = status(object, "desiredNumberScheduled");
  const updated = status(object, "updatedNumberScheduled");
  if (updated < wanted) return waiting(`${updated} of ${wanted} pods are created`);
  const available = status(object, "numberAvailable");
  return available < wanted ? waiting(`${available} of ${wanted} pods are available`) : ready;
}

function replicaSet(object: PropertyMap): Progress {
  if (isStale(object)) return waiting("the controller to see the change");
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const available = status(object, "availableReplicas");
  return available < wanted ? waiting(`${available} of ${wanted} pods are available`) : ready;
}

const isTrue = (found: PropertyMap | undefined): found is PropertyMap => found?.["status"] === "True";

function job(object: PropertyMap): Progress {
  if (objectAt(object, "spec")["suspend"] === true) return ready;
  if (isTrue(condition(object, "Complete"))) return ready;
  const failure = condition(object, "Failed") ?? condition(object, "FailureTarget");
  return isTrue(failure) ? failed(messageOf(failure)) : waiting("the job to complete");
}

function pod(object: PropertyMap): Progress {
  const phase = textAt(object, "status", "phase");
  if (phase === "Succeeded" || isTrue(condition(object, "Ready"))) return ready;
  return phase === "Failed"
    ? failed(textAt(object, "status", "message") ?? "the pod failed")
    : waiting(phase === "Running" ? "the pod to become ready" : "the pod to start");
}

function volumeClaim(object: PropertyMap): Progress {
  const phase = textAt(object, "status", "phase");
  if (phase === "Bound") return ready;
  return phase === "Lost" ? failed("the volume is lost") : waiting("the claim to be bound to a volume");
}

function volume(object: PropertyMap): Progress {
  const phase = textAt(object, "status", "phase") ?? "Pending";
  if (phase === "Failed") return failed(textAt(object, "status", "message") ?? "the volume failed");
  return phase === "Pending" ? waiting("the volume to become available") : ready;
}

function service(object: PropertyMap): Progress {
  const balanced = textAt(object, "spec", "type") === "LoadBalancer";
  const addresses = listAt(object, "status", "loadBalancer", "ingress");
  return balanced && addresses.length === 0 ? waiting("an address from the load balancer") : ready;
}

function ingress(object: PropertyMap): Progress {
  const addresses = listAt(object, "status", "loadBalancer", "ingress");
  return addresses.length === 0 ? waiting("an address from the ingress controller") : ready;
}

function definition(object: PropertyMap): Progress {
  const names = condition(object, "NamesAccepted");
  if (names?.["status"] === "False") return failed(messageOf(names));
  return isTrue(condition(object, "Established")) ? ready : waiting("the API server to serve the new kind");
}

const kinds: Record<string, (object: PropertyMap) => Progress> = {
  "/PersistentVolume": volume,
  "/PersistentVolumeClaim": volumeClaim,
  "/Pod": pod,
  "/ReplicationController": replicaSet,
  "/Service": service,
  "apps/DaemonSet": daemonSet,
  "apps/Deployment": deployment,
  "apps/ReplicaSet": replicaSet,
  "apps/StatefulSet": statefulSet,
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
  "batch/Job": job,
  "networking.k8s.io/Ingress": ingress,
};

/** How readiness is told for a kind; `undefined` where there is nothing to wait for. */
export const readinessOf = (object: PropertyMap): ((object: PropertyMap) => Progress) | undefined =>
  kinds[`${groupOf(String(object["apiVersion"]))}/${String(object["kind"])}`];
