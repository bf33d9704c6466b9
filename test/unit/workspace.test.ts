import { at, find, minimal, runProgram, type Run } from "./mocks";

let run: Run;
beforeAll(async () => {
  run = await runProgram({
    ...minimal,
    users: [{ name: "alice", size: "large" }, "bob"],
    storage: { class: "fast", home: "20Gi" },
  });
});

const labels = {
  "app.kubernetes.io/name": "workspace",
  "app.kubernetes.io/instance": "alice",
  "app.kubernetes.io/part-of": "vibecode",
  "app.kubernetes.io/managed-by": "pulumi",
  "vibecode/user": "alice",
};
const inside = (name: string) => ({ name, namespace: "ws-alice", labels });

test("the namespace is the user's and restricted", () => {
  expect(at(find(run, "Namespace", "alice-namespace").inputs, "metadata")).toEqual({
    name: "ws-alice",
    labels: {
      ...labels,
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/enforce-version": "latest",
      "pod-security.kubernetes.io/warn": "restricted",
    },
  });
});

test.each([
  ["home", "20Gi"],
  ["extensions", "2Gi"],
])("the volume %s has %s of the stack's class", (name, storage) => {
  expect(find(run, "PersistentVolumeClaim", `alice-${name}`).inputs).toMatchObject({
    metadata: inside(name),
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } }, storageClassName: "fast" },
  });
});

test("without a class in the stack the cluster's default is not overruled", async () => {
  const { inputs } = find(await runProgram(minimal), "PersistentVolumeClaim", "alice-home");
  expect(at(inputs, "spec")).toEqual({
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "10Gi" } },
  });
});

test("the service account has no token", () => {
  const { inputs } = find(run, "ServiceAccount", "alice-account");
  expect(inputs).toMatchObject({ metadata: inside("workspace"), automountServiceAccountToken: false });
});

describe("the editor's Deployment", () => {
  const spec = () => at(find(run, "Deployment", "alice-editor").inputs, "spec");
  const pod = () => at(spec(), "template", "spec");
  const container = () => at(pod(), "containers", 0);

  test("is one pod at a time, found by `app` alone, which every pod of it has", () => {
    expect(spec()).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 2,
      strategy: { type: "Recreate" },
      selector: { matchLabels: { app: "editor" } },
      template: { metadata: { labels: { app: "editor", ...labels } } },
    });
    expect(at(spec(), "selector", "matchLabels")).toEqual({ app: "editor" });
  });

  test("runs as coder, who owns the volumes, without a token and without Services in its environment", () => {
    expect(pod()).toMatchObject({
      serviceAccountName: "workspace",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
    });
  });

  test.each(["initContainers", "containers"])(
    "has one of %s, without capabilities, its root read-only",
    (list) => {
      expect(at(pod(), list)).toHaveLength(1);
      expect(at(pod(), list, 0, "securityContext")).toEqual({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
      });
    },
  );

  test("starts code-server on the volumes without a sign-in of its own", () => {
    expect(container()).toMatchObject({ name: "editor", image: "localhost/workspace:1" });
    expect(at(container(), "args")).toEqual([
      "--bind-addr=0.0.0.0:8080",
      "--auth=none",
      "--disable-telemetry",
      "--disable-update-check",
      "--disable-workspace-trust",
      "--disable-getting-started-override",
      "--proxy-domain={{port}}--alice.dev.localhost",
      "--extensions-dir=/extensions",
      "--user-data-dir=/home/coder/.local/share/code-server",
      "/home/coder",
    ]);
    expect(at(container(), "volumeMounts")).toEqual([
      { name: "home", mountPath: "/home/coder" },
      { name: "extensions", mountPath: "/extensions" },
      { name: "tmp", mountPath: "/tmp" },
      { name: "claude-code", mountPath: "/etc/claude-code", readOnly: true },
    ]);
    expect(at(pod(), "volumes")).toEqual([
      { name: "home", persistentVolumeClaim: { claimName: "home" } },
      { name: "extensions", persistentVolumeClaim: { claimName: "extensions" } },
      { name: "tmp", emptyDir: { sizeLimit: "4Gi" } },
      { name: "claude-code", emptyDir: { sizeLimit: "1Mi" } },
    ]);
  });

  test.each(["startupProbe", "readinessProbe", "livenessProbe"])("has a %s on /healthz", (probe) => {
    expect(at(container(), probe, "httpGet")).toEqual({ path: "/healthz", port: "http" });
    expect(at(container(), "ports")).toEqual([{ name: "http", containerPort: 8080 }]);
  });

  test("has its size's resources", () => {
    expect(at(container(), "resources")).toEqual({
      requests: { cpu: "1", memory: "2Gi", "ephemeral-storage": "64Mi" },
      limits: { cpu: "4", memory: "8Gi", "ephemeral-storage": "4Gi" },
    });
    const bob = at(find(run, "Deployment", "bob-editor").inputs, "spec", "template", "spec", "containers", 0);
    expect(at(bob, "resources")).toEqual({
      requests: { cpu: "500m", memory: "1Gi", "ephemeral-storage": "64Mi" },
      limits: { cpu: "2", memory: "4Gi", "ephemeral-storage": "4Gi" },
    });
  });
});

