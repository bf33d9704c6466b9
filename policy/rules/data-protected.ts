import { z } from "zod";

import { kindOf, userOf } from "../kubernetes";
import { resourceRule } from "../rule";

export const dataProtected = resourceRule({
  name: "data-protected",
  description:
    "Where the config says so, volumes and the users' namespaces outlive what removes them from the stack.",
  why: "A name that is dropped from a list by mistake must not take a person's work with it.",
  level: "mandatory",
  settings: z.object({
    required: z
      .boolean()
      .default(false)
      .describe("The stack holds work that nobody may lose; for production"),
    retained: z
      .boolean()
      .default(false)
      .describe(
        "What the stack's file says in vibecode:storage.retain; of several clusters, whether each says so. `make preview` fills it in: the engine does not tell a policy whether a resource is retained",
      ),
  }),
  *check(object, { required, retained }) {
    const kind = kindOf(object.resource);
    const holdsData =
      kind === "PersistentVolumeClaim" || (kind === "Namespace" && userOf(object) !== undefined);
    if (holdsData && required && !retained && !object.resource.protect)
      yield {
        place: object,
        says: "would be deleted with all that is in it when it leaves the stack",
        mend: "set vibecode:storage.retain to true in the stack's file, and in the storage of each of its clusters, or `protect` the resource",
      };
  },
});
