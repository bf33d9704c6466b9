import { z } from "zod";

const resource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  resourceHooks: z.object({ BeforeCreate: z.array(z.string()).nullish() }).nullish(),
});

const deployment = z.looseObject({
  resources: z.array(resource).nullish(),
  pending_operations: z.array(z.looseObject({ resource, type: z.string() })).nullish(),
});

const exported = z.looseObject({ version: z.number(), deployment });
export type Exported = z.infer<typeof exported>;

const checkpoint = z.object({ checkpoint: z.object({ latest: deployment.nullish() }) });

/** How many operations an interrupted run left unfinished, by the text of a state file. */
export function countPending(stateFileText: string): number {
  return checkpoint.parse(JSON.parse(stateFileText)).checkpoint.latest?.pending_operations?.length ?? 0;
}

/**
 * Settles what an interrupted run left, in a state from `pulumi stack export`. An object whose creation was cut
 * off may or may not exist; the engine would create it again, and meet it. It is put into the state under the
 * name it would have, marked to be refreshed before anything else: the provider then says whether it is there.
 * Updates and deletions that were cut off are simply done again, as is a creation with a hook before it: nobody knows
 * whether the hook ran, and an object that is taken over would not run it.
 */
export function settlePending(text: string): { state: Exported; adopted: string[]; dropped: string[] } {
  const state = exported.parse(JSON.parse(text));
  const resources = state.deployment.resources ?? [];
  const known = new Set(resources.map(({ urn }) => urn));
  const adopted: string[] = [];
  const dropped: string[] = [];
  for (const pending of state.deployment.pending_operations ?? []) {
    const { urn } = pending.resource;
    const isNew = pending.type === "creating" && !known.has(urn) && !hasHook(pending.resource);
    const id = isNew ? kubernetesId(pending.resource) : undefined;
    if (id === undefined) {
      dropped.push(urn);
      continue;
    }
    resources.push({ ...pending.resource, id, refreshBeforeUpdate: true });
    known.add(urn);
    adopted.push(urn);
  }
  return {
    state: { ...state, deployment: { ...state.deployment, resources, pending_operations: [] } },
    adopted,
    dropped,
  };
}

const hasHook = ({ resourceHooks }: z.infer<typeof resource>) =>
  (resourceHooks?.BeforeCreate ?? []).length > 0;

const named = z.object({ metadata: z.object({ name: z.string(), namespace: z.string().optional() }) });

/** The id that the Kubernetes provider gives an object: `namespace/name`, or the name alone. */
function kubernetesId({ type, inputs }: z.infer<typeof resource>): string | undefined {
  if (!type.startsWith("kubernetes:")) return undefined;
  const object = named.safeParse(inputs);
  if (!object.success) return undefined;
  const { name, namespace } = object.data.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}
