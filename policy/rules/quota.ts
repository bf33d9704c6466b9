import { z } from "zod";

import { kindOf, onSameCluster, userOf } from "../kubernetes";
import type { Place } from "../place";
import { amount } from "../../infra/quantity";
import { resourceRule, stackRule } from "../rule";

const most = z.object({
  cpu: z.string().describe("A quantity: `4`"),
  memory: z.string().describe("A quantity: `8Gi`"),
  pods: z.number().int().min(0).default(1).describe("Pods at once"),
});

const kinds = ["requests", "limits"] as const;
const amounts = ["cpu", "memory"] as const;

export const quota = resourceRule({
  name: "quota",
  description: "Nobody's namespace may use more than the user's size allows.",
  why: "The quota is the only thing between one person's programs and everybody else's memory.",
  level: "mandatory",
  settings: z.object({
    most: most
      .default({ cpu: "4", memory: "8Gi", pods: 1 })
      .describe("What a user may use at most whose size is not in `users`; the size `large`"),
    users: z
      .record(z.string(), most)
      .default({})
      .describe(
        "What each user's size allows. `make preview` fills it in from vibecode:users and vibecode:workspace.sizes",
      ),
  }),
  *check(object, settings) {
    const user = userOf(object);
    if (kindOf(object.resource) !== "ResourceQuota" || user === undefined) return;
    const allowed = settings.users[user] ?? settings.most;
    const hard = object.at("spec", "hard");
    for (const [key, limit] of [
      ...kinds.flatMap((kind) => amounts.map((key) => [`${kind}.${key}`, allowed[key]] as const)),
      ["pods", String(allowed.pods)] as const,
    ]) {
      const place = hard.at(key);
      const given = amount(place.text);
      if (given === undefined || given > (amount(limit) ?? 0))
        yield {
          place,
          says: `is ${place.there ? `"${place.text ?? ""}"` : "not limited"}, more than the ${limit} of the user's size`,
          mend: `raise the size in vibecode:workspace.sizes, give ${user} another in vibecode:users, or lower the quota`,
        };
    }
  },
});

export const userBorders = stackRule({
  name: "user-borders",
  description: "Every user's namespace has a quota and limits of its own.",
  why: "A namespace without them takes whatever the cluster has.",
  level: "mandatory",
  settings: z.object({}),
  *check(objects) {
    const has = (kind: string, namespace: string, near: Place) =>
      objects.some(
        (object) =>
          kindOf(object.resource) === kind &&
          object.at("metadata", "namespace").text === namespace &&
          onSameCluster(object, near),
      );
    for (const object of objects) {
      if (kindOf(object.resource) !== "Namespace" || userOf(object) === undefined) continue;
      const name = object.at("metadata", "name").text ?? "";
      for (const kind of ["ResourceQuota", "LimitRange"]) {
        if (!has(kind, name, object))
          yield { place: object, says: `has no ${kind}`, mend: "make one, as components/workspace does" };
      }
    }
  },
});
