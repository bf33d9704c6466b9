import { z } from "zod";

import { kindOf, namespaceOf, onSameCluster, podOf } from "../kubernetes";
import type { Place } from "../place";
import { stackRule } from "../rule";

export const networkPolicy = stackRule({
  name: "network-policy",
  description: "A NetworkPolicy says what every pod may reach, and what may reach it.",
  why: "A pod that no policy selects may speak to everybody: to other users' editors, and to the cloud's own credentials.",
  level: "mandatory",
  settings: z.object({}),
  *check(objects) {
    const policies = objects.filter(({ resource }) => kindOf(resource) === "NetworkPolicy");
    for (const object of objects) {
      const pod = podOf(object);
      if (pod === undefined) continue;
      const namespace = namespaceOf(object);
      const near = policies.filter(
        (policy) => namespaceOf(policy) === namespace && onSameCluster(policy, object),
      );
      for (const direction of ["Ingress", "Egress"]) {
        if (!near.some((policy) => limits(policy, direction) && selects(policy, pod)))
          yield {
            place: object,
            says: `has pods in ${namespace} that no NetworkPolicy selects for ${direction}`,
            mend: "make one in that namespace whose podSelector finds them, with that policyType",
          };
      }
    }
  },
});

/** Where it does not say, a policy limits what comes in, and what goes out if it has rules for that. */
function limits(policy: Place, direction: string): boolean {
  const types = policy.at("spec", "policyTypes");
  if (types.items.length > 0) return types.texts.includes(direction);
  return direction === "Ingress" || policy.at("spec", "egress").items.length > 0;
}

function selects(policy: Place, pod: Place): boolean {
  const selector = policy.at("spec", "podSelector");
  const label = (key: string) => pod.at("metadata", "labels", key).text;
  const matches = selector.at("matchLabels").entries.every(([key, value]) => label(key) === value.text);
  return (
    matches &&
    selector.at("matchExpressions").items.every((expression) => {
      const value = label(expression.at("key").text ?? "");
      const values = expression.at("values").texts;
      switch (expression.at("operator").text) {
        case "In":
          return value !== undefined && values.includes(value);
        case "NotIn":
          return value === undefined || !values.includes(value);
        case "Exists":
          return value !== undefined;
        case "DoesNotExist":
          return value === undefined;
        default:
          return false;
      }
    })
  );
}
