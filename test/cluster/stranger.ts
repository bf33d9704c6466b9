import { kubeconfig, kubectl } from "../platform/kubectl";
import { kubectlOf } from "./kubectl";

const namespace = "strangers";

/** A pod of no user, in a namespace without policies: nothing holds it but the policies of whom it calls. */
export interface Stranger {
  /** What node prints there with these arguments. */
  node: (args: readonly string[]) => string;
  remove: () => void;
}

/** Starts it with the image of a user's workspace, which has node. */
export async function stranger(user: string): Promise<Stranger> {
  const image = kubectl(
    ...["get", "deploy", "-n", `ws-${user}`, "editor"],
    ...["-o", "jsonpath={.spec.template.spec.containers[0].image}"],
  ).trim();
  await apply("apply", [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "stranger", namespace },
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "node", image, command: ["sleep", "infinity"] }],
      },
    },
  ]);
  kubectl("wait", "-n", namespace, "pod/stranger", "--for=condition=Ready", "--timeout=60s");
  return {
    node: (args) => kubectl("exec", "-n", namespace, "pod/stranger", "--", "node", ...args),
    remove: () => {
      kubectl("delete", "namespace", namespace, "--wait=true");
    },
  };
}

/** Allows everything in these namespaces while `work` runs: policies add up, so it is as if there were none. */
export async function withoutPolicies(
  namespaces: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  await apply(
    "create",
    namespaces.map((where) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "all", namespace: where },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [{}], egress: [{}] },
    })),
  );
  try {
    await work();
  } finally {
    for (const where of namespaces) kubectl("delete", "networkpolicy", "-n", where, "all");
  }
}

const apply = (verb: "apply" | "create", items: readonly object[]) =>
  kubectlOf(kubeconfig())([verb, "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
