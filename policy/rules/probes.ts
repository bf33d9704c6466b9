import { z } from "zod";

import { containersOf, podOf, runsOn } from "../kubernetes";
import { resourceRule } from "../rule";

const kinds = ["httpGet", "tcpSocket", "exec", "grpc"];

export const probes = resourceRule({
  name: "probes",
  description: "Every container that runs on says when it is ready, and when it no longer works.",
  why: "Without a readiness probe people are sent to a pod that does not answer yet; without a liveness probe one that hangs is never started again.",
  level: "advisory",
  settings: z.object({}),
  *check(object) {
    const pod = podOf(object);
    if (pod === undefined || !runsOn(object)) return;
    for (const { place, init } of containersOf(pod)) {
      if (init) continue;
      for (const name of ["readinessProbe", "livenessProbe"]) {
        const probe = place.at(name);
        if (!kinds.some((kind) => probe.at(kind).there))
          yield {
            place: probe,
            says: "asks nothing",
            mend: `give it one of ${kinds.join(", ")} in the component`,
          };
      }
    }
  },
});
