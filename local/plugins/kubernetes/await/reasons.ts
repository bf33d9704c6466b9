import { isObject } from "../../server";
import type { PropertyMap } from "../../server";
import type { Api } from "../api";
import { listAt, numberAt, objectAt, textAt } from "../objects";
import { list } from "./observe";
import { condition, messageOf } from "./readiness";

/** How long to look for reasons: the failure they are about must not wait for them, nor must Ctrl-C. */
const patienceMs = 10_000;

/** How many reasons are enough to act on. */
const most = 6;

/** What a container says of itself when it does not run. */
function containerReasons(pod: string, status: PropertyMap): string[] {
  const name = `pod ${pod}, container ${textAt(status, "name") ?? ""}`;
  const held = objectAt(status, "state", "waiting");
  const ended =
    "terminated" in objectAt(status, "state") ? objectAt(status, "state", "terminated") : undefined;
  const last = ended ?? objectAt(status, "lastState", "terminated");
  const exit = numberAt(last, "exitCode");
  const how = [textAt(last, "reason"), textAt(last, "message")?.trim()].filter(Boolean).join(": ");
  const died =
    exit === undefined || exit === 0 ? [] : [`exited with ${exit}${how === "" ? "" : ` (${how})`}`];
  const reason = textAt(held, "reason");
  const stuck =
    reason === undefined || reason === "PodInitializing" || reason === "ContainerCreating"
      ? []
      : [messageOf(held)];
  const said = [...stuck, ...died];
  return said.length === 0 ? [] : [`${name}: ${said.join(", ")}`];
}

function podReasons(pod: PropertyMap): string[] {
  const name = textAt(pod, "metadata", "name") ?? "";
  const scheduled = condition(pod, "PodScheduled");
  if (scheduled?.["status"] === "False") return [`pod ${name}: ${messageOf(scheduled)}`];
  const statuses = ["initContainerStatuses", "containerStatuses"].flatMap((key) =>
    listAt(pod, "status", key),
  );
  return statuses.filter(isObject).flatMap((status) => containerReasons(name, status));
}

const labelsOf = (object: PropertyMap): PropertyMap =>
  object["kind"] === "Service" || object["kind"] === "ReplicationController"
    ? objectAt(object, "spec", "selector")
    : objectAt(object, "spec", "selector", "matchLabels");

async function podsOf(
  api: Api,
  object: PropertyMap,
  namespace: string,
  signal: AbortSignal,
): Promise<PropertyMap[]> {
  if (object["kind"] === "Pod") return [object];
  const labels = Object.entries(labelsOf(object)).map(([key, value]) => `${key}=${String(value)}`);
  if (labels.length === 0) return [];
  const path = `/api/v1/namespaces/${namespace}/pods`;
  return (await list(api, { path, labels: labels.join(",") }, signal)).objects;
}

/** Warnings about the object and about what was made for it: quota, probes, volumes, scheduling. */
async function eventReasons(
  api: Api,
  object: PropertyMap,
  pods: PropertyMap[],
  namespace: string,
  signal: AbortSignal,
): Promise<string[]> {
  const own = textAt(object, "metadata", "name") ?? "";
  const names = new Set([own, ...pods.map((pod) => textAt(pod, "metadata", "name"))]);
  const isOurs = (name: string) =>
    names.has(name) ||
    (name.startsWith(`${own}-`) && /^-[a-z0-9]+(-[a-z0-9]+)?$/.test(name.slice(own.length)));
  const events = await list(
    api,
    { path: `/api/v1/namespaces/${namespace}/events`, fields: "type=Warning" },
    signal,
  );
  const latest = new Map<string, string>();
  for (const event of events.objects) {
    const involved = textAt(event, "involvedObject", "name") ?? "";
    if (!isOurs(involved)) continue;
    const kind = (textAt(event, "involvedObject", "kind") ?? "").toLowerCase();
    const reason = textAt(event, "reason") ?? "";
    latest.set(`${involved} ${reason}`, `${kind} ${involved}: ${messageOf(event)}`);
  }
  // What the pods say themselves is said better by their statuses.
  return [...latest.values()].filter((text) => !/: (BackOff|Failed): /.test(text));
}

/** Why an object is not ready, in the words of the cluster; the most telling first. */
export async function reasonsFor(api: Api, object: PropertyMap): Promise<string[]> {
  const namespace = textAt(object, "metadata", "namespace");
  if (namespace === undefined) return [];
  const failure = condition(object, "ReplicaFailure");
  const own = failure?.["status"] === "True" ? [messageOf(failure)] : [];
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const pods = await podsOf(api, object, namespace, signal);
    const events = await eventReasons(api, object, pods, namespace, signal);
    return [...new Set([...own, ...pods.flatMap(podReasons), ...events])].slice(0, most);
  } catch {
    // Reasons are an extra: whoever may not read pods or events still gets the failure itself.
    return own;
  }
}
