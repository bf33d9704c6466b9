import { z } from "zod";

import { podOf } from "../kubernetes";
import { resourceRule, type Finding } from "../rule";
import type { Place } from "../place";

/** The setting that is missing from a pod which asks for no account of its own. */
function missing(object: Place): Place | undefined {
  const pod = podOf(object);
  if (pod === undefined) return undefined;
  const account = pod.at("spec", "serviceAccountName").text ?? "default";
  const mount = pod.at("spec", "automountServiceAccountToken");
  return account === "default" && mount.value !== false ? mount : undefined;
}

export const serviceAccountToken = resourceRule({
  name: "service-account-token",
  description: "A pod without a ServiceAccount of its own gets no token of the API server.",
  why: "Kubernetes mounts one unless told not to, and whoever gets into the pod finds it.",
  level: "remediate",
  settings: z.object({}),
  *check(object): Iterable<Finding> {
    const place = missing(object);
    if (place !== undefined)
      yield {
        place,
        says: "is not false",
        mend: "set it to false, or name a ServiceAccount of the pod's own",
      };
  },
  remedy(object) {
    const place = missing(object);
    return place === undefined ? [] : [{ keys: place.keys.map(String), value: false }];
  },
});
