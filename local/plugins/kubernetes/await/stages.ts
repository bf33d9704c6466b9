import type { PropertyMap } from "../../server";
import type { Api } from "../api";
import { ApiError } from "../api";
import { collectionPath } from "../kinds";
import type { Kind } from "../kinds";
import { annotation, at, listAt, objectAt, textAt } from "../objects";
import { wishes } from "./conditions";
import type { Selection } from "./observe";
import { list } from "./observe";
import { readinessOf, ready, waiting } from "./readiness";
import type { Progress } from "./readiness";

/** One thing to wait for: some objects, and what they must look like. */
export interface Stage {
  selection: Selection;
  judge: (objects: PropertyMap[]) => Progress;
}

/** A Service does its work once some pod behind it is ready. */
function endpoints(service: PropertyMap, namespace: string): Stage[] {
  const spec = objectAt(service, "spec");
  const selects = Object.keys(objectAt(spec, "selector")).length > 0;
  if (!selects || spec["type"] === "ExternalName" || spec["clusterIP"] === "None") return [];
  const labels = `kubernetes.io/service-name=${textAt(service, "metadata", "name") ?? ""}`;
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const isServing = (endpoint: unknown) => at(endpoint, "conditions", "ready") !== false;
  return [
    {
      selection: { path, labels },
      judge: (slices) =>
        slices.some((slice) => listAt(slice, "endpoints").some(isServing))
          ? ready
          : waiting("a ready pod behind it"),
    },
  ];
}

/** An Ingress leads somewhere once the Services it names exist. */
function backends(ingress: PropertyMap, namespace: string): Stage[] {
  const rules = listAt(ingress, "spec", "rules").flatMap((rule) => listAt(rule, "http", "paths"));
  const all = [at(ingress, "spec", "defaultBackend"), ...rules.map((rule) => at(rule, "backend"))];
  const names = all.flatMap((backend) => textAt(backend, "service", "name") ?? []);
  const [first, ...others] = new Set(names);
  if (first === undefined) return [];
  // All routes may lie in one namespace: most name one Service, and there is no need to look at the others.
  const fields = others.length === 0 ? { fields: `metadata.name=${first}` } : {};
  return [
    {
      selection: { path: `/api/v1/namespaces/${namespace}/services`, ...fields },
      judge: (services) => {
        const there = new Set(services.map((service) => textAt(service, "metadata", "name")));
        const missing = names.find((name) => !there.has(name));
        return missing === undefined ? ready : waiting(`the Service ${missing}, which it names`);
      },
    },
  ];
}

const defaultClass = "storageclass.kubernetes.io/is-default-class";

/** A claim whose class waits for the first pod stays unbound until there is one: not this object's fault. */
async function waitsForConsumer(api: Api, claim: PropertyMap, signal: AbortSignal): Promise<boolean> {
  const path = "/apis/storage.k8s.io/v1/storageclasses";
  const name = textAt(claim, "spec", "storageClassName");
  if (textAt(claim, "spec", "volumeName") !== undefined || name === "") return false;
  try {
    const classes = (await list(api, { path }, signal)).objects;
    const isMeant = (each: PropertyMap) =>
      name === undefined
        ? annotation(each, defaultClass) === "true"
        : textAt(each, "metadata", "name") === name;
    return classes.find(isMeant)?.["volumeBindingMode"] === "WaitForFirstConsumer";
  } catch (error) {
    // Who may not read classes cannot know; waiting is what is left.
    if (error instanceof ApiError) return false;
    throw error;
  }
}

export const skipsAwait = (object: PropertyMap): boolean =>
  annotation(object, "pulumi.com/skipAwait") === "true";

/** What must come true for an object to be ready, in order; the first stage is about the object itself. */
export async function stagesOf(
  api: Api,
  kind: Kind,
  live: PropertyMap,
  signal: AbortSignal,
): Promise<Stage[]> {
  if (skipsAwait(live)) return [];
  const wished = wishes(live);
  const judge = wished ?? readinessOf(live);
  if (!judge) return [];
  const namespace = textAt(live, "metadata", "namespace");
  const fields = `metadata.name=${textAt(live, "metadata", "name") ?? ""}`;
  const own: Stage = {
    selection: { path: collectionPath(kind, namespace), fields },
    judge: ([object]) => (object ? judge(object) : { ready: false, waiting: "it was deleted", failed: true }),
  };
  if (wished || namespace === undefined) return [own];
  const what = `${String(live["apiVersion"])} ${String(live["kind"])}`;
  if (what === "v1 PersistentVolumeClaim") return (await waitsForConsumer(api, live, signal)) ? [] : [own];
  if (what === "v1 Service") return [own, ...endpoints(live, namespace)];
  if (what === "networking.k8s.io/v1 Ingress") return [own, ...backends(live, namespace)];
  return [own];
}
