import { at, find, minimal, runProgram, type Registered, type Run } from "./mocks";
import { violations } from "./restricted";

/** Everything registered, as `<type> <name>`, without the module in a type: `Deployment alice-editor`. */
const summary = (resources: Registered[]) =>
  resources.map(({ type, name }) => `${type.split(":").at(-1) ?? ""} ${name}`).sort();

const ofUser = (user: string) => [
  `Deployment ${user}-editor`,
  `Ingress ${user}-route`,
  `LimitRange ${user}-limits`,
  `Namespace ${user}-namespace`,
  `NetworkPolicy ${user}-network`,
  `PersistentVolumeClaim ${user}-extensions`,
  `PersistentVolumeClaim ${user}-home`,
  `RandomPassword sign-in-${user}`,
  `ResourceQuota ${user}-quota`,
  `Service ${user}-editor`,
  `Service ${user}-route`,
  `ServiceAccount ${user}-account`,
  `Workspace ${user}`,
];

const shared = [
  "Auth sign-in",
  "CertRequest certificates-wildcard-request",
  "Certificates certificates",
  "ClusterRole ingress-cluster-role",
  "ClusterRole workspaces-edit",
  "ClusterRoleBinding ingress-cluster-binding",
  "ConfigMap ingress-config",
  "Deployment ingress-traefik",
  "Ingress ingress",
  "IngressClass ingress-class",
  "LocallySignedCert certificates-wildcard",
  "Namespace ingress-namespace",
  "NetworkPolicy ingress-network",
  "PrivateKey certificates-ca-key",
  "PrivateKey certificates-wildcard-key",
  "RandomPassword sign-in-encryption-key-1",
  "Role ingress-role",
  "RoleBinding ingress-binding",
  "Secret ingress-certificate",
  "Secret ingress-sign-in",
  "SelfSignedCert certificates-ca",
  "Service ingress-service",
  "ServiceAccount ingress-account",
  "StackReference last-up",
  "WorkspaceRoles workspaces",
  "kubernetes cluster",
];

describe("with the users alice and bob", () => {
  let run: Run;
  beforeAll(async () => {
    run = await runProgram(minimal);
  });

  test("these resources are registered and no others", () => {
    expect(summary(run.resources)).toEqual([...shared, ...ofUser("alice"), ...ofUser("bob")].sort());
  });

  test("the stack exports addresses, passwords and the authority, and of these the passwords are secret", () => {
    expect(run.outputs).toEqual({
      urls: { alice: "https://alice.dev.localhost", bob: "https://bob.dev.localhost" },
      passwords: { alice: "password of sign-in-alice", bob: "password of sign-in-bob" },
      sshKeys: {},
      volumes: {
        alice: { home: "10Gi", extensions: "2Gi" },
        bob: { home: "10Gi", extensions: "2Gi" },
      },
      sharedVolumes: {},
      ca: "certificate certificates-ca\n",
    });
    expect(run.secretOutputs).toEqual(["passwords"]);
  });

  test("the provider is the cluster of the config, by its identity, and adopts what it finds", () => {
    expect(find(run, "kubernetes", "cluster").inputs).toEqual({
      context: "test",
      clusterIdentifier: "cluster",
      upsertExistingObjects: "true",
      // Replacing what a pod reads would take it away meanwhile.
      enableConfigMapMutable: "true",
      enableSecretMutable: "true",
    });
  });

  test("every object of Kubernetes goes to that provider", () => {
    const objects = run.resources.filter(({ type }) => type.startsWith("kubernetes:"));
    expect(objects.filter(({ provider }) => provider !== "cluster")).toEqual([]);
    expect(objects).toHaveLength(36);
  });

  test("every object has an explicit name and the platform's labels", () => {
    for (const { type, inputs } of run.resources) {
      if (!type.startsWith("kubernetes:")) continue;
      expect(at(inputs, "metadata", "name")).toEqual(expect.any(String));
      expect(at(inputs, "metadata", "labels")).toMatchObject({
        "app.kubernetes.io/part-of": "vibecode",
        "app.kubernetes.io/managed-by": "pulumi",
      });
    }
  });

  test("every namespace enforces pod security `restricted`, and every pod satisfies it", () => {
    const namespaces = run.resources.filter(({ type }) => type.endsWith(":Namespace"));
    expect(namespaces.map(({ inputs }) => at(inputs, "metadata", "name")).sort()).toEqual([
      "vibecode-ingress",
      "ws-alice",
      "ws-bob",
    ]);
    for (const { inputs } of namespaces) {
      expect(at(inputs, "metadata", "labels", "pod-security.kubernetes.io/enforce")).toBe("restricted");
    }
    const deployments = run.resources.filter(({ type }) => type.endsWith(":Deployment"));
    expect(deployments).toHaveLength(3);
    for (const { inputs } of deployments) {
      expect(violations(at(inputs, "spec", "template", "spec"))).toEqual([]);
    }
  });

  test("only a user's namespace, its borders and the volumes outlive the user's leaving", () => {
    expect(summary(run.resources.filter(({ retainOnDelete }) => retainOnDelete))).toEqual([
      "LimitRange alice-limits",
      "LimitRange bob-limits",
      "Namespace alice-namespace",
      "Namespace bob-namespace",
      "NetworkPolicy alice-network",
      "NetworkPolicy bob-network",
      "PersistentVolumeClaim alice-extensions",
      "PersistentVolumeClaim alice-home",
      "PersistentVolumeClaim bob-extensions",
      "PersistentVolumeClaim bob-home",
      "ResourceQuota alice-quota",
      "ResourceQuota bob-quota",
    ]);
  });

  test("no password, hash or private key is an input that is not secret", () => {
    const withSecrets = run.resources.filter(({ inputs }) =>
      /password of|hash of|key of/.test(JSON.stringify(inputs)),
    );
    expect(withSecrets.map(({ name, secrets }) => [name, secrets]).sort()).toEqual([
      ["certificates-ca", ["privateKeyPem"]],
      ["certificates-wildcard", ["caPrivateKeyPem"]],
      ["certificates-wildcard-request", ["privateKeyPem"]],
      ["ingress-certificate", ["stringData"]],
      ["ingress-sign-in", ["stringData"]],
    ]);
  });
});

