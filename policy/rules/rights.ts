import { z } from "zod";

import { kindOf } from "../kubernetes";
import { resourceRule } from "../rule";

const lists = ["apiGroups", "resources", "verbs", "nonResourceURLs"];
/** With these one gives oneself any right. */
const raising = ["escalate", "bind", "impersonate"];

export const rights = resourceRule({
  name: "rights",
  description:
    "Every Role and ClusterRole names what may be done to what, and nobody becomes the cluster's admin.",
  why: "A wildcard also means what the next version of Kubernetes adds, and Secrets of everybody.",
  level: "mandatory",
  settings: z.object({}),
  *check(object) {
    const kind = kindOf(object.resource) ?? "";
    if (kind === "ClusterRole" || kind === "Role") {
      const aggregated = object.at("aggregationRule");
      if (aggregated.there)
        yield { place: aggregated, says: "takes whatever other roles bring", mend: "name the rules" };
      for (const rule of object.at("rules").items) {
        for (const list of lists) {
          for (const place of rule.at(list).items) {
            const text = place.text ?? "";
            if (text.includes("*"))
              yield { place, says: `is "${text}", which is everything`, mend: "name what is needed" };
            if (list === "verbs" && raising.includes(text))
              yield { place, says: `is "${text}", which leads to any other right`, mend: "leave it out" };
          }
        }
      }
    }
    if (kind === "ClusterRoleBinding" || kind === "RoleBinding") {
      const role = object.at("roleRef", "name");
      if (["cluster-admin", "admin"].includes(role.text ?? ""))
        yield {
          place: role,
          says: `is "${role.text ?? ""}"`,
          mend: "bind a role with the few rights that are needed",
        };
      for (const subject of object.at("subjects").items) {
        const name = subject.at("name");
        if (/^system:(anonymous|unauthenticated|authenticated|serviceaccounts$)/.test(name.text ?? ""))
          yield {
            place: name,
            says: `is "${name.text ?? ""}", which is everybody`,
            mend: "name one account",
          };
      }
    }
  },
});
