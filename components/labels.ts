/** Labels that every object of the platform carries, in the names Kubernetes recommends. */
export function labels(name: string, instance: string): Record<string, string> {
  return {
    "app.kubernetes.io/name": name,
    "app.kubernetes.io/instance": instance,
    "app.kubernetes.io/part-of": "vibecode",
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/** The label that says whose an object is. Its value is the user's name. */
export const userLabel = "vibecode/user";
