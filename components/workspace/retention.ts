import { homedir } from "node:os";

import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import { userLabel } from "../labels";

/** The label of a namespace and of volumes whose user has left: the day, in UTC, as `2026-11-21`. */
export const retainedLabel = "vibecode/retained-since";

/** Which cluster, as a stack's config and the Kubernetes provider name it. */
export interface ClusterArgs {
  /** A path, or the content itself. Default: `KUBECONFIG`, then `~/.kube/config`. */
  kubeconfig?: string | undefined;
  /** Default: the kubeconfig's current one. */
  context?: string | undefined;
}

/** Hooks that mark what a user leaves in the cluster, and take the mark away when the user comes back. */
export interface Retention {
  /** For the component of a user: it runs when the user has left the stack. */
  leaving: pulumi.ResourceHookBinding;
  /** For the user's namespace: it runs before the namespace that was left is taken over again. */
  returning: pulumi.ResourceHookBinding;
}

/**
 * Makes the hooks, once a program, also where nobody is retained: a stack's state knows them by their names, and
 * the engine refuses to remove a resource whose hook the program does not have.
 *
 * Hooks, since no resource can hold a label that comes when its object has left the state. They run in the
 * program: `pulumi destroy` needs `--run-program`, and says so.
 *
 * @param prefix of the names of the hooks, and of the users' components: one for each of a program's clusters
 */
export function retentionHooks(
  cluster: ClusterArgs,
  prefix = "",
  open: (cluster: ClusterArgs) => Promise<Api> = connect,
) {
  let opened: Promise<Api> | undefined;
  const mark = async (user: string, since: (noted: string | undefined) => string | null) => {
    try {
      const api = await (opened ??= open(cluster));
      await label(api, user, since);
    } catch (error) {
      const where = cluster.context ?? "the cluster";
      const still = `ws-${user} is not marked right yet: the next \`pulumi up\` tries it again`;
      throw new Error(`${where}: ${reason(error)}; ${still}`, { cause: error });
    }
  };
  // Bound to the component, which is never replaced: a provider with another cluster replaces each namespace, and
  // there the hook would take the old one's removal for its user's.
  const leaves = new pulumi.ResourceHook(`${prefix}user-leaves`, ({ name }) =>
    // A run that was cut off goes on with the day on which it began.
    mark(name.slice(prefix.length), (noted) => noted ?? new Date().toISOString().slice(0, 10)),
  );
  const returns = new pulumi.ResourceHook(`${prefix}user-returns`, ({ newInputs }) =>
    mark(namespaceInputs.parse(newInputs).metadata.labels[userLabel], () => null),
  );
  return { leaving: { beforeDelete: [leaves] }, returning: { beforeCreate: [returns] } } satisfies Retention;
}

const namespaceInputs = z.object({ metadata: z.object({ labels: z.object({ [userLabel]: z.string() }) }) });

/** Marks a user's volumes, then the namespace: where that one is marked, all are. */
async function label(api: Api, user: string, since: (noted: string | undefined) => string | null) {
  const namespace = `ws-${user}`;
  const space = await api.namespace(namespace).catch(undefinedIfGone);
  // One that is being removed goes with all that is in it.
  if (space === undefined || space.isLeaving || space.labels[userLabel] !== user) return;
  const claims = await api.claims(namespace);
  const days = [...claims, space].map(({ labels }) => labels[retainedLabel]);
  const value = since(days.find((day) => day !== undefined));
  // The editor is gone by now; this is what a person with rights in the namespace has started besides.
  if (value !== null) await api.endWorkloads(namespace);
  for (const claim of claims) await api.labelClaim(namespace, claim.name, value).catch(undefinedIfGone);
  await api.labelNamespace(namespace, value).catch(undefinedIfGone);
}

export interface Labelled {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Whether it is being removed. */
  isLeaving: boolean;
}

/** What the hooks ask of a cluster. */
export interface Api {
  namespace: (name: string) => Promise<Labelled>;
  claims: (namespace: string) => Promise<Labelled[]>;
  labelNamespace: (name: string, since: string | null) => Promise<unknown>;
  labelClaim: (namespace: string, name: string, since: string | null) => Promise<unknown>;
  /** Removes everything in a namespace that runs, or makes something run. */
  endWorkloads: (namespace: string) => Promise<void>;
}

/** Reads the kubeconfig as kubectl does, and signs in where it says how. */
async function connect({ kubeconfig, context }: ClusterArgs): Promise<Api> {
  // Loaded here: it takes more than a second, and only a run in which somebody comes or goes has a use for it.
  const kubernetes = await import("@kubernetes/client-node");
  const config = new kubernetes.KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else if (/[\n{]/.test(kubeconfig)) config.loadFromString(kubeconfig);
  else config.loadFromFile(kubeconfig.replace(/^~(?=\/)/, homedir()));
  if (context !== undefined) config.setCurrentContext(context);
  const api = config.makeApiClient(kubernetes.CoreV1Api);
  const apps = config.makeApiClient(kubernetes.AppsV1Api);
  const batch = config.makeApiClient(kubernetes.BatchV1Api);
  const merge = kubernetes.setHeaderOptions("Content-Type", kubernetes.PatchStrategy.MergePatch);
  const patch = (since: string | null) => ({
    body: { metadata: { labels: { [retainedLabel]: since } } },
    fieldManager: "vibecode-retention",
  });
  return {
    namespace: async (name) => labelled.parse(await api.readNamespace({ name })),
    claims: async (namespace) =>
      z.array(labelled).parse((await api.listNamespacedPersistentVolumeClaim({ namespace })).items),
    labelNamespace: (name, since) => api.patchNamespace({ name, ...patch(since) }, merge),
    labelClaim: (namespace, name, since) =>
      api.patchNamespacedPersistentVolumeClaim({ namespace, name, ...patch(since) }, merge),
    endWorkloads: async (namespace) => {
      // Makers first: a pod that goes before its maker is made again.
      await batch.deleteCollectionNamespacedCronJob({ namespace });
      await apps.deleteCollectionNamespacedDeployment({ namespace });
      await apps.deleteCollectionNamespacedStatefulSet({ namespace });
      await apps.deleteCollectionNamespacedDaemonSet({ namespace });
      await apps.deleteCollectionNamespacedReplicaSet({ namespace });
      await api.deleteCollectionNamespacedReplicationController({ namespace });
      await batch.deleteCollectionNamespacedJob({ namespace });
      await api.deleteCollectionNamespacedPod({ namespace });
    },
  };
}

const labelled = z
  .object({
    metadata: z.object({
      name: z.string(),
      labels: z.record(z.string(), z.string()).default({}),
      deletionTimestamp: z.unknown().optional(),
    }),
  })
  .transform(({ metadata: { name, labels, deletionTimestamp } }): Labelled => ({
    name,
    labels,
    isLeaving: deletionTimestamp !== undefined,
  }));

/** What the client throws where the API server refuses. */
const refusal = z.object({ code: z.number(), body: z.string() });

function undefinedIfGone(error: unknown): undefined {
  if (refusal.safeParse(error).data?.code !== 404) throw error;
}

/** In one line: the API server's own words, or why it was not reached. */
function reason(error: unknown): string {
  const refused = refusal.safeParse(error).data;
  if (refused !== undefined) {
    const { message } = z.object({ message: z.string() }).catch({ message: "" }).parse(parse(refused.body));
    return `answers ${refused.code}: ${message}`;
  }
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}, ${error.cause.message}` : error.message;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
