import { at, find, minimal, runProgram, type Run } from "./mocks";

let run: Run;
beforeAll(async () => {
  run = await runProgram({
    ...minimal,
    users: [{ name: "alice", size: "large" }, "bob"],
    workspace: { home: "20Gi" },
    storage: { class: "fast" },
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

  test("has one container, without capabilities and with a root that cannot be written", () => {
    expect(at(pod(), "containers")).toHaveLength(1);
    expect(at(container(), "securityContext")).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
    });
  });

  test("starts code-server on the volumes without a sign-in of its own", () => {
    expect(container()).toMatchObject({ name: "editor", image: "localhost/workspace:1" });
    expect(at(container(), "args")).toEqual([
      "--bind-addr=0.0.0.0:8080",
      "--auth=none",
      "--disable-telemetry",
      "--disable-update-check",
      "--disable-workspace-trust",
      "--disable-getting-started-override",
      "--extensions-dir=/extensions",
      "--user-data-dir=/home/coder/.local/share/code-server",
      "/home/coder",
    ]);
    expect(at(container(), "volumeMounts")).toEqual([
      { name: "home", mountPath: "/home/coder" },
      { name: "extensions", mountPath: "/extensions" },
      { name: "tmp", mountPath: "/tmp" },
    ]);
    expect(at(pod(), "volumes")).toEqual([
      { name: "home", persistentVolumeClaim: { claimName: "home" } },
      { name: "extensions", persistentVolumeClaim: { claimName: "extensions" } },
      { name: "tmp", emptyDir: { sizeLimit: "2Gi" } },
    ]);
  });

  test.each(["startupProbe", "readinessProbe", "livenessProbe"])("has a %s on /healthz", (probe) => {
    expect(at(container(), probe, "httpGet")).toEqual({ path: "/healthz", port: "http" });
    expect(at(container(), "ports")).toEqual([{ name: "http", containerPort: 8080 }]);
  });

  test("has its size's resources", () => {
    expect(at(container(), "resources")).toEqual({
      requests: { cpu: "1", memory: "2Gi" },
      limits: { cpu: "4", memory: "8Gi" },
    });
    const bob = at(find(run, "Deployment", "bob-editor").inputs, "spec", "template", "spec", "containers", 0);
    expect(at(bob, "resources")).toEqual({
      requests: { cpu: "500m", memory: "1Gi" },
      limits: { cpu: "2", memory: "4Gi" },
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
