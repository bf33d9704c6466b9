import { z } from "zod";

/** What a stack holds of people's work before a change: its volumes, and the namespaces around them. */
export const kept = z.record(
  z.string(),
  z.object({
    /** The name in the program. */
    name: z.string(),
    kind: z.enum(["PersistentVolumeClaim", "Namespace"]),
    /** The object's own name, and the namespace it lies in. */
    object: z.string(),
    namespace: z.string().optional(),
    /** Whether the object stays in the cluster when the stack drops it. */
    retained: z.boolean(),
    /** What cannot change in place: class, access modes and the like. */
    spec: z.record(z.string(), z.unknown()).default({}),
  }),
);

export type Kept = z.infer<typeof kept>;

export const keptSetting = kept
  .default({})
  .describe(
    "Volumes and namespaces of the stack before this change, by URN. `make preview` fills it in from the stack's state: the engine tells a policy nothing about deletions",
  );

/** A resource of a stack's state, as `pulumi stack export` gives it. */
const stateResource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  delete: z.boolean().optional(),
  retainOnDelete: z.boolean().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
});

const named = z.looseObject({
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  spec: z.record(z.string(), z.unknown()).optional(),
});

const kinds = {
  "kubernetes:core/v1:PersistentVolumeClaim": "PersistentVolumeClaim",
  "kubernetes:core/v1:Namespace": "Namespace",
} as const;

/** What is kept, by the resources of a stack's state. */
export function keptOf(resources: readonly unknown[]): Kept {
  const entries = resources.flatMap((resource) => {
    const { urn, type, inputs, ...state } = stateResource.parse(resource);
    const object = named.safeParse(inputs).data;
    const kind = type in kinds ? Object.entries(kinds).find(([known]) => known === type)?.[1] : undefined;
    if (kind === undefined || object === undefined || state.delete === true) return [];
    const { name, namespace } = object.metadata;
    const entry = {
      name: urn.split("::").slice(3).join("::"),
      kind,
      object: name,
      ...(namespace !== undefined && { namespace }),
      retained: state.retainOnDelete ?? false,
      spec: kind === "Namespace" ? {} : fixed(object.spec ?? {}),
    };
    return [[urn, entry] as const];
  });
  return Object.fromEntries(entries);
}

/** A claim's spec less what may change in place. */
export function fixed(spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !changeable.includes(key)));
}

const changeable = ["resources", "volumeAttributesClassName"];
