import { z } from "zod";

import { deploy } from "../platform/deploy";
import { kubeconfig } from "../platform/kubectl";
import { eventually } from "./eventually";
import { kubectlOf } from "./kubectl";

// What the API server takes into a user's namespace, asked with every right, so that it is the namespace's borders that
// refuse. In carol's there is room: her workspace is stopped.

let kubectl: ReturnType<typeof kubectlOf>;

beforeAll(async () => {
  kubectl = kubectlOf(kubeconfig());
  await deploy({ users: ["alice", { name: "carol", size: "small", state: "stopped" }] });
}, 600_000);

type Properties = Record<string, unknown>;

const restricted = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  runAsUser: 1000,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

/** A pod as pod security `restricted` wants it, with other properties of its own and of its container. */
const pod = (spec: Properties = {}, container: Properties = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "foreign" },
  spec: {
    containers: [{ name: "one", image: "foreign:1", securityContext: restricted, ...container }],
    ...spec,
  },
});

const within = (...changes: [string, unknown][]) => ({
  securityContext: { ...restricted, ...Object.fromEntries(changes) },
});
const atMost = (limits: Properties) => ({ resources: { limits } });
const volume = (source: Properties) => ({ volumes: [{ name: "own", ...source }] });

const object = (kind: string, spec: Properties) => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "foreign" },
  spec,
});
const service = (type: string) => object("Service", { type, ports: [{ port: 80 }] });

/** What the API server says to an object in a user's namespace: that it would be made, or why not. */
async function asked(user: string, manifest: unknown): Promise<string> {
  const words = ["-n", `ws-${user}`, "create", "--dry-run=server", "-f", "-"];
  try {
    return await kubectl(words, JSON.stringify(manifest));
  } catch (error) {
    return String(error);
  }
}

test("an ordinary pod and Service would be taken where there is room", async () => {
  expect(await asked("carol", pod())).toContain("pod/foreign created");
  expect(await asked("carol", service("ClusterIP"))).toContain("service/foreign created");
});

test.each(["pods=1", "limits.cpu=2", "limits.memory=4Gi", "limits.ephemeral-storage=4Gi"])(
  "a second pod beside the editor is refused by the quota, for %s among others",
  async (what) => {
    await eventually(async () => {
      const answer = await asked("alice", pod());
      expect(answer).toContain("exceeded quota: workspace");
      expect(answer).toMatch(new RegExp(`requested: [^:]*${what.replaceAll(".", "\\.")}`));
    });
  },
  60_000,
);

const two = [
  { name: "one", image: "foreign:1", securityContext: restricted },
  { name: "two", image: "foreign:1", securityContext: restricted },
];

test.each<[string, unknown, string]>([
  [
    "more memory than the size",
    pod({}, atMost({ memory: "3Gi" })),
    "maximum memory usage per Container is 2Gi",
  ],
  ["more CPU than the size", pod({}, atMost({ cpu: "1500m" })), "maximum cpu usage per Container is 1"],
  [
    "more of the node's disk than /tmp",
    pod({}, atMost({ "ephemeral-storage": "5Gi" })),
    "maximum ephemeral-storage usage per Container is 4Gi",
  ],
  [
    "as much of the node's disk in each of two containers",
    pod({ containers: two }),
    "maximum ephemeral-storage usage per Pod is 4Gi",
  ],
])("a pod with %s is refused by the LimitRange", async (_, manifest, reason) => {
  expect(await asked("carol", manifest)).toContain(reason);
});

test.each<[string, unknown, string]>([
  [
    "a privileged container",
    pod({}, within(["privileged", true], ["allowPrivilegeEscalation", true])),
    "privileged",
  ],
  ["root", pod({}, within(["runAsUser", 0])), "runAsUser=0"],
  ["a user who may be root", pod({}, within(["runAsNonRoot", false])), "runAsNonRoot != true"],
  [
    "a way to more rights",
    pod({}, within(["allowPrivilegeEscalation", true])),
    "allowPrivilegeEscalation != false",
  ],
  ["a capability", pod({}, within(["capabilities", { drop: ["ALL"], add: ["NET_RAW"] }])), "capabilities"],
  ["no seccomp", pod({}, within(["seccompProfile", { type: "Unconfined" }])), "seccompProfile"],
  ["a folder of the node", pod(volume({ hostPath: { path: "/" } })), "hostPath"],
  ["the node's network", pod({ hostNetwork: true }), "hostNetwork=true"],
  ["the node's processes", pod({ hostPID: true }), "hostPID=true"],
  ["the node's shared memory", pod({ hostIPC: true }), "hostIPC=true"],
  ["a port of the node", pod({}, { ports: [{ containerPort: 80, hostPort: 80 }] }), "hostPort"],
  ["a file server's volume", pod(volume({ nfs: { server: "nfs.example.com", path: "/" } })), "nfs"],
])("a pod with %s is refused by pod security", async (_, manifest, reason) => {
  const answer = await asked("carol", manifest);
  expect(answer).toContain('violates PodSecurity "restricted:latest"');
  expect(answer).toContain(reason);
});

test.each<[string, unknown, string]>([
  ["a load balancer", service("LoadBalancer"), "services.loadbalancers=1"],
  ["a node port", service("NodePort"), "services.nodeports=1"],
  [
    "a third volume",
    object("PersistentVolumeClaim", {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Mi" } },
    }),
    "persistentvolumeclaims=1",
  ],
])(
  "%s is refused by the quota",
  async (_, manifest, requested) => {
    // What is used may be counted a moment late, and is then counted anew.
    await eventually(async () => {
      const answer = await asked("carol", manifest);
      expect(answer).toContain("exceeded quota: workspace");
      expect(answer).toContain(`requested: ${requested}`);
    });
  },
  60_000,
);

const role = z.object({
  rules: z.array(
    z.object({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) }),
  ),
});

/** Kinds that a role lets somebody make: `pods`, `jobs.batch`. */
function makeable(found: unknown): string[] {
  return role
    .parse(found)
    .rules.filter(({ verbs }) => verbs.includes("create"))
    .flatMap(({ apiGroups, resources }) =>
      resources
        .filter((resource) => !resource.includes("/"))
        .flatMap((resource) => apiGroups.map((group) => (group === "" ? resource : `${resource}.${group}`))),
    );
}

test("of each kind that `kubernetesAccess: edit` lets a user make there are only so many, as the database is everybody's", async () => {
  const kinds = makeable(
    JSON.parse(await kubectl(["get", "clusterrole", "vibecode-workspace-edit", "-o", "json"])),
  );
  expect(kinds).toContain("configmaps");
  const hard = ["-n", "ws-alice", "get", "quota", "workspace", "-o", "jsonpath={.spec.hard}"];
  const counted = Object.keys(z.record(z.string(), z.string()).parse(JSON.parse(await kubectl(hard))));
  expect(kinds.filter((kind) => !counted.includes(`count/${kind}`))).toEqual([]);
});