test("the Service finds the editor's pods", () => {
  expect(find(run, "Service", "alice-editor").inputs).toMatchObject({
    metadata: inside("editor"),
    spec: { selector: { app: "editor" }, ports: [{ name: "http", port: 8080, targetPort: "http" }] },
  });
});

const besideTraefik = { name: "ws-alice", namespace: "vibecode-ingress", labels };

test("the route's Service is the editor's by its full DNS name", () => {
  expect(find(run, "Service", "alice-route").inputs).toMatchObject({
    metadata: besideTraefik,
    spec: {
      type: "ExternalName",
      externalName: "editor.ws-alice.svc.cluster.local",
      ports: [{ name: "http", port: 8080 }],
    },
  });
});

test("the Ingress has TLS, the user's host alone and the user's sign-in", () => {
  const { inputs } = find(run, "Ingress", "alice-route");
  expect(at(inputs, "metadata")).toEqual({
    ...besideTraefik,
    annotations: {
      "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
      "traefik.ingress.kubernetes.io/router.middlewares": "sign-in-alice@file",
    },
  });
  expect(at(inputs, "spec")).toEqual({
    ingressClassName: "vibecode",
    tls: [{ hosts: ["alice.dev.localhost"] }],
    rules: [
      {
        host: "alice.dev.localhost",
        http: {
          paths: [
            {
              path: "/",
              pathType: "Prefix",
              backend: { service: { name: "ws-alice", port: { name: "http" } } },
            },
          ],
        },
      },
    ],
  });
});

