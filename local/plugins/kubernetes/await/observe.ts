import { setTimeout as pause } from "node:timers/promises";
import { isObject } from "../../server";
import type { PropertyMap } from "../../server";
import { ApiError, Unreachable } from "../api";
import type { Api } from "../api";
import { listAt, textAt } from "../objects";

/** Some objects of one kind. */
export interface Selection {
  /** `/apis/apps/v1/namespaces/a/deployments` */
  path: string;
  /** `metadata.name=x` */
  fields?: string;
  /** `app=x` */
  labels?: string;
}

/** How long to wait between two looks: after a watch has ended, or where there is none. */
const pollMs = 2000;

/** What a server answers that restarts, is busy, or has forgotten where a watch was to begin. */
const passingCodes = new Set([410, 429, 500, 502, 503, 504]);

export interface Listed {
  objects: PropertyMap[];
  /** From where a watch goes on. */
  resourceVersion: string | undefined;
}

export async function list(
  api: Api,
  { path, fields, labels }: Selection,
  signal: AbortSignal,
): Promise<Listed> {
  const query = { fieldSelector: fields, labelSelector: labels };
  const { object } = await api.request({ method: "GET", path, query, signal });
  // A list says once, for all its items, what they are.
  const kind = textAt(object, "kind")?.replace(/List$/, "");
  const objects = listAt(object, "items").filter(isObject);
  return {
    objects: objects.map((item) => ({ apiVersion: object["apiVersion"], kind, ...item })),
    resourceVersion: textAt(object, "metadata", "resourceVersion"),
  };
}

/**
 * Looks at the selected objects now and at each change, until `judge` returns something. Rejects with the signal's
 * reason when that comes first.
 */
export async function until<T>(
  api: Api,
  selection: Selection,
  judge: (objects: PropertyMap[]) => T | undefined,
  signal: AbortSignal,
): Promise<T> {
  const { path, fields, labels } = selection;
  for (;;) {
    signal.throwIfAborted();
    let listed = false;
    try {
      const { objects: all, resourceVersion } = await list(api, selection, signal);
      listed = true;
      const objects = new Map(all.map((item) => [uid(item), item]));
      const first = judge([...objects.values()]);
      if (first !== undefined) return first;
      const query = { fieldSelector: fields, labelSelector: labels, resourceVersion };
      for await (const { type, object } of api.watch(path, query, signal)) {
        if (type === "ERROR") break;
        if (type === "DELETED") objects.delete(uid(object));
        else objects.set(uid(object), object);
        const found = judge([...objects.values()]);
        if (found !== undefined) return found;
      }
    } catch (error) {
      signal.throwIfAborted();
      // Who may list but not watch looks again and again.
      const passing =
        error instanceof Unreachable ||
        (error instanceof ApiError && (passingCodes.has(error.code) || (error.code === 403 && listed)));
      if (!passing) throw error;
    }
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

const uid = (object: PropertyMap): string => textAt(object, "metadata", "uid") ?? "";

/** A signal that fires at a time-out or with the caller's, and what tells the two apart. */
export function deadline(
  seconds: number,
  signal: AbortSignal,
): { signal: AbortSignal; expired: () => boolean } {
  const timeout = AbortSignal.timeout(seconds * 1000);
  return { signal: AbortSignal.any([timeout, signal]), expired: () => timeout.aborted };
}
