import { isObject } from "../values";
import type { PropertyMap } from "../values";
import { ApiError } from "./api";
import type { Api } from "./api";
import { listAt, textAt } from "./objects";

export interface Kind {
  /** `/apis/apps/v1` */
  root: string;
  /** `deployments` */
  plural: string;
  namespaced: boolean;
}

/** The groups that come with Kubernetes: their paths follow from the kind, no request is needed. */
const builtInGroups = new Set([
  ...["", "apps", "autoscaling", "batch", "extensions", "policy", "admissionregistration.k8s.io"],
  ...["apiextensions.k8s.io", "apiregistration.k8s.io", "certificates.k8s.io", "coordination.k8s.io"],
  ...["discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io"],
  ...["networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io", "resource.k8s.io"],
  ...["scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io"],
]);

const clusterScoped = new Set([
  ...[
    "Namespace",
    "Node",
    "PersistentVolume",
    "CustomResourceDefinition",
    "APIService",
    "ClusterTrustBundle",
  ],
  ...[
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "IngressClass",
    "IPAddress",
    "ServiceCIDR",
  ],
  ...["StorageClass", "CSIDriver", "CSINode", "VolumeAttachment", "VolumeAttributesClass", "RuntimeClass"],
  ...["PriorityClass", "FlowSchema", "PriorityLevelConfiguration", "DeviceClass", "ResourceSlice"],
  ...["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "MutatingAdmissionPolicy"],
  ...["MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
  ...["StorageVersion", "StorageVersionMigration", "DeviceTaintRule", "ResourcePoolStatusRequest"],
]);

export const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? apiVersion.replace(/\/.*/, "") : "";

export const isBuiltIn = (apiVersion: string): boolean => builtInGroups.has(groupOf(apiVersion));

/** English as the API's authors apply it: ingresses, networkpolicies, endpoints. */
function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name === "endpoints") return name;
  if (name.endsWith("s")) return `${name}es`;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}

const rootOf = (apiVersion: string): string =>
  groupOf(apiVersion) === "" ? `/api/${apiVersion}` : `/apis/${apiVersion}`;

/** What a built-in kind's path is; `undefined` for a custom resource. */
export function builtInKind(apiVersion: string, kind: string): Kind | undefined {
  if (!isBuiltIn(apiVersion)) return undefined;
  return { root: rootOf(apiVersion), plural: pluralOf(kind), namespaced: !clusterScoped.has(kind) };
}

/** Where each kind lives: built-in ones are known, custom ones are asked for once. */
export class Kinds {
  private readonly lists = new Map<string, Promise<PropertyMap[]>>();

  constructor(private readonly api: () => Api) {}

  async find(apiVersion: string, kind: string, signal: AbortSignal): Promise<Kind> {
    const known = builtInKind(apiVersion, kind);
    if (known) return known;
    const find = async (): Promise<PropertyMap | undefined> =>
      (await this.list(apiVersion, signal)).find(
        (item) => item["kind"] === kind && !String(item["name"]).includes("/"),
      );
    let found = await find();
    if (!found) {
      // The definition may have come since.
      this.lists.delete(apiVersion);
      found = await find();
    }
    if (!found) {
      const hint = `the cluster has no kind "${kind}" in ${apiVersion}; its CustomResourceDefinition must come first`;
      throw new ApiError(404, "NoKindMatch", hint);
    }
    return {
      root: rootOf(apiVersion),
      plural: textAt(found, "name") ?? "",
      namespaced: found["namespaced"] === true,
    };
  }

  private list(apiVersion: string, signal: AbortSignal): Promise<PropertyMap[]> {
    const cached = this.lists.get(apiVersion);
    if (cached) return cached;
    const list = this.api()
      .request({ method: "GET", path: rootOf(apiVersion), signal })
      .then(({ object }) => listAt(object, "resources").filter(isObject))
      .catch((error: unknown) => {
        this.lists.delete(apiVersion);
        if (error instanceof ApiError && error.code === 404) return [];
        throw error;
      });
    this.lists.set(apiVersion, list);
    return list;
  }
}

/** The path of all objects of a kind in one namespace. */
export const collectionPath = ({ root, plural, namespaced }: Kind, namespace: string | undefined): string =>
  namespaced && namespace !== undefined
    ? `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`
    : `${root}/${plural}`;