describe("a workspace with everything on", () => {
  const everything = {
    name: "alice",
    fullName: "Alice Ärmel",
    email: "alice@example.com",
    size: "tiny",
    home: "30Gi",
    state: "stopped",
    extensions: ["a.b@1.2.3"],
    sshKey: true,
    dotfiles: "https://example.com/alice/dots",
    kubernetesAccess: "edit",
  };
  const tiny = {
    requests: { cpu: "1", memory: "1Gi" },
    limits: { cpu: "2", memory: "2Gi" },
    quota: { cpu: "8", memory: "16Gi", pods: 5 },
  };
  const settings = {
    ...minimal,
    users: [everything, "bob"],
    secretEnv: { alice: { TOKEN: "hunter2" } },
    cluster: {
      ...minimal.cluster,
      userNamespaces: false,
      network: { pods: ["10.244.0.0/16"], apiServer: ["10.9.9.9/32"], dns: ["169.254.20.10/32"] },
    },
    workspace: {
      sizes: { tiny },
      extensions: ["z.z"],
      gallery: { serviceUrl: "https://gallery.example.com/api" },
      allow: [{ cidr: "10.1.2.3/32", ports: [22] }],
      nodeSelector: { tier: "code-server" },
      tolerations: [{ key: "tier", value: "code-server", effect: "NoSchedule" }],
      runtimeClass: "gvisor",
    },
    claude: {
      model: "opus",
      permissions: { deny: ["WebFetch"] },
      settings: { cleanupPeriodDays: 7 },
      baseUrl: "http://ai.example.com",
    },
    claudeToken: "123456",
    ingress: { httpsPort: 8443 },
  };
  let on: Run;
  beforeAll(async () => {
    on = await runProgram(settings);
  });
  const deployment = (user: string) => at(find(on, "Deployment", `${user}-editor`).inputs, "spec");
  const podOf = (user: string) => at(deployment(user), "template", "spec");

  test("is scheduled where the stack says, in the sandbox that it names", () => {
    expect(podOf("alice")).toMatchObject({
      nodeSelector: { tier: "code-server" },
      tolerations: [{ key: "tier", operator: "Equal", value: "code-server", effect: "NoSchedule" }],
      runtimeClassName: "gvisor",
    });
    expect(podOf("alice")).not.toHaveProperty("hostUsers");
    expect(at(find(run, "Deployment", "alice-editor").inputs, "spec", "template", "spec")).toMatchObject({
      hostUsers: false,
    });
  });

  const silence =
    '{"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC":"1","CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL":"1"}';

  test("tells prepare whose it is and what to bring, and where from", () => {
    const gallery = '{"serviceUrl":"https://gallery.example.com/api"}';
    expect(at(podOf("alice"), "initContainers", 0)).toMatchObject({
      name: "prepare",
      image: "localhost/workspace:1",
      args: ["/opt/workspace/prepare"],
      env: [
        { name: "EXTENSIONS_GALLERY", value: gallery },
        { name: "WORKSPACE_USER", value: "alice" },
        { name: "WORKSPACE_FULL_NAME", value: "Alice Ärmel" },
        { name: "WORKSPACE_EMAIL", value: "alice@example.com" },
        { name: "WORKSPACE_EXTENSIONS", value: "a.b@1.2.3 z.z" },
        { name: "WORKSPACE_DOTFILES", value: "https://example.com/alice/dots" },
        {
          name: "CLAUDE_MANAGED_SETTINGS",
          value: `{"cleanupPeriodDays":7,"env":${silence},"model":"opus","permissions":{"deny":["WebFetch"]}}`,
        },
      ],
    });
  });

  test("gives the editor its port's address, and secrets only by reference", () => {
    const fromSecret = (key: string) => ({
      name: key,
      valueFrom: { secretKeyRef: { name: "workspace", key } },
    });
    expect(at(podOf("alice"), "containers", 0, "env")).toEqual([
      { name: "EXTENSIONS_GALLERY", value: '{"serviceUrl":"https://gallery.example.com/api"}' },
      { name: "ANTHROPIC_BASE_URL", value: "http://ai.example.com" },
      { name: "VSCODE_PROXY_URI", value: "https://{{port}}--alice.dev.localhost:8443" },
      fromSecret("ANTHROPIC_AUTH_TOKEN"),
      fromSecret("TOKEN"),
    ]);
    expect(JSON.stringify(on.resources.filter(({ type }) => !type.endsWith(":Secret")))).not.toMatch(
      /hunter2|123456/,
    );
    const secret = find(on, "Secret", "alice-secret");
    expect(secret.inputs).toMatchObject({
      metadata: { ...inside("workspace") },
      stringData: {
        ANTHROPIC_AUTH_TOKEN: "123456",
        TOKEN: "hunter2",
        id_ed25519: "private half of alice-ssh-key\n",
        "id_ed25519.pub": "public half of alice-ssh-key\n",
      },
    });
    expect(secret.secrets).toContain("stringData");
    expect(at(find(on, "Secret", "bob-secret").inputs, "stringData")).toEqual({
      ANTHROPIC_AUTH_TOKEN: "123456",
    });
  });

  test("is replaced when a secret changes, and says no more of it than that", async () => {
    const annotation = (of: Run) =>
      at(
        find(of, "Deployment", "alice-editor").inputs,
        "spec",
        "template",
        "metadata",
        "annotations",
        "vibecode/secret-hash",
      );
    const other = await runProgram({ ...settings, secretEnv: { alice: { TOKEN: "hunter3" } } });
    expect(annotation(other)).not.toEqual(annotation(on));
    // The mocks call a whole property secret where one value in it is.
    expect(find(on, "Deployment", "alice-editor").secrets).toEqual(["spec"]);
    expect(find(run, "Deployment", "alice-editor").secrets).toEqual([]);
  });

  test("has its SSH key in a file that ssh accepts, and the stack exports the public half", () => {
    expect(at(podOf("alice"), "volumes")).toContainEqual({
      name: "ssh",
      secret: {
        secretName: "workspace",
        defaultMode: 0o440,
        items: [
          { key: "id_ed25519", path: "id_ed25519" },
          { key: "id_ed25519.pub", path: "id_ed25519.pub" },
        ],
      },
    });
    expect(at(podOf("bob"), "volumes")).not.toContainEqual(expect.objectContaining({ name: "ssh" }));
    expect(find(on, "PrivateKey", "alice-ssh-key").inputs).toEqual({ algorithm: "ED25519" });
    expect(on.outputs["sshKeys"]).toEqual({ alice: "public half of alice-ssh-key ws-alice" });
  });

  test("runs no pod while stopped, and its address answers after sign-in", () => {
    expect(at(deployment("alice"), "replicas")).toBe(0);
    const { inputs } = find(on, "Ingress", "alice-route");
    expect(at(inputs, "metadata", "annotations", "traefik.ingress.kubernetes.io/router.middlewares")).toBe(
      "sign-in-alice@file,stopped@file",
    );
    expect(at(deployment("bob"), "replicas")).toBe(1);
  });

  test("gets a role in its own namespace and a token, which nobody else has", () => {
    expect(find(on, "RoleBinding", "alice-access").inputs).toMatchObject({
      metadata: inside("workspace"),
      subjects: [{ kind: "ServiceAccount", name: "workspace", namespace: "ws-alice" }],
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "vibecode-workspace-edit",
      },
    });
    expect(at(podOf("alice"), "automountServiceAccountToken")).toBe(true);
    expect(at(podOf("bob"), "automountServiceAccountToken")).toBe(false);
  });

  test("may use its quota, and without one its limits and nothing beside them", () => {
    const shared = {
      persistentvolumeclaims: "2",
      "count/pods": "100",
      "count/configmaps": "20",
      "count/secrets": "20",
      "count/replicationcontrollers": "5",
      "count/deployments.apps": "10",
      "count/replicasets.apps": "30",
      "count/statefulsets.apps": "5",
      "count/daemonsets.apps": "5",
      "count/controllerrevisions.apps": "30",
      "count/jobs.batch": "20",
      "count/cronjobs.batch": "5",
      "services.loadbalancers": "0",
      "services.nodeports": "0",
    };
    expect(at(find(on, "ResourceQuota", "alice-quota").inputs, "spec", "hard")).toEqual({
      ...shared,
      pods: "5",
      "requests.cpu": "8",
      "limits.cpu": "8",
      "requests.memory": "16Gi",
      "limits.memory": "16Gi",
    });
    expect(at(find(on, "ResourceQuota", "bob-quota").inputs, "spec", "hard")).toEqual({
      ...shared,
      pods: "1",
      "requests.cpu": "2",
      "limits.cpu": "2",
      "requests.memory": "4Gi",
      "limits.memory": "4Gi",
      "limits.ephemeral-storage": "4Gi",
    });
    expect(at(find(on, "LimitRange", "bob-limits").inputs, "spec", "limits")).toEqual([
      {
        type: "Container",
        defaultRequest: { cpu: "500m", memory: "1Gi", "ephemeral-storage": "64Mi" },
        default: { cpu: "2", memory: "4Gi", "ephemeral-storage": "4Gi" },
        max: { cpu: "2", memory: "4Gi", "ephemeral-storage": "4Gi" },
      },
      { type: "Pod", max: { "ephemeral-storage": "4Gi" } },
    ]);
  });

  test("lets an own home go before its size's and the stack's", () => {
    expect(
      at(find(on, "PersistentVolumeClaim", "alice-home").inputs, "spec", "resources", "requests", "storage"),
    ).toBe("30Gi");
  });
});

test("a home that would shrink below the last up's is refused before anything is registered", async () => {
  const lastOutputs = { volumes: { alice: { home: "11Gi", extensions: "2Gi" } } };
  await expect(runProgram(minimal, { lastOutputs })).rejects.toThrow(
    'vibecode:users[0]: "alice" must keep its home of 11Gi: a volume can grow and cannot shrink to 10Gi',
  );
});

test("a secret that is not encrypted in the stack's file is refused", async () => {
  const open = runProgram({ ...minimal, claudeToken: "123456" }, { secretKeys: [] });
  await expect(open).rejects.toThrow("vibecode:claudeToken: this value must be a secret");
});
