import { containerSecurity, podSecurity } from "../../components/security";
import { instance } from "../../local/cluster/embedded/instance";
import { firstProcess } from "../../local/cluster/embedded/supervisor";
import { deploy } from "../platform/deploy";
import { inWorkspace, kubeconfig, kubectl, podAddress } from "../platform/kubectl";
import { leading, tcp, udp, type Way } from "./attempts";
import { behind } from "./behind";
import { eventually } from "./eventually";
import { kubectlOf } from "./kubectl";
import { listening } from "./listening";

// Traefik's own image holds no program but Traefik, so a pod beside it tries what Traefik could: the policy is for
// every pod of the namespace. What workspaces reach of Traefik is in isolation.test.ts.

jest.setTimeout(120_000);

const ours = "vibecode-ingress";
const strangers = "ingress-network";
const apply = (objects: readonly object[]) =>
  kubectlOf(kubeconfig())(
    ["apply", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
  );

const get = (...words: string[]): string => kubectl("get", ...words).trim();
const inside = (namespace: string) => (args: readonly string[]) =>
  kubectl("exec", "-n", namespace, "pod/probe", "--", "node", ...args);

/** A pod that answers at the door's ports, at the health check's and at an editor's; workspaces know Traefik by name. */
const probe = (namespace: string, image: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "probe", namespace, labels: { probe: "yes", "app.kubernetes.io/name": "traefik" } },
  spec: {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    securityContext: podSecurity(1000),
    containers: [
      {
        name: "probe",
        image,
        command: ["node", "-e", listening([8000, 8443, 8082, 8080])],
        securityContext: containerSecurity,
      },
    ],
  },
});

const internet = "203.0.113.7";
let neighbour: Awaited<ReturnType<typeof behind>> | undefined;
let out: Record<"permitted" | "forbidden", Record<string, Way>>;
let into: Record<"permitted" | "forbidden", Record<string, Way>>;

beforeAll(async () => {
  await deploy({ users: ["alice", "bob"] });
  const first = await firstProcess(instance("test"));
  if (first === undefined) throw new Error("the cluster does not run");
  neighbour = await behind([internet], 443, first);
  inWorkspace("alice", `{ node -e '${listening([9999])}' >/dev/null 2>&1 & }`);
  const image = get(
    ...["deploy", "-n", "ws-alice", "editor", "-o", "jsonpath={.spec.template.spec.containers[0].image}"],
  );
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: strangers } };
  await apply([namespace, probe(strangers, image), probe(ours, image)]);
  for (const where of [ours, strangers]) {
    kubectl("wait", "-n", where, "pod/probe", "--for=condition=Ready", "--timeout=60s");
  }
  const node = process.env["VIBECODE_TEST_NODE"] ?? "";
  const alice = podAddress("ws-alice", "app=editor");
  const [dns, stranger] = [podAddress("kube-system", "k8s-app=kube-dns"), podAddress(strangers, "probe=yes")];
  out = {
    permitted: {
      "alice's editor": tcp(alice, 8080),
      "bob's editor, by name": tcp("editor.ws-bob.svc.cluster.local", 8080),
      "names, by UDP": udp("10.96.0.10", 53),
      "names, by TCP": tcp("10.96.0.10", 53),
      "the API server": tcp(node, 6443),
      "the API server, by its Service": tcp("10.96.0.1", 443),
    },
    forbidden: {
      "another port of alice's": tcp(alice, 9999),
      "an editor's port, by UDP": udp(stranger, 8080),
      "an editor's port of no user": tcp(stranger, 8080),
      "CoreDNS's health": tcp(dns, 8080),
      kubelet: tcp(node, 10250),
      "kube-proxy": tcp(node, 10256),
      "the internet, by the API server's port": tcp(internet, 443),
    },
  };
  const own = podAddress(ours, "probe=yes");
  into = {
    permitted: { "plain HTTP": tcp(own, 8000), HTTPS: tcp(own, 8443) },
    forbidden: {
      "the health check": tcp(own, 8082),
      "any other port": tcp(own, 8080),
      "a UDP port": udp(own, 8443),
    },
  };
}, 600_000);

afterAll(async () => {
  await neighbour?.remove();
  kubectl("delete", "pod", "-n", ours, "probe", "--ignore-not-found", "--wait=false");
  kubectl("delete", "namespace", strangers, "--ignore-not-found", "--wait=false");
});

const names = (...ways: Record<string, Way>[]): string[] => ways.flatMap((way) => Object.keys(way)).sort();

test.each([
  ["from Traefik's namespace", ours, () => out],
  ["from anywhere to Traefik's namespace", strangers, () => into],
])("%s every permitted way leads somewhere, and no forbidden one", async (_, begin, ways) => {
  const { permitted, forbidden } = ways();
  await eventually(async () => {
    expect(await leading(inside(begin), permitted)).toEqual(names(permitted));
  });
  expect(await leading(inside(begin), forbidden)).toEqual([]);
});

test("without the policies all of them lead somewhere", async () => {
  const open = [ours, "ws-alice"].map((namespace) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "all", namespace },
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [{}], egress: [{}] },
  }));
  await apply(open);
  try {
    await eventually(async () => {
      expect(await leading(inside(ours), { ...out.permitted, ...out.forbidden })).toEqual(
        names(out.permitted, out.forbidden),
      );
      expect(await leading(inside(strangers), { ...into.permitted, ...into.forbidden })).toEqual(
        names(into.permitted, into.forbidden),
      );
    });
  } finally {
    for (const { metadata } of open) kubectl("delete", "networkpolicy", "-n", metadata.namespace, "all");
  }
});
