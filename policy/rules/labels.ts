import { z } from "zod";

import { kindOf } from "../kubernetes";
import { resourceRule, type Finding } from "../rule";

/** Labels that nobody can guess: what a thing is, and which of several. */
const own = ["app.kubernetes.io/name", "app.kubernetes.io/instance"];

export const labels = resourceRule({
  name: "labels",
  description: "Every object says what it is, what it is part of and who looks after it.",
  why: "Labels are how people find what belongs together, and what a clean-up may touch.",
  level: "remediate",
  settings: z.object({
    labels: z
      .record(z.string(), z.string())
      .default({ "app.kubernetes.io/part-of": "vibecode", "app.kubernetes.io/managed-by": "pulumi" })
      .describe("Labels of every object, which are added where they are missing"),
  }),
  *check(object, settings): Iterable<Finding> {
    if (!isObject(kindOf(object.resource))) return;
    const mend = "give the object `labels(...)` of components/labels.ts";
    for (const key of own) {
      const place = object.at("metadata", "labels", key);
      if ((place.text ?? "") === "") yield { place, says: "is missing", mend };
    }
    for (const [key, value] of Object.entries(settings.labels)) {
      const place = object.at("metadata", "labels", key);
      if (place.text !== value)
        yield {
          place,
          says: `is ${place.text === undefined ? "missing" : `"${place.text}"`}, not "${value}"`,
          mend,
        };
    }
  },
  remedy(object, settings) {
    if (!isObject(kindOf(object.resource))) return [];
    return Object.entries(settings.labels)
      .filter(([key]) => !object.at("metadata", "labels", key).there)
      .map(([key, value]) => ({ keys: ["metadata", "labels", key], value }));
  },
});

/** Patches of somebody else's object are not ours to label; lists are no objects, nor is a chart, which labels its own. */
const isObject = (kind: string | undefined): boolean =>
  kind !== undefined && kind !== "Release" && !kind.endsWith("Patch") && !kind.endsWith("List");
