import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import { userLabel } from "../labels";
import { connect, request, type ClusterArgs, type Connection } from "./connection";

/** The label of a namespace and of volumes whose user has left: the day, in UTC, as `2026-11-21`. */
export const retainedLabel = "vibecode/retained-since";

/** Hooks that mark what a user leaves in the cluster, and take the mark away when the user comes back. */
export interface Retention {
  /** For the component of a user: it runs when the user has left the stack. */
  leaving: pulumi.ResourceHookBinding;
  /** For the user's namespace: it runs before the namespace that was left is taken over again. */
  returning: pulumi.ResourceHookBinding;
}

/**
 * Makes the hooks, once a program, whether or not anybody is retained: a stack's state knows them by their names,
 * and the engine refuses to remove a resource whose hook the program does not have.
 *
 * They run in the program, after the engine has asked the provider for everything else, since a label that comes
 * with time belongs to no resource: the namespace of a user who has left is in nobody's state.
 */
export function retentionHooks(cluster: ClusterArgs): Retention {
  const api = new Api(cluster);
  // Bound to the component, which is never replaced: another cluster's name replaces each namespace, and the hook
  // would take the old one's removal for its user's.
  const leaves = new pulumi.ResourceHook("user-leaves", ({ name }) => leave(api, name));
  const returns = new pulumi.ResourceHook("user-returns", ({ newInputs }) =>
    comeBack(api, namespaceInputs.parse(newInputs).metadata.labels[userLabel]),
  );
  return { leaving: { beforeDelete: [leaves] }, returning: { beforeCreate: [returns] } };
}

const namespaceInputs = z.object({ metadata: z.object({ labels: z.object({ [userLabel]: z.string() }) }) });

/** Labels the user's volumes, then the namespace: whoever finds that one labelled finds all of them so. */
async function leave(api: Api, user: string): Promise<void> {
  const kept = await api.kept(user);
  if (kept === undefined) return;
  // A run that was cut off goes on with the day on which it began.
  const since = kept.since ?? new Date().toISOString().slice(0, 10);
  for (const path of kept.paths) await api.label(path, since);
}

async function comeBack(api: Api, user: string): Promise<void> {
  const kept = await api.kept(user);
  for (const path of kept?.paths ?? []) await api.label(path, null);
}

const object = z.object({
  metadata: z.object({
    name: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
});

/** The few requests that this needs, to the cluster that the stack names. */
class Api {
  private connection: Promise<Connection> | undefined;

  constructor(private readonly cluster: ClusterArgs) {}

  /** The day a user's things are marked with, and the paths of all of them; undefined where there is nothing. */
  async kept(user: string): Promise<{ since: string | undefined; paths: string[] } | undefined> {
    const namespace = `/api/v1/namespaces/ws-${user}`;
    const found = await this.ask("GET", namespace);
    if (found === undefined) return undefined;
    const { metadata } = object.parse(found);
    // One that is being purged goes with all that is in it.
    if (metadata.deletionTimestamp !== undefined || metadata.labels[userLabel] !== user) return undefined;
    const claims = `${namespace}/persistentvolumeclaims`;
    const { items } = z.object({ items: z.array(object) }).parse(await this.ask("GET", claims));
    const all = [...items.map((claim) => `${claims}/${claim.metadata.name}`), namespace];
    const days = [...items, { metadata }].map((one) => one.metadata.labels[retainedLabel]);
    return { since: days.find((day) => day !== undefined), paths: all };
  }

  /** Sets the label, or takes it away. What has gone meanwhile needs none. */
  async label(path: string, since: string | null): Promise<void> {
    await this.ask("PATCH", `${path}?fieldManager=vibecode-retention`, {
      metadata: { labels: { [retainedLabel]: since } },
    });
  }

  /** Undefined: there is no such object. */
  private async ask(method: "GET" | "PATCH", path: string, patch?: unknown): Promise<unknown> {
    let failure: string;
    try {
      let answer = await request(await this.connected(), method, path, patch);
      // A long `up` outlives a token of the clouds' sign-in.
      if (answer.status === 401) answer = await request(await this.connected(true), method, path, patch);
      if (answer.status === 404) return undefined;
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      const { message } = z
        .object({ message: z.string().catch("") })
        .catch({ message: "" })
        .parse(answer.body);
      failure = `answers ${answer.status}: ${message}`;
    } catch (error) {
      failure = `does not answer: ${error instanceof Error ? error.message : String(error)}`;
    }
    throw new Error(
      `${this.cluster.context ?? "the cluster"} ${failure}; what was left there is not marked yet, the next \`pulumi up\` tries it again`,
    );
  }

  private connected(anew = false): Promise<Connection> {
    if (anew || this.connection === undefined) this.connection = connect(this.cluster);
    return this.connection;
  }
}
