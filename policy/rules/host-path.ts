import { z } from "zod";

import { kindOf, podOf } from "../kubernetes";
import { resourceRule } from "../rule";

export const hostPath = resourceRule({
  name: "host-path",
  description: "Nothing mounts a folder of a node.",
  why: "A pod that writes to a node's own folders can take over the node; data on one node are gone with it.",
  level: "mandatory",
  settings: z.object({}),
  *check(object) {
    const mend = "use a PersistentVolumeClaim or an emptyDir";
    for (const volume of podOf(object)?.at("spec", "volumes").items ?? []) {
      const place = volume.at("hostPath");
      if (place.there)
        yield { place, says: `mounts ${place.at("path").text ?? "a folder"} of the node`, mend };
    }
    if (kindOf(object.resource) === "PersistentVolume") {
      for (const key of ["hostPath", "local"]) {
        const place = object.at("spec", key);
        if (place.there)
          yield {
            place,
            says: `is ${place.at("path").text ?? "a folder"} of a node`,
            mend: "let a storage class make it",
          };
      }
    }
  },
});
