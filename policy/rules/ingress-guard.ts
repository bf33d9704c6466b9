import { z } from "zod";

import { kindOf } from "../kubernetes";
import { resourceRule } from "../rule";

const annotation = "traefik.ingress.kubernetes.io/router.middlewares";
const entryPoints = "traefik.ingress.kubernetes.io/router.entrypoints";

export const ingressGuard = resourceRule({
  name: "ingress-guard",
  description: "Every Ingress has TLS and asks for sign-in, unless it is listed as public.",
  why: "A route without the middleware is an editor that anybody on the internet may type into.",
  level: "mandatory",
  settings: z.object({
    guards: z
      .array(z.string().min(1))
      .default(["sign-in@file", "sign-in-*@file"])
      .describe("Middlewares that ask who is there; `*` stands for a user's name"),
    public: z
      .array(z.string())
      .default(["ingress-sign-in-route"])
      .describe("Names, in the program, of Ingresses without sign-in: the page where one signs in"),
  }),
  *check(object, settings) {
    if (kindOf(object.resource) !== "Ingress") return;
    const spec = object.at("spec");
    const covered = spec.at("tls").items.flatMap((entry) => entry.at("hosts").texts);
    for (const rule of spec.at("rules").items) {
      const host = rule.at("host");
      if (host.text === undefined)
        yield { place: host, says: "is missing, so it answers for every host", mend: "name one" };
      else if (!covered.some((name) => covers(name, host.text ?? "")))
        yield { place: spec.at("tls"), says: `does not cover ${host.text}`, mend: "name the host in it" };
    }
    if (spec.at("rules").items.length === 0)
      yield {
        place: spec.at("rules"),
        says: "is empty, so it answers for every host",
        mend: "name the hosts",
      };
    const points = object.at("metadata", "annotations", entryPoints);
    if (points.there && points.text !== "websecure")
      yield {
        place: points,
        says: `is "${points.text ?? ""}"`,
        mend: "leave plain HTTP to the redirect: websecure",
      };

    if (settings.public.includes(object.resource.name)) return;
    const middlewares = object.at("metadata", "annotations", annotation);
    const names = (middlewares.text ?? "").split(",").map((name) => name.trim());
    if (!names.some((name) => settings.guards.some((guard) => matches(name, guard))))
      yield {
        place: middlewares,
        says: "names no middleware that asks who is there",
        mend: "give the route the guard of sign-in, or list it in the policy's config (ingress-guard.public)",
      };
  },
});

/** A certificate's wildcard stands for one label. */
const covers = (name: string, host: string): boolean =>
  name === host || (name.startsWith("*.") && host.slice(host.indexOf(".")) === name.slice(1));

const matches = (name: string, guard: string): boolean => {
  const [before = "", after] = guard.split("*");
  if (after === undefined) return name === guard;
  const user = name.slice(before.length, name.length - after.length);
  return name === `${before}${user}${after}` && /^[a-z0-9-]+$/.test(user);
};
