import type { Path, PropertyMap } from "../values";
import { annotation, at, textAt } from "./objects";
import { groupOf } from "./kinds";

/** Properties whose change makes a new object, as the official provider has them. */
interface Immutable {
  /** A property and all below it. */
  paths: string[];
  /** Among those, what may change in place; `*` is any key or index. */
  except?: string[];
}

const storageSource: Immutable = {
  paths: ["spec"],
  except: [
    ...["spec.accessModes", "spec.capacity", "spec.claimRef", "spec.mountOptions", "spec.nodeAffinity"],
    ...["spec.persistentVolumeReclaimPolicy", "spec.storageClassName", "spec.volumeAttributesClassName"],
  ],
};

const pod: Immutable = {
  paths: ["spec"],
  except: [
    ...["spec.containers.*.image", "spec.initContainers.*.image", "spec.activeDeadlineSeconds"],
    ...["spec.tolerations", "spec.terminationGracePeriodSeconds", "spec.schedulingGates"],
  ],
};

const kinds: Record<string, Immutable> = {
  "/PersistentVolume": storageSource,
  "/PersistentVolumeClaim": {
    paths: ["spec"],
    except: ["spec.resources.requests", "spec.volumeAttributesClassName"],
  },
  "/Pod": pod,
  "/ResourceQuota": { paths: ["spec.scopes"] },
  "/Service": { paths: ["spec.clusterIP", "spec.type"] },
  "apps/DaemonSet": { paths: ["spec.selector"] },
  "apps/Deployment": { paths: ["spec.selector"] },
  "apps/ReplicaSet": { paths: ["spec.selector"] },
  "apps/StatefulSet": {
    paths: [
      ...["spec.podManagementPolicy", "spec.revisionHistoryLimit", "spec.selector", "spec.serviceName"],
      "spec.volumeClaimTemplates",
    ],
  },
  "batch/Job": {
    paths: [
      "spec.completionMode",
      "spec.completions",
      "spec.manualSelector",
      "spec.selector",
      "spec.template",
    ],
  },
  "apiextensions.k8s.io/CustomResourceDefinition": { paths: ["spec.group", "spec.scope"] },
  "discovery.k8s.io/EndpointSlice": { paths: ["addressType"] },
  "networking.k8s.io/IngressClass": { paths: ["spec.controller"] },
  "node.k8s.io/RuntimeClass": { paths: ["handler"] },
  "rbac.authorization.k8s.io/ClusterRoleBinding": { paths: ["roleRef"] },
  "rbac.authorization.k8s.io/RoleBinding": { paths: ["roleRef"] },
  "scheduling.k8s.io/PriorityClass": { paths: ["preemptionPolicy", "value"] },
  "storage.k8s.io/StorageClass": {
    paths: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
  },
};

/** Which kinds of data may change in place: the provider's `enableConfigMapMutable` and `enableSecretMutable`. */
export interface Mutable {
  configMap: boolean;
  secret: boolean;
}

function data(object: PropertyMap, paths: string[], mutable: boolean, always: string[] = []): Immutable {
  return { paths: mutable && object["immutable"] !== true ? always : [...paths, ...always, "immutable"] };
}

function rule(object: PropertyMap, mutable: Mutable): Immutable {
  const key = `${groupOf(String(object["apiVersion"]))}/${String(object["kind"])}`;
  if (key === "/ConfigMap") return data(object, ["data", "binaryData"], mutable.configMap);
  if (key === "/Secret") return data(object, ["data", "stringData"], mutable.secret, ["type"]);
  return kinds[key] ?? { paths: [] };
}

/** Whether one path lies at or below the other, or around it: a whole `spec` that goes takes its selector along. */
function touches(path: Path, pattern: string): boolean {
  const keys = pattern.split(".");
  return keys.slice(0, path.length).every((key, index) => key === "*" || key === String(path[index]));
}

const within = (path: Path, pattern: string): boolean =>
  path.length >= pattern.split(".").length && touches(path, pattern);

/** Judges whether a change at a path needs a new object. `old` is what exists. */
export function needsReplacement(old: PropertyMap, mutable: Mutable): (path: Path) => boolean {
  const { paths, except = [] } = rule(old, mutable);
  const all = ["apiVersion", "kind", "metadata.name", "metadata.namespace", ...paths];
  return (path) =>
    all.some((pattern) => touches(path, pattern)) && !except.some((pattern) => within(path, pattern));
}

/** Two objects of one name cannot be: the old one goes first, unless the new one has another name. */
export function deletesFirst(old: PropertyMap, now: PropertyMap): boolean {
  const autonamed = annotation(now, "pulumi.com/autonamed") === "true";
  const same = (key: string) => at(old, "metadata", key) === at(now, "metadata", key);
  return !autonamed && textAt(now, "metadata", "name") !== undefined && same("name") && same("namespace");
}