test("a throw-away stack keeps nothing", async () => {
  const run = await runProgram({ ...minimal, storage: { retain: false } });
  expect(run.resources.filter(({ retainOnDelete }) => retainOnDelete)).toEqual([]);
});

test("the sizes of what all users share are exported, of what the stack has", async () => {
  const data = { postgres: { kind: "own", size: "3Gi", backups: { size: "4Gi" } } };
  const monitoring = { prometheus: { kind: "own", storage: "11Gi" } };
  const exported = async (change: object) =>
    (await runProgram({ ...minimal, auth: { kind: "authelia" }, data, monitoring, ...change })).outputs[
      "sharedVolumes"
    ];
  expect(await exported({})).toEqual({ postgres: "3Gi", backups: "4Gi", valkey: "1Gi", prometheus: "11Gi" });
  expect(await exported({ monitoring: {} })).not.toHaveProperty("prometheus");
});

test("a database that would shrink below the last up's is refused before anything is registered", async () => {
  const config = { ...minimal, auth: { kind: "authelia" } };
  const { outputs } = await runProgram({ ...config, data: { valkey: { kind: "own", size: "2Gi" } } });
  await expect(runProgram(config, { lastOutputs: outputs })).rejects.toThrow(
    "vibecode:data.valkey.size: is missing: must keep its volume of 2Gi: a volume can grow and cannot shrink to 1Gi",
  );
  // By a version that did not export them.
  const { volumes } = outputs;
  await expect(runProgram(config, { lastOutputs: { volumes } })).resolves.toBeDefined();
});

test("a port other than 443 is in the addresses", async () => {
  const run = await runProgram({ ...minimal, ingress: { httpsPort: 8443 } });
  expect(run.outputs["urls"]).toEqual({
    alice: "https://alice.dev.localhost:8443",
    bob: "https://bob.dev.localhost:8443",
  });
});

test("a kubeconfig and a cluster's name reach the provider", async () => {
  const cluster = { kubeconfig: "/home/me/.kube/config", name: "frankfurt" };
  const run = await runProgram({ ...minimal, cluster });
  expect(find(run, "kubernetes", "cluster").inputs).toMatchObject({
    kubeconfig: "/home/me/.kube/config",
    clusterIdentifier: "frankfurt",
  });
});

test("a stack without users has the shared resources alone", async () => {
  const run = await runProgram({ ...minimal, users: [] });
  expect(summary(run.resources)).toEqual(shared);
});

test("a first preview knows every workspace whole, whatever the providers have yet to compute", async () => {
  const [preview, up] = [await runProgram(minimal, { preview: true }), await runProgram(minimal)];
  for (const name of ["Workspace alice", "Workspace bob"]) {
    const of = (run: Run) =>
      run.resources
        .filter(({ parent }) => parent.endsWith(name))
        .map((resource) => [resource.name, resource.inputs]);
    expect(of(preview)).toEqual(of(up));
  }
  const traefik = find(preview, "Deployment", "ingress-traefik");
  expect(at(traefik.inputs, "spec", "template", "spec")).toEqual(
    at(find(up, "Deployment", "ingress-traefik").inputs, "spec", "template", "spec"),
  );
});

/** What differs between two runs: resources that only one has, or whose inputs are not the same. */
function differences(before: Run, after: Run): string[] {
  const inputs = (run: Run) =>
    new Map(run.resources.map((resource) => [summary([resource])[0] ?? "", JSON.stringify(resource)]));
  const [old, now] = [inputs(before), inputs(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key)).sort();
}

test("another size changes that user's Deployment and limits, and nothing else", async () => {
  const found = differences(
    await runProgram({ ...minimal, users: ["alice", "bob"] }),
    await runProgram({ ...minimal, users: ["alice", { name: "bob", size: "large" }] }),
  );
  expect(found).toEqual(["Deployment bob-editor", "LimitRange bob-limits", "ResourceQuota bob-quota"]);
});

test("the order of the users changes nothing in the cluster", async () => {
  const found = differences(
    await runProgram(minimal),
    await runProgram({ ...minimal, users: [...minimal.users].reverse() }),
  );
  expect(found).toEqual([]);
});
