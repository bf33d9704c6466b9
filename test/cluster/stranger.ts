import { kubeconfig, kubectl, nodeInside } from "../platform/kubectl";
import { leading, tcp, type Way } from "./attempts";
import { eventually } from "./eventually";
import { kubectlOf } from "./kubectl";

const namespace = "strangers";
const name = "stranger";

/** A pod of no user, in a namespace without policies: nothing holds it but the policies of whom it calls. */
export interface Stranger {
  /** Its address. */
  address: string;
  /** What node prints there with these arguments. */
  node: (args: readonly string[]) => string;
  remove: () => void;
}

/**
 * Starts it with the image of a user's workspace, which has node.
 *
 * @param program what node does there; default nothing
 */
export async function stranger(user: string, program = "setInterval(() => {}, 1e9)"): Promise<Stranger> {
  const read = (...words: string[]) => kubectl("get", ...words).trim();
  const image = read(
    ...["deploy", "-n", `ws-${user}`, "editor"],
    ...["-o", "jsonpath={.spec.template.spec.containers[0].image}"],
  );
  await apply("apply", [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace },
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "node", image, command: ["node", "-e", program] }],
      },
    },
  ]);
  kubectl("wait", "-n", namespace, `pod/${name}`, "--for=condition=Ready", "--timeout=60s");
  return {
    address: read("pod", "-n", namespace, name, "-o", "jsonpath={.status.podIP}"),
    node: (args) => kubectl("exec", "-n", namespace, `pod/${name}`, "--", "node", ...args),
    remove: () => {
      kubectl("delete", "namespace", namespace, "--wait=true");
    },
  };
}

/**
 * Holds that none of these ways leads anywhere from bob's workspace, which its own policy holds, nor from a stranger's
 * pod, and that it is the policies of these namespaces that hold the stranger.
 */
export async function expectHeld(
  ways: Readonly<Record<string, Way>>,
  namespaces: readonly string[],
): Promise<void> {
  const his = { "his own editor": tcp("127.0.0.1", 8080) };
  expect(await leading(nodeInside("bob"), { ...his, ...ways })).toEqual(Object.keys(his));
  const { node, remove } = await stranger("alice");
  const held = async () => {
    expect(await leading(node, ways)).toEqual([]);
  };
  try {
    await held();
    await withoutPolicies(namespaces, () =>
      eventually(async () => {
        expect(await leading(node, ways)).toEqual(Object.keys(ways).sort());
      }),
    );
    await eventually(held);
  } finally {
    remove();
  }
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
