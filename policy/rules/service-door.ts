import { z } from "zod";

import { kindOf } from "../kubernetes";
import { resourceRule } from "../rule";

export const serviceDoor = resourceRule({
  name: "service-door",
  description: "The ingress's Service is the only one that the world can reach.",
  why: "A Service of type LoadBalancer or NodePort is a second door, past TLS and sign-in.",
  level: "mandatory",
  settings: z.object({
    doors: z
      .array(z.string())
      .default(["ingress-service"])
      .describe("Names, in the program, of the Services that are meant to be reached from outside"),
  }),
  *check(object, { doors }) {
    if (kindOf(object.resource) !== "Service" || doors.includes(object.resource.name)) return;
    const type = object.at("spec", "type");
    if (type.text === "LoadBalancer" || type.text === "NodePort")
      yield {
        place: type,
        says: `is ${type.text}, a door past sign-in`,
        mend: "leave it out, and route to it by an Ingress (components/route.ts)",
      };
    const addresses = object.at("spec", "externalIPs");
    if (addresses.texts.length > 0)
      yield { place: addresses, says: "takes addresses of the world", mend: "leave it out" };
  },
});
