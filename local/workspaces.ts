import { z } from "zod";

import type { Cluster } from "./cluster";
import { inCluster } from "./kubectl";

/** What a person who asks for the status wants to know of one user's workspace. */
export interface Workspace {
  /** `failing` comes with its reason among the problems. */
  state: "ready" | "starting" | "failing" | "stopping" | "stopped";
  /** What the editor may use at most: `2 CPU, 4Gi`. */
  size: string;
  /** How often the editor was started again in its pod. */
  restarts: number;
  /** What is wrong, a line each, also where the editor runs: an extension that does not exist. */
  problems: string[];
  /** `ws-alice/editor-5d9f`; undefined where there is none. */
  pod: string | undefined;
}

const cause = z.object({ reason: z.string().default(""), message: z.string().default("") });
const ended = cause.extend({ exitCode: z.number().default(0) });

const container = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  state: z
    .object({ waiting: cause.optional(), running: z.unknown().optional(), terminated: ended.optional() })
    .default({}),
  lastState: z.object({ terminated: ended.optional() }).default({}),
});

const condition = cause.extend({ type: z.string(), status: z.string() });
const labels = z.object({ "vibecode/user": z.string() });

const pod = z.object({
  kind: z.literal("Pod"),
  metadata: z.object({
    labels,
    namespace: z.string(),
    name: z.string(),
    creationTimestamp: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
  status: z.object({
    phase: z.string().default(""),
    conditions: z.array(condition).default([]),
    initContainerStatuses: z.array(container).default([]),
    containerStatuses: z.array(container).default([]),
  }),
});

const deployment = z.object({
  kind: z.literal("Deployment"),
  metadata: z.object({ labels, namespace: z.string(), name: z.string() }),
  spec: z.object({
    replicas: z.number(),
    template: z.object({
      spec: z.object({
        containers: z.array(
          z.object({
            name: z.string(),
            resources: z
              .object({ limits: z.record(z.string(), z.string()).default({}) })
              .default({ limits: {} }),
          }),
        ),
      }),
    }),
  }),
  status: z.object({ conditions: z.array(condition).default([]) }).default({ conditions: [] }),
});

const answer = z.object({ items: z.array(z.discriminatedUnion("kind", [pod, deployment])) });

type Pod = z.infer<typeof pod>;
type Deployment = z.infer<typeof deployment>;

/** Every user's workspace in a cluster, by the user's name; two requests at most, however many there are. */
export async function workspacesIn(cluster: Cluster): Promise<Map<string, Workspace>> {
  const words = ["get", "deployments,pods", "-A", "-l", "vibecode/user", "-o", "json"];
  const found = workspacesOf(JSON.parse(await inCluster(cluster, ...words)));
  const starting = [...found.values()].filter(({ state }) => state === "starting");
  if (starting.length === 0) return found;
  const which = "type=Warning,involvedObject.kind=Pod";
  const events = await inCluster(cluster, "get", "events", "-A", "--field-selector", which, "-o", "json");
  const warnings = warningsOf(JSON.parse(events));
  for (const { pod, problems } of starting) {
    const warning = warnings.get(pod ?? "");
    if (warning !== undefined) problems.push(warning);
  }
  return found;
}

const event = z.object({
  metadata: z.object({ creationTimestamp: z.string() }),
  involvedObject: z.object({ namespace: z.string(), name: z.string() }),
  reason: z.string().default(""),
  message: z.string().default(""),
  lastTimestamp: z.string().nullish(),
});

/** The latest warning about each pod, by `namespace/name`. */
export function warningsOf(list: unknown): Map<string, string> {
  const { items } = z.object({ items: z.array(event) }).parse(list);
  const time = ({ lastTimestamp, metadata }: z.infer<typeof event>) =>
    lastTimestamp ?? metadata.creationTimestamp;
  return new Map(
    items
      // A start-up probe that is not answered yet says nothing but that the editor starts.
      .filter(({ reason }) => reason !== "Unhealthy")
      .toSorted((a, b) => time(a).localeCompare(time(b)))
      .map((one) => [`${one.involvedObject.namespace}/${one.involvedObject.name}`, short(one)]),
  );
}

/** The same from what the API server answered: Deployments, and their pods. */
export function workspacesOf(list: unknown): Map<string, Workspace> {
  const { items } = answer.parse(list);
  const pods = new Map<string, Pod[]>();
  // A label alone is nothing: who may make objects in one namespace could claim another's name there.
  const own = items.filter(({ metadata }) => metadata.namespace === `ws-${metadata.labels["vibecode/user"]}`);
  for (const item of own) {
    if (item.kind !== "Pod") continue;
    const user = item.metadata.labels["vibecode/user"];
    pods.set(user, [...(pods.get(user) ?? []), item]);
  }
  return new Map(
    own
      .filter((item) => item.kind === "Deployment")
      .filter(({ metadata }) => metadata.name === "editor")
      .map((item) => {
        const user = item.metadata.labels["vibecode/user"];
        return [user, workspace(item, pods.get(user) ?? [])];
      }),
  );
}

function workspace(deployment: Deployment, pods: readonly Pod[]): Workspace {
  const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const [newest] = staying.toSorted((a, b) =>
    b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp),
  );
  const prepared = newest?.status.initContainerStatuses.find(({ name }) => name === "prepare");
  const editor = newest?.status.containerStatuses.find(({ name }) => name === "editor");
  const limits =
    deployment.spec.template.spec.containers.find(({ name }) => name === "editor")?.resources.limits ?? {};
  const restarts = editor?.restartCount ?? 0;
  const last = editor?.lastState.terminated;
  const isStopped = deployment.spec.replicas === 0;
  const failure = isStopped ? undefined : failureOf(deployment, newest);
  const isReady = editor?.ready === true;
  return {
    state: isStopped
      ? pods.every(({ status }) => ["Failed", "Succeeded"].includes(status.phase))
        ? "stopped"
        : "stopping"
      : failure !== undefined
        ? "failing"
        : isReady
          ? "ready"
          : "starting",
    size: `${limits["cpu"] ?? "?"} CPU, ${limits["memory"] ?? "?"}`,
    restarts,
    pod: newest && `${newest.metadata.namespace}/${newest.metadata.name}`,
    problems: [
      ...(failure === undefined ? [] : [failure]),
      ...lines(prepared?.state.terminated?.message ?? ""),
      ...(last === undefined ? [] : [`the editor was started again after ${endOf(last)}`]),
    ],
  };
}

/** Reasons of a waiting container that are no failure: the kubelet is at work. */
const atWork = new Set(["", "ContainerCreating", "PodInitializing"]);

/** Why there is no editor and will be none without somebody's help. */
function failureOf({ status }: Deployment, newest: Pod | undefined): string | undefined {
  if (newest === undefined) {
    const refused = status.conditions.find(({ type }) => type === "ReplicaFailure");
    return refused?.status === "True" ? short(refused) : undefined;
  }
  const { conditions, containerStatuses, initContainerStatuses } = newest.status;
  const unscheduled = conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
  if (unscheduled !== undefined) return short(unscheduled);
  const waiting = [...initContainerStatuses, ...containerStatuses]
    .map(({ state }) => state.waiting)
    .find((one) => one !== undefined && !atWork.has(one.reason));
  return waiting && short(waiting);
}

/** Reason and the first line of what Kubernetes says, cut to what a table bears. */
function short({ reason, message }: z.infer<typeof cause>): string {
  const [line = ""] = lines(message);
  const text = line === "" ? reason : `${reason}: ${line}`;
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

function endOf({ reason, exitCode }: z.infer<typeof ended>): string {
  return reason === "OOMKilled" ? "it ran out of memory" : `it ended with status ${exitCode}`;
}

const lines = (text: string) =>
  text
    .split("\n")
    // A program of the person's own may have written it, and it goes to somebody else's terminal.
    .map((line) => line.replace(/\p{C}/gu, " ").trim())
    .filter((line) => line !== "");
