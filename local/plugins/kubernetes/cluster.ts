import { setTimeout as pause } from "node:timers/promises";
import type { Call, PropertyMap } from "../server";
import { Api, ApiError, metadataOnly } from "./api";
import type { Answer } from "./api";
import type { ProviderConfig } from "./config";
import { deadline, until } from "./await";
import { Kinds, collectionPath } from "./kinds";
import type { Kind } from "./kinds";
import { loadCluster } from "./kubeconfig";
import { annotation, describe, listAt, prune, textAt } from "./objects";

export interface ApplyArgs {
  manager: string;
  /** Ask the server what it would do, without doing it. */
  rehearse: boolean;
  call: Call;
}

/** What comes a moment later when it is made in the same run. */
const comesLater = /namespaces? "[^"]*" not found|serviceaccount "[^"]*" not found|has no kind/i;

const retryAfterMs = [500, 1000, 2000, 4000];

/** The objects of one cluster, by what names them: apiVersion, kind, namespace and name. */
export class Cluster {
  readonly api: Api;
  private readonly kinds: Kinds;

  constructor(private readonly config: ProviderConfig) {
    this.api = new Api(loadCluster(config));
    this.kinds = new Kinds(() => this.api);
  }

  kind(object: PropertyMap, { signal }: Call): Promise<Kind> {
    return this.kinds.find(String(object["apiVersion"]), String(object["kind"]), signal);
  }

  /** `undefined` when there is no such object, or not even its kind. */
  async get(object: PropertyMap, call: Call, accept?: string): Promise<PropertyMap | undefined> {
    try {
      const path = await this.locate(object, call);
      const request = {
        method: "GET",
        path,
        signal: call.signal,
        ...(accept !== undefined && { accept }),
      } as const;
      return (await this.api.request(request)).object;
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  /** As {@link get}, but only the metadata: cheap for large objects. */
  head(object: PropertyMap, call: Call): Promise<PropertyMap | undefined> {
    return this.get(object, call, metadataOnly);
  }

  /** Server-side apply: creates the object, or makes the fields given here what they are here. */
  async apply(object: PropertyMap, { manager, rehearse, call }: ApplyArgs): Promise<Answer> {
    const force = annotation(object, "pulumi.com/patchForce") === "true" || this.config.enablePatchForce;
    for (let attempt = 0; ; attempt++) {
      try {
        const path = await this.locate(object, call);
        return await this.api.request({
          method: "PATCH",
          path,
          query: {
            fieldManager: manager,
            fieldValidation: "Strict",
            force: String(force),
            dryRun: rehearse ? "All" : undefined,
          },
          body: prune(object),
          signal: call.signal,
          ...(!this.config.suppressDeprecationWarnings && !rehearse && { warn: call.warn }),
        });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const delay = retryAfterMs[attempt];
        const passing = error.code !== 422 && comesLater.test(error.message);
        if (rehearse || !passing || delay === undefined || call.signal.aborted) throw explain(object, error);
        await pause(delay, undefined, { signal: call.signal }).catch(() => undefined);
      }
    }
  }

  /** Deletes the object and, unless told not to, waits until it and what hangs on it are gone. */
  async delete(object: PropertyMap, seconds: number, wait: boolean, call: Call): Promise<void> {
    const policy = annotation(object, "pulumi.com/deletionPropagationPolicy") ?? "foreground";
    const propagationPolicy = policy.charAt(0).toUpperCase() + policy.slice(1).toLowerCase();
    try {
      const path = await this.locate(object, call);
      await this.api.request({
        method: "DELETE",
        path,
        body: { propagationPolicy },
        signal: call.signal,
      });
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return;
      throw error instanceof ApiError ? explain(object, error) : error;
    }
    if (wait) await this.gone(object, seconds, call);
  }

  /** Waits until an object that is being deleted is gone. */
  async gone(object: PropertyMap, seconds: number, call: Call): Promise<void> {
    const kind = await this.kind(object, call);
    const namespace = textAt(object, "metadata", "namespace");
    const fields = `metadata.name=${textAt(object, "metadata", "name") ?? ""}`;
    const uid = textAt(object, "metadata", "uid");
    const { signal, expired } = deadline(seconds, call.signal);
    let remaining = object;
    const judge = ([found]: PropertyMap[]): true | undefined => {
      if (!found || (uid !== undefined && textAt(found, "metadata", "uid") !== uid)) return true;
      remaining = found;
      call.status(`waiting: ${holding(found)}`);
      return undefined;
    };
    try {
      await until(this.api, { path: collectionPath(kind, namespace), fields }, judge, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      const end = expired()
        ? `still exists ${seconds} s after its deletion`
        : "is being deleted, interrupted";
      throw new Error(`${describe(object)} ${end}: ${holding(remaining)}`, { cause: error });
    }
  }

  private async locate(object: PropertyMap, call: Call): Promise<string> {
    const kind = await this.kind(object, call);
    const name = encodeURIComponent(textAt(object, "metadata", "name") ?? "");
    return `${collectionPath(kind, textAt(object, "metadata", "namespace"))}/${name}`;
  }
}

/** What keeps a deleted object from going. */
function holding(object: PropertyMap): string {
  const content = listAt(object, "status", "conditions")
    .filter((each) => textAt(each, "status") === "True")
    .flatMap((each) => textAt(each, "message") ?? []);
  const finalizers = [...listAt(object, "metadata", "finalizers"), ...listAt(object, "spec", "finalizers")];
  const held =
    finalizers.length === 0 ? "its deletion" : `its finalizers ${finalizers.map(String).join(", ")}`;
  return object["kind"] === "Namespace" && content.length > 0 ? content.join("; ") : held;
}

function explain(object: PropertyMap, error: ApiError): ApiError {
  const hint =
    error.code === 409 && error.message.includes("conflict with")
      ? '; annotate it with pulumi.com/patchForce: "true" to take these fields over'
      : "";
  return new ApiError(error.code, error.reason, `${describe(object)}: ${error.message.trim()}${hint}`);
}
