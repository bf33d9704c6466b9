import type { Call, PropertyMap } from "../../server";
import type { Api } from "../api";
import type { Kind } from "../kinds";
import { annotation, describe } from "../objects";
import { deadline, list, until } from "./observe";
import { ready, waiting } from "./readiness";
import type { Progress } from "./readiness";
import { reasonsFor } from "./reasons";
import { stagesOf } from "./stages";

export { skipsAwait } from "./stages";
export { deadline, until } from "./observe";

/** The official provider's own patience, in seconds. */
const patience = 600;

/** How often to ask the pods what holds them up, while one waits. */
const askEveryMs = 5000;

/** How long to wait for an object: `customTimeouts` first, then the annotation, then ten minutes. */
export function timeoutOf(object: PropertyMap, requested: number): number {
  if (requested > 0) return requested;
  const annotated = Number(annotation(object, "pulumi.com/timeoutSeconds"));
  return annotated > 0 ? annotated : patience;
}

/** The object exists, but is not what it should be. */
export class NotReady extends Error {
  constructor(
    readonly live: PropertyMap,
    readonly reasons: string[],
  ) {
    super(reasons.join("; "));
  }
}

export interface AwaitArgs {
  api: Api;
  kind: Kind;
  /** The object as the API server answered the apply. */
  live: PropertyMap;
  seconds: number;
  call: Call;
}

/** Waits until an object does what it is for: the live object then, or {@link NotReady} with the reasons. */
export async function awaitReady({ api, kind, live, seconds, call }: AwaitArgs): Promise<PropertyMap> {
  const { signal, expired } = deadline(seconds, call.signal);
  const stages = await stagesOf(api, kind, live, signal);
  let latest = live;
  let progress: Progress = stages.length === 0 ? ready : waiting("the API server");
  const asking = setInterval(() => {
    void reasonsFor(api, latest).then(([reason]) => {
      if (reason !== undefined && !progress.ready && !signal.aborted) call.status(reason);
    });
  }, askEveryMs);
  try {
    for (const [index, { selection, judge }] of stages.entries()) {
      // The answer to the apply often says all there is to know.
      if (index === 0) progress = judge([live]);
      if (index === 0 && progress.ready) continue;
      const look = (objects: PropertyMap[]): Progress | undefined => {
        const [object] = objects;
        if (index === 0 && object) latest = object;
        progress = judge(objects);
        if (!progress.ready) call.status(`waiting: ${progress.waiting}`);
        return progress.ready || progress.failed === true ? progress : undefined;
      };
      await until(api, selection, look, signal);
      if (!progress.ready) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(asking);
  }
  const end = call.signal.aborted ? "interrupted" : expired() ? `is not ready after ${seconds} s` : "failed";
  return settle(api, latest, progress, end);
}

/** Whether an object is ready now, without waiting. */
export async function checkReady(
  api: Api,
  kind: Kind,
  live: PropertyMap,
  { signal }: Call,
): Promise<PropertyMap> {
  for (const [index, { selection, judge }] of (await stagesOf(api, kind, live, signal)).entries()) {
    const objects = index === 0 ? [live] : (await list(api, selection, signal)).objects;
    const progress = judge(objects);
    if (!progress.ready) return settle(api, live, progress, "is not ready");
  }
  return live;
}

async function settle(api: Api, live: PropertyMap, progress: Progress, end: string): Promise<PropertyMap> {
  if (progress.ready) return live;
  throw new NotReady(live, [
    `${describe(live)} ${end}: ${progress.waiting}`,
    ...(await reasonsFor(api, live)),
  ]);
}
