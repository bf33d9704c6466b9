import { z } from "zod";

import { containersOf, kindOf, podOf } from "../kubernetes";
import type { Place } from "../place";
import { amount } from "../../infra/quantity";
import { stackRule } from "../rule";

const price = (about: string) => z.number().min(0).describe(about);

export const budget = stackRule({
  name: "budget",
  description: "What the stack asks of the cluster costs no more than its budget.",
  why: "Requests are what a cloud is paid for: nodes are added until all of them fit.",
  level: "mandatory",
  settings: z.object({
    most: price(
      "The budget, a month, in the currency of the prices; without one nothing is judged",
    ).optional(),
    cpu: price("A CPU, a month of 730 hours").default(29.2),
    memory: price("A GiB of memory, a month").default(3.65),
    disk: price("A GiB of a volume, a month").default(0.1),
    nodes: z
      .number()
      .int()
      .min(1)
      .default(1)
      .describe("Nodes of a cluster, each of which runs a pod of every DaemonSet"),
  }),
  *check(objects, prices) {
    if (prices.most === undefined) return;
    const total = objects.map((object) => cost(object, prices)).reduce((sum, each) => sum + each, 0);
    const [first] = objects;
    if (total <= prices.most || first === undefined) return;
    const root = objects.find(({ resource }) => resource.type === "pulumi:pulumi:Stack") ?? first;
    const dear = objects
      .map((object) => ({ name: object.resource.name, of: cost(object, prices) }))
      .filter(({ of }) => of > 0)
      .sort((a, b) => b.of - a.of)
      .slice(0, 3)
      .map(({ name, of }) => `${name} ${of.toFixed(2)}`);
    yield {
      place: root,
      says: `asks for ${total.toFixed(2)} a month, more than the budget of ${prices.most.toFixed(2)} (most: ${dear.join(", ")})`,
      mend: "choose smaller sizes (vibecode:users, vibecode:workspace.sizes) or homes (vibecode:storage), or raise budget.most in the policy's config",
    };
  },
});

interface Prices {
  cpu: number;
  memory: number;
  disk: number;
  nodes: number;
}

const gib = 2 ** 30;

/** What one object costs a month: its pods' requests, or its volume. */
function cost(object: Place, prices: Prices): number {
  const kind = kindOf(object.resource);
  if (kind === "PersistentVolumeClaim") return disk(object, prices);
  const pod = podOf(object);
  if (pod === undefined || kind === "PodTemplate") return 0;
  const requests = (key: string) => requestOf(pod, key);
  const each = requests("cpu") * prices.cpu + (requests("memory") / gib) * prices.memory;
  const volumes = object
    .at("spec", "volumeClaimTemplates")
    .items.reduce((sum, template) => sum + disk(template, prices), 0);
  return copies(object, prices) * (each + volumes);
}

/** Pods at once; of a Job or a CronJob one run's. */
function copies(object: Place, { nodes }: Prices): number {
  const kind = kindOf(object.resource);
  if (kind === "DaemonSet") return nodes;
  if (kind === "Pod") return 1;
  const count =
    kind === "Job"
      ? object.at("spec", "parallelism")
      : kind === "CronJob"
        ? object.at("spec", "jobTemplate", "spec", "parallelism")
        : object.at("spec", "replicas");
  return Number(count.text ?? 1);
}

/** What the scheduler sets aside: the containers together, or the largest that runs before them. */
function requestOf(pod: Place, key: string): number {
  const of = (init: boolean) =>
    containersOf(pod)
      .filter((container) => container.init === init)
      .map(({ place }) => amount(place.at("resources", "requests", key).text) ?? 0);
  return Math.max(
    of(false).reduce((sum, each) => sum + each, 0),
    ...of(true),
  );
}

const disk = (claim: Place, prices: Prices): number =>
  ((amount(claim.at("spec", "resources", "requests", "storage").text) ?? 0) / gib) * prices.disk;
