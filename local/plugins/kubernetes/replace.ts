import type { Path, PropertyMap } from "../values";
import { annotation, at, textAt } from "./objects";
import { groupOf } from "./kinds";

const within = (parent: string, keys: string): string[] => keys.split(" ").map((key) => `${parent}.${key}`);

const container =
  "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext " +
  "stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir";

/**
 * The properties whose change makes a new object: the official provider's list, no more and no less. Any other change
 * is sent as an update, even one the API server is sure to refuse: a replacement deletes first, and what it deletes
 * may hold data.
 */
const kinds: Record<string, string[]> = {
  "/PersistentVolume": within(
    "spec",
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs " +
      "hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume",
  ),
  "/PersistentVolumeClaim": within("spec", "accessModes selector storageClassName volumeName"),
  "/Pod": [
    ...within("spec.containers.*", container),
    ...within("spec.initContainers.*", container),
    ...within(
      "spec",
      "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork " +
        "hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority " +
        "priorityClassName readinessGates restartPolicy runtimeClassName schedulerName securityContext " +
        "serviceAccount serviceAccountName shareProcessNamespace subdomain terminationGracePeriodSeconds volumes",
    ),
  ],
  "/ResourceQuota": ["spec.scopes"],
  "/Service": ["spec.clusterIP"],
  "apps/DaemonSet": ["spec.selector"],
  "apps/Deployment": ["spec.selector"],
  "apps/StatefulSet": within(
    "spec",
    "podManagementPolicy revisionHistoryLimit selector serviceName volumeClaimTemplates",
  ),
  "batch/Job": within("spec", "completions parallelism selector template"),
  "rbac.authorization.k8s.io/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/RoleBinding": ["roleRef"],
  "storage.k8s.io/StorageClass": ["parameters", "provisioner"],
};

/** Which kinds of data may change in place: the provider's `enableConfigMapMutable` and `enableSecretMutable`. */
export interface Mutable {
  configMap: boolean;
  secret: boolean;
}

/** Once `immutable` is set it cannot be taken back either: one thing more than the official provider replaces for. */
function data(object: PropertyMap, keys: string[], mutable: boolean): string[] {
  if (object["immutable"] === true) return [...keys, "immutable"];
  return mutable ? [] : keys;
}

function rule(object: PropertyMap, mutable: Mutable): string[] {
  const key = `${groupOf(String(object["apiVersion"]))}/${String(object["kind"])}`;
  if (key === "/ConfigMap") return data(object, ["data", "binaryData"], mutable.configMap);
  if (key === "/Secret") return ["type", ...data(object, ["data", "stringData"], mutable.secret)];
  return kinds[key] ?? [];
}

/**
 * Whether one path lies at or below the other, or around it: a whole `spec` that goes takes its selector along. `*` is
 * any key or index.
 */
function touches(path: Path, pattern: string): boolean {
  const keys = pattern.split(".");
  return keys.slice(0, path.length).every((key, index) => key === "*" || key === String(path[index]));
}

/** Judges whether a change at a path needs a new object. `old` is what exists. */
export function needsReplacement(old: PropertyMap, mutable: Mutable): (path: Path) => boolean {
  const patterns = ["metadata.name", "metadata.namespace", ...rule(old, mutable)];
  return (path) => patterns.some((pattern) => touches(path, pattern));
}

/** Two objects of one name cannot be: the old one goes first, unless the new one has another name. */
export function deletesFirst(old: PropertyMap, now: PropertyMap): boolean {
  const autonamed = annotation(now, "pulumi.com/autonamed") === "true";
  const same = (key: string) => at(old, "metadata", key) === at(now, "metadata", key);
  return !autonamed && textAt(now, "metadata", "name") !== undefined && same("name") && same("namespace");
}
