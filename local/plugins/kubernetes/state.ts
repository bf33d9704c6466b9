import { unknown } from "../server";
import type { PropertyMap } from "../server";
import { guard } from "./inputs";
import { at, listAt, objectAt, textAt, withAt, without } from "./objects";

/** An object's identity in the state: `namespace/name`, or the name alone. */
export function idOf(object: PropertyMap): string {
  const name = textAt(object, "metadata", "name") ?? "";
  const namespace = textAt(object, "metadata", "namespace");
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function parseId(id: string): { namespace?: string; name: string } {
  const slash = id.indexOf("/");
  return slash < 0 ? { name: id } : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** The live object as it is kept: without the server's book-keeping, a Secret's values secret. */
export function stateOf(live: PropertyMap, manager: string): PropertyMap {
  return guard({
    ...live,
    metadata: without(objectAt(live, "metadata"), "managedFields"),
    __fieldManager: manager,
    __initialApiVersion: live["apiVersion"],
  });
}

/** What an `up` will tell: a preview must not show what a rehearsal happened to draw. */
const drawn = ["uid", "creationTimestamp", "resourceVersion", "generation"];

/** The state a preview shows for an object that will be new. */
export function previewState(object: PropertyMap, inputs: PropertyMap, manager: string): PropertyMap {
  let state = stateOf(object, manager);
  for (const key of drawn) state = objectAt({ state: withAt(state, ["metadata", key], unknown) }, "state");
  const rest = without(state, "status");
  if (object["kind"] !== "Service" || object["apiVersion"] !== "v1") return rest;
  const spec: PropertyMap = { ...objectAt(rest, "spec") };
  for (const key of ["clusterIP", "clusterIPs"])
    if (at(inputs, "spec", key) === undefined) spec[key] = unknown;
  const ports = listAt(spec, "ports").map((port, index) =>
    at(port, "nodePort") === undefined || at(inputs, "spec", "ports", index, "nodePort") !== undefined
      ? port
      : withAt(port, ["nodePort"], unknown),
  );
  return { ...rest, spec: { ...spec, ports } };
}
