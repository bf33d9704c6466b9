import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

import { fixed, keptSetting } from "../kept";
import { kindOf } from "../kubernetes";
import type { Place } from "../place";
import { resourceRule, stackRule, type Finding } from "../rule";

const record = z.record(z.string(), z.unknown()).catch({});

/** Stops a replacement before it begins, in a preview and in an `up`. */
export const volumeReplaced = resourceRule({
  name: "volume-replaced",
  description: "No change makes a volume anew.",
  why: "A claim whose class or access mode changes, or that moves to another namespace, is a new and empty one; the old one goes, or is left where nobody looks.",
  level: "mandatory",
  settings: z.object({ kept: keptSetting }),
  *check(object, { kept }) {
    const before = kept[object.resource.urn];
    if (before === undefined) return;
    const mend = "set it back; to move work, make a second volume and copy";
    const name = object.at("metadata", "name");
    if (name.text !== before.object) yield { place: name, says: `was ${before.object}`, mend };
    if (before.kind !== "PersistentVolumeClaim") return;
    const namespace = object.at("metadata", "namespace");
    if ((namespace.text ?? "default") !== (before.namespace ?? "default"))
      yield { place: namespace, says: `was ${before.namespace ?? "default"}`, mend };
    const now = fixed(record.parse(object.at("spec").value));
    for (const key of new Set([...Object.keys(before.spec), ...Object.keys(now)])) {
      const place = object.at("spec", key);
      if (!isDeepStrictEqual(place.value, before.spec[key]))
        yield {
          place,
          says: `was ${key in before.spec ? JSON.stringify(before.spec[key]) : "not set"}, and cannot change in place`,
          mend:
            key === "storageClassName"
              ? "set vibecode:storage.class back; to move work, make a second volume and copy"
              : mend,
        };
    }
  },
});

/** Stops a deletion, in a preview: at the end of an `up` it is done. */
export const volumeDeleted = stackRule({
  name: "volume-deleted",
  description:
    "No change deletes a volume, by itself or with its namespace, unless the cluster keeps the object.",
  why: "What is on a deleted volume is gone, whatever the state of the stack says.",
  level: "mandatory",
  settings: z.object({ kept: keptSetting }),
  *check(objects, { kept }) {
    const there = new Set(objects.map(({ resource }) => resource.urn));
    for (const [urn, before] of Object.entries(kept)) {
      if (there.has(urn) || before.retained) continue;
      if (before.kind === "Namespace" && !holdsVolumes(before.object, Object.values(kept))) continue;
      const place = rootOf(objects);
      if (place !== undefined)
        yield {
          place,
          says: `no longer has ${before.name} (${before.kind}), which would be deleted`,
          mend:
            "put back what is gone from the stack's file; or first set vibecode:storage.retain to true and run `up`, " +
            "after which it can be dropped and the object stays",
        } satisfies Finding;
    }
  },
});

const holdsVolumes = (
  namespace: string,
  all: readonly { kind: string; namespace?: string | undefined }[],
): boolean => all.some((each) => each.kind === "PersistentVolumeClaim" && each.namespace === namespace);

/** The stack itself: what is no longer there has no place of its own. */
const rootOf = (objects: readonly Place[]): Place | undefined =>
  objects.find(({ resource }) => resource.type === "pulumi:pulumi:Stack") ??
  objects.find(({ resource }) => kindOf(resource) !== undefined);
