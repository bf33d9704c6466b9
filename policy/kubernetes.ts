import type { Place, Resource } from "./place";

/** `Deployment` of `kubernetes:apps/v1:Deployment`; undefined where it is no object of Kubernetes. */
export function kindOf({ type }: Resource): string | undefined {
  const [provider, version, kind] = type.split(":");
  return provider === "kubernetes" && version !== undefined ? kind : undefined;
}

/** Where an object lies; `default` where it does not say, and empty for one of the whole cluster. */
export function namespaceOf(object: Place): string {
  const kind = kindOf(object.resource);
  if (kind === "Namespace") return object.at("metadata", "name").text ?? "";
  return object.at("metadata", "namespace").text ?? "default";
}

/** Whether two objects are on one cluster: of several each has its own namespaces, of the same names. */
export const onSameCluster = (a: Place, b: Place): boolean => a.resource.provider === b.resource.provider;

/** The user whose object it is, by its label. */
export const userOf = (object: Place): string | undefined =>
  object.at("metadata", "labels", "vibecode/user").text;

const template = ["spec", "template"];

/** Where each kind keeps the pods that it makes. */
const templates: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ["template"],
  Deployment: template,
  StatefulSet: template,
  DaemonSet: template,
  ReplicaSet: template,
  ReplicationController: template,
  Job: template,
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

/** The pods that an object makes: `spec` and `metadata` are below it. Undefined where it makes none. */
export function podOf(object: Place): Place | undefined {
  const path = templates[kindOf(object.resource) ?? ""];
  return path === undefined ? undefined : object.at(...path);
}

/** Whether its pods run until somebody ends them. */
export const runsOn = ({ resource }: Place): boolean => !["Job", "CronJob"].includes(kindOf(resource) ?? "");

export interface Container {
  place: Place;
  name: string;
  /** Whether it runs before the others, and ends. */
  init: boolean;
}

/** All containers of a pod. */
export function containersOf(pod: Place): Container[] {
  const list = (key: string) =>
    pod.at("spec", key).items.map((place) => ({
      place,
      name: place.at("name").text ?? "",
      // One that starts again whenever it ends is a sidecar.
      init: key === "initContainers" && place.at("restartPolicy").text !== "Always",
    }));
  return [...list("initContainers"), ...list("containers"), ...list("ephemeralContainers")];
}
