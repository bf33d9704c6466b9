import { createHash, randomBytes } from "node:crypto";
import { isObject, secret, Secret, unknown } from "../server";
import type { CheckFailure, CheckRequest, PropertyMap } from "../server";
import { groupOf, isBuiltIn } from "./kinds";
import { annotation, at, listAt, objectAt, textAt, withAt } from "./objects";

/** Components of the SDK that would need programs or charts of their own. */
const components = /^kubernetes:(helm\.sh|yaml|kustomize)\//;

/** What the offline plugin cannot do, by name; `undefined` when it can. */
export function unsupported(type: string, inputs: PropertyMap): CheckFailure | undefined {
  const refuse = (property: string, what: string): CheckFailure => ({
    property,
    reason: `the offline kubernetes plugin does not support ${what}`,
  });
  const kind = String(inputs["kind"]);
  const token = type.slice(type.lastIndexOf(":") + 1);
  if (components.test(type)) return refuse("kind", type);
  if (type.startsWith("kubernetes:") && token === `${kind}Patch`)
    return refuse("kind", `${type}; declare the whole ${kind}, or patch it with kubectl`);
  if (kind.endsWith("List") && "items" in inputs && isBuiltIn(String(inputs["apiVersion"])))
    return refuse("kind", `${type}; declare its items one by one`);
  if (at(inputs, "metadata", "generateName") !== undefined)
    return refuse(
      "metadata.generateName",
      "metadata.generateName; leave metadata.name out to have one generated",
    );
  return undefined;
}

/** Eight hex digits, the same for the same seed and resource. */
function suffix(seed: Uint8Array, urn: string): string {
  if (seed.length === 0) return randomBytes(4).toString("hex");
  return createHash("sha256").update(seed).update(urn).digest("hex").slice(0, 8);
}

/** Gives an object without a name one of its own, and keeps the one it was given before. */
export function withName(inputs: PropertyMap, request: Omit<CheckRequest, "type" | "news">): PropertyMap {
  if (at(inputs, "metadata", "name") !== undefined || at(inputs, "metadata") === unknown) return inputs;
  const { urn, name, olds, randomSeed: seed } = request;
  const before =
    annotation(olds, "pulumi.com/autonamed") === "true" ? textAt(olds, "metadata", "name") : undefined;
  const generated = before ?? `${name.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, "-")}-${suffix(seed, urn)}`;
  const metadata = objectAt(inputs, "metadata");
  const annotations = { ...objectAt(metadata, "annotations"), "pulumi.com/autonamed": "true" };
  return { ...inputs, metadata: { ...metadata, annotations, name: generated } };
}

/** Puts a namespaced object without a namespace into the default one. */
export function withNamespace(inputs: PropertyMap, namespace: string): PropertyMap {
  const metadata = at(inputs, "metadata");
  if (metadata === unknown || at(metadata, "namespace") !== undefined) return inputs;
  return { ...inputs, metadata: { ...objectAt(inputs, "metadata"), namespace } };
}

export const isSecret = (object: PropertyMap): boolean =>
  object["kind"] === "Secret" && groupOf(String(object["apiVersion"])) === "";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** A Secret's values are secret wherever they are kept. */
export function guard(object: PropertyMap): PropertyMap {
  if (!isSecret(object)) return object;
  const guarded: PropertyMap = { ...object };
  for (const key of ["data", "stringData"]) {
    const value = guarded[key];
    if (value !== undefined && !(value instanceof Secret)) guarded[key] = secret(value);
  }
  // kubectl's own copy of the whole object holds the values once more.
  return annotation(object, lastApplied) === undefined
    ? guarded
    : {
        ...guarded,
        metadata: objectAt(withAt(object, ["metadata", "annotations", lastApplied], undefined), "metadata"),
      };
}

/**
 * The name this resource writes under. It follows from the URN, so that an `up` that was killed between the API call
 * and the write of the state recognizes in the next run what it made.
 */
export function fieldManager(urn: string, inputs: PropertyMap, state: PropertyMap = {}): string {
  const chosen = annotation(inputs, "pulumi.com/patchFieldManager") ?? textAt(state, "__fieldManager");
  return chosen ?? `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}

/** Whether this manager has applied the object before. */
export const appliedBy = (object: PropertyMap, manager: string): boolean =>
  listAt(object, "metadata", "managedFields").some(
    (entry) => isObject(entry) && entry["manager"] === manager && entry["operation"] === "Apply",
  );
