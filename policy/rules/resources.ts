import { z } from "zod";

import { containersOf, podOf } from "../kubernetes";
import { amount } from "../../infra/quantity";
import { resourceRule } from "../rule";

const amounts = ["cpu", "memory"];

export const resources = resourceRule({
  name: "resources",
  description: "Every container asks for CPU and memory and is limited in both.",
  why: "A container without requests is put where there is no room; one without limits takes what its neighbours need.",
  level: "mandatory",
  settings: z.object({}),
  *check(object) {
    const pod = podOf(object);
    if (pod === undefined) return;
    for (const { place } of containersOf(pod)) {
      for (const kind of ["requests", "limits"]) {
        for (const key of amounts) {
          const given = place.at("resources", kind, key);
          if (amount(given.text) === undefined || amount(given.text) === 0)
            yield {
              place: given,
              says: given.there ? `is "${given.text ?? ""}", no amount` : "is missing",
              mend: "set it; a workspace's come from vibecode:workspace.sizes, another pod's from its component",
            };
        }
      }
    }
  },
});
