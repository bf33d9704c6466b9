import { type Resource, unknown } from "../../policy/place";
import { message, type Rule } from "../../policy/rule";
import { rules } from "../../policy/rules";

/** An object as the program registers it; `name` is also its name in the program. */
function object(kind: string, name: string, rest: Record<string, unknown> = {}, namespace = "a"): Resource {
  const metadata = { name, namespace, ...(isRecord(rest["metadata"]) ? rest["metadata"] : {}) };
  const type = `kubernetes:${kind.includes("/") ? kind : `core/v1:${kind}`}`;
  return {
    urn: `urn:pulumi:s::p::${type}::${name}`,
    type,
    name,
    props: { ...rest, metadata },
    protect: false,
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const security = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};
const amounts = { cpu: "100m", memory: "64Mi" };
const probe = { httpGet: { path: "/", port: 80 } };
const good = {
  name: "main",
  image: "docker.io/library/traefik:v3.7.14",
  securityContext: security,
  resources: { requests: amounts, limits: amounts },
  readinessProbe: probe,
  livenessProbe: probe,
};
const podOf = (container: object, spec: object = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [container], ...spec },
});
const deployment = (container: object, spec: object = {}, more: object = {}) =>
  object("apps/v1:Deployment", "web", { spec: { template: podOf(container, spec), ...more } });
const only = "spec.template.spec.containers[0]";

function rule(name: string): Rule {
  const found = rules.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no rule ${name}`);
  return found;
}

/** Names of the rules that a table below judged with a failing object. */
const shown = new Set<string>();

type Row = [title: string, resources: Resource | Resource[], expected: string[], settings?: object];

/** Each row's findings, by where they are. */
function table(name: string, rows: Row[]): void {
  shown.add(name);
  describe(name, () => {
    test.each(rows)("%s", (_, resources, expected, settings = {}) => {
      const found = rule(name).judge([resources].flat(), settings);
      expect(found.map(({ place }) => place.path)).toEqual(expected);
      for (const each of found) expect(message(each)).toMatch(/^\S+ \(\w+\).+: \S.+/);
    });
  });
}

const service = (name: string, spec: object) => object("Service", name, { spec });
const withEnv = (name: string, value: unknown) => deployment({ ...good, env: [{ name, value }] });

table("pod-security", [
  ["a restricted pod passes", deployment(good), []],
  [
    "one whose pod says what its container need not passes",
    deployment(
      { ...good, securityContext: { ...security, runAsNonRoot: undefined, seccompProfile: undefined } },
      { securityContext: { runAsNonRoot: true, seccompProfile: { type: "Localhost" } } },
    ),
    [],
  ],
  ["an object without pods passes", object("ConfigMap", "c"), []],
  [
    "a container without any security fails four times",
    deployment({ ...good, securityContext: {} }),
    [
      `${only}.securityContext.allowPrivilegeEscalation`,
      `${only}.securityContext.runAsNonRoot`,
      `${only}.securityContext.capabilities.drop`,
      `${only}.securityContext.seccompProfile.type`,
    ],
  ],
  [
    "a container that undoes what its pod says fails",
    deployment(
      { ...good, securityContext: { ...security, runAsNonRoot: false } },
      { securityContext: { runAsNonRoot: true } },
    ),
    [`${only}.securityContext.runAsNonRoot`],
  ],
  [
    "a privileged root fails",
    deployment({ ...good, securityContext: { ...security, privileged: true, runAsUser: 0 } }),
    [`${only}.securityContext.privileged`, `${only}.securityContext.runAsUser`],
  ],
  [
    "capabilities fail but for the one that opens low ports",
    deployment({
      ...good,
      securityContext: {
        ...security,
        capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "SYS_ADMIN"] },
      },
    }),
    [`${only}.securityContext.capabilities.add[1]`],
  ],
  [
    "an unconfined filter fails",
    deployment({ ...good, securityContext: { ...security, seccompProfile: { type: "Unconfined" } } }),
    [`${only}.securityContext.seccompProfile.type`],
  ],
  [
    "host namespaces fail",
    deployment(good, { hostNetwork: true, hostPID: true, hostIPC: true }),
    ["spec.template.spec.hostNetwork", "spec.template.spec.hostPID", "spec.template.spec.hostIPC"],
  ],
  [
    "a folder of the node fails",
    deployment(good, {
      volumes: [
        { name: "x", hostPath: { path: "/" } },
        { name: "y", emptyDir: {} },
      ],
    }),
    ["spec.template.spec.volumes[0].hostPath"],
  ],
  [
    "a host port fails",
    deployment({ ...good, ports: [{ containerPort: 80, hostPort: 80 }] }),
    [`${only}.ports[0].hostPort`],
  ],
  [
    "a kernel setting, SELinux, AppArmor and /proc fail",
    deployment(
      {
        ...good,
        securityContext: {
          ...security,
          procMount: "Unmasked",
          seLinuxOptions: { type: "spc_t", user: "u" },
          appArmorProfile: { type: "Unconfined" },
        },
      },
      { securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } },
    ),
    [
      "spec.template.spec.securityContext.sysctls[0]",
      `${only}.securityContext.procMount`,
      `${only}.securityContext.seLinuxOptions.type`,
      `${only}.securityContext.seLinuxOptions.user`,
      `${only}.securityContext.appArmorProfile.type`,
    ],
  ],
  [
    "a pod of Windows' host fails",
    deployment(good, { securityContext: { windowsOptions: { hostProcess: true } } }),
    ["spec.template.spec.securityContext.windowsOptions.hostProcess"],
  ],
  [
    "an init container is judged too",
    deployment(good, { initContainers: [{ ...good, securityContext: { ...security, privileged: true } }] }),
    ["spec.template.spec.initContainers[0].securityContext.privileged"],
  ],
  ...["apps/v1:StatefulSet", "apps/v1:DaemonSet", "apps/v1:ReplicaSet", "batch/v1:Job"].map((kind): Row => [
    `a ${kind} is judged`,
    object(kind, "x", { spec: { template: podOf(good, { hostPID: true }) } }),
    ["spec.template.spec.hostPID"],
  ]),
  [
    "a CronJob is judged",
    object("batch/v1:CronJob", "x", {
      spec: { jobTemplate: { spec: { template: podOf(good, { hostPID: true }) } } },
    }),
    ["spec.jobTemplate.spec.template.spec.hostPID"],
  ],
  [
    "a bare Pod is judged",
    object("Pod", "x", { spec: { containers: [good], hostPID: true } }),
    ["spec.hostPID"],
  ],
  [
    "a namespace that does not enforce it fails",
    object("Namespace", "a"),
    ['metadata.labels["pod-security.kubernetes.io/enforce"]'],
  ],
  [
    "a namespace that enforces less fails",
    object("Namespace", "a", { metadata: { labels: { "pod-security.kubernetes.io/enforce": "baseline" } } }),
    ['metadata.labels["pod-security.kubernetes.io/enforce"]'],
  ],
  [
    "a spec that is not known fails",
    object("apps/v1:Deployment", "web", { spec: { template: { spec: unknown } } }),
    ["spec.template.spec"],
  ],
  [
    "an excepted object passes",
    deployment(good, { hostPID: true }),
    [],
    { exceptions: { "w*": "reads the processes of its node" } },
  ],
  [
    "an exception of another name changes nothing",
    deployment(good, { hostPID: true }),
    ["spec.template.spec.hostPID"],
    { exceptions: { "w.b": "x", "*x": "y", web2: "z" } },
  ],
]);

table("host-path", [
  [
    "a claim and an empty folder pass",
    deployment(good, {
      volumes: [
        { name: "h", persistentVolumeClaim: { claimName: "home" } },
        { name: "t", emptyDir: {} },
      ],
    }),
    [],
  ],
  [
    "a pod's folder of the node fails",
    deployment(good, { volumes: [{ name: "h", hostPath: { path: "/var" } }] }),
    ["spec.template.spec.volumes[0].hostPath"],
  ],
  [
    "a volume that is one fails",
    object("PersistentVolume", "v", { spec: { local: { path: "/disk" }, hostPath: { path: "/x" } } }),
    ["spec.hostPath", "spec.local"],
  ],
]);

table("resources", [
  ["a container with all four passes", deployment(good), []],
  [
    "a DaemonSet without limits of memory fails",
    object("apps/v1:DaemonSet", "x", {
      spec: { template: podOf({ ...good, resources: { requests: amounts, limits: { cpu: "1" } } }) },
    }),
    [`${only}.resources.limits.memory`],
  ],
  [
    "a container with none fails four times",
    deployment({ ...good, resources: undefined }),
    ["requests.cpu", "requests.memory", "limits.cpu", "limits.memory"].map(
      (path) => `${only}.resources.${path}`,
    ),
  ],
  [
    "what is no amount fails",
    deployment({ ...good, resources: { requests: { cpu: "much", memory: "0" }, limits: amounts } }),
    [`${only}.resources.requests.cpu`, `${only}.resources.requests.memory`],
  ],
  [
    "an init container fails too",
    deployment(good, { initContainers: [{ ...good, resources: { requests: amounts } }] }),
    ["cpu", "memory"].map((key) => `spec.template.spec.initContainers[0].resources.limits.${key}`),
  ],
]);

table("probes", [
  ["both kinds pass", deployment(good), []],
  [
    "a container without fails",
    deployment({ ...good, readinessProbe: undefined, livenessProbe: { periodSeconds: 5 } }),
    [`${only}.readinessProbe`, `${only}.livenessProbe`],
  ],
  [
    "an init container needs none, a sidecar does",
    deployment(good, { initContainers: [{ name: "i" }, { name: "s", restartPolicy: "Always" }] }),
    ["readinessProbe", "livenessProbe"].map((key) => `spec.template.spec.initContainers[1].${key}`),
  ],
  [
    "a Job needs none",
    object("batch/v1:Job", "j", {
      spec: { template: podOf({ ...good, readinessProbe: undefined, livenessProbe: undefined }) },
    }),
    [],
  ],
]);

const sha = `sha256:${"0".repeat(64)}`;
const image = (name: unknown) => deployment({ ...good, image: name });
const chart = (values: unknown) => object("helm.sh/v3:Release", "r", { chart: "web", values });
const repository = "registry.example.com/team/web";

table("image-pinned", [
  ...[
    "traefik:v3.7.14",
    `traefik@${sha}`,
    `registry:5000/a/b:1@${sha}`,
    "localhost/vibecode/workspace:abc",
  ].map((name): Row => [`${name} passes`, image(name), []]),
  ...["traefik", "traefik:latest", `traefik:latest@${sha}`, "registry:5000/a/b", ""].map((name): Row => [
    `"${name}" fails`,
    image(name),
    [`${only}.image`],
  ]),
  [
    "a tag alone fails where digests are asked for",
    image("traefik:v3.7.14"),
    [`${only}.image`],
    { digest: true },
  ],
  ["a digest passes there", image(`traefik:v3.7.14@${sha}`), [], { digest: true }],
  ["half a digest fails", image("traefik:v3.7.14@sha256:abc"), [`${only}.image`], { digest: true }],
  ["an image that is not known fails", image(unknown), [`${only}.image`]],
  [
    "a chart's images pass by tag, by digest and by what the chart chooses",
    chart({
      image: { repository, tag: "v1" },
      hook: { image: { repository, digest: sha } },
      initImage: repository,
    }),
    [],
  ],
  [
    "a chart's tags that move fail, at any depth and in any form",
    chart({
      image: { repository, tag: "latest" },
      parts: [{ webhook: { initImage: `${repository}:latest` } }],
      reload: { image: { tag: "latest", pullPolicy: "Always" } },
    }),
    ["values.image", "values.parts[0].webhook.initImage", "values.reload.image"],
  ],
  [
    "a chart's image without a digest fails where digests are asked for",
    chart({ image: { repository, tag: "v1" }, hook: { image: { repository } }, imagePullPolicy: "Always" }),
    ["values.image", "values.hook.image"],
    { digest: true },
  ],
  [
    "a chart's digests pass there, and what names no image",
    chart({
      image: { repository, tag: "v1", digest: sha },
      hook: { image: { registry: "registry.example.com", repository: "team/web", tag: `v1@${sha}` } },
      other: { image: { pullPolicy: "Always" } },
    }),
    [],
    { digest: true },
  ],
  ["a chart's values that are not known fail", chart({ hook: unknown }), ["values.hook"]],
]);

const trusted = { registries: ["registry.example.com/team", "docker.io/library/redis"] };
table("image-registry", [
  ["the platform's own image passes", deployment(good), []],
  ...[
    "registry.example.com/team/a:1",
    "registry.example.com/team/b/c@sha256:0",
    "redis:8",
    "library/redis:8",
    "docker.io/library/redis",
  ].map((name): Row => [`${name} passes`, image(name), [], trusted]),
  ...[
    "registry.example.com/team2/a:1",
    "registry.example.com.evil/team/a:1",
    "redis-evil:8",
    "me/redis:8",
    "localhost/redis",
  ].map((name): Row => [`${name} fails`, image(name), [`${only}.image`], trusted]),
  [
    "a chart's trusted images pass",
    chart({
      image: { repository, tag: "v1" },
      hook: { image: { registry: "registry.example.com", repository: "team/web" } },
      initImage: "redis:8",
    }),
    [],
    trusted,
  ],
  [
    "a chart's others fail, at any depth and in any form",
    chart({
      image: { repository: "registry.example.com/team2/web", digest: sha },
      hook: { image: { registry: "evil.example.com", repository: "team/web" } },
      parts: [{ initImage: "me/redis:8" }],
    }),
    ["values.image", "values.hook.image", "values.parts[0].initImage"],
    trusted,
  ],
]);

table("service-account-token", [
  ["a pod that has none passes", deployment(good, { automountServiceAccountToken: false }), []],
  ["one with an account of its own passes", deployment(good, { serviceAccountName: "traefik" }), []],
  ["one that does not say fails", deployment(good), ["spec.template.spec.automountServiceAccountToken"]],
  [
    "one of the default account that wants it fails",
    deployment(good, { serviceAccountName: "default", automountServiceAccountToken: true }),
    ["spec.template.spec.automountServiceAccountToken"],
  ],
]);

table("service-door", [
  ["a Service inside the cluster passes", service("s", { ports: [] }), []],
  ["the ingress's own passes", service("ingress-service", { type: "LoadBalancer" }), []],
  ["another NodePort fails", service("s", { type: "NodePort" }), ["spec.type"]],
  ["another LoadBalancer fails", service("s", { type: "LoadBalancer" }), ["spec.type"]],
  ["addresses of the world fail", service("s", { externalIPs: ["192.0.2.1"] }), ["spec.externalIPs"]],
  ["a type that is not known fails", service("s", { type: unknown }), ["spec.type"]],
]);

const role = (kind: string, rules: object[], more: object = {}) =>
  object(`rbac.authorization.k8s.io/v1:${kind}`, "r", { rules, ...more });
const binding = (name: string, subject = "alice") =>
  object("rbac.authorization.k8s.io/v1:ClusterRoleBinding", "b", {
    roleRef: { kind: "ClusterRole", name },
    subjects: [{ kind: "Group", name: subject }],
  });
table("rights", [
  [
    "a role that names all passes",
    role("ClusterRole", [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }]),
    [],
  ],
  [
    "wildcards fail, wherever they are",
    role("ClusterRole", [
      { apiGroups: ["*"], resources: ["pods/*"], verbs: ["*"] },
      { nonResourceURLs: ["/api/*"], verbs: ["get"] },
    ]),
    ["rules[0].apiGroups[0]", "rules[0].resources[0]", "rules[0].verbs[0]", "rules[1].nonResourceURLs[0]"],
  ],
  [
    "a Role's wildcard fails too",
    role("Role", [{ apiGroups: [""], resources: ["*"], verbs: ["get"] }]),
    ["rules[0].resources[0]"],
  ],
  [
    "verbs that lead to any right fail",
    role("ClusterRole", [
      { apiGroups: [""], resources: ["users"], verbs: ["impersonate", "bind", "escalate"] },
    ]),
    ["rules[0].verbs[0]", "rules[0].verbs[1]", "rules[0].verbs[2]"],
  ],
  [
    "an aggregated role fails",
    role("ClusterRole", [], { aggregationRule: { clusterRoleSelectors: [] } }),
    ["aggregationRule"],
  ],
  ["the cluster's admin fails", binding("cluster-admin"), ["roleRef.name"]],
  ["everybody fails", binding("view", "system:authenticated"), ["subjects[0].name"]],
  ["a role for one group passes", binding("view"), []],
]);

const drawn = "q7Zr2LxV9bTn4KwD8sYf1MhP6cGj3RtX";
table("plain-secret", [
  [
    "plain configuration passes",
    object("ConfigMap", "c", {
      data: { "a.yaml": "log: { level: info }\nurl: https://auth.example.com:8443/api\n" },
    }),
    [],
  ],
  [
    "a token in a file fails",
    object("ConfigMap", "c", { data: { "a.yaml": "x: 1", "b.yaml": `token: ${drawn}` } }),
    ['data["b.yaml"]'],
  ],
  [
    "one in bytes fails",
    object("ConfigMap", "c", { binaryData: { b: Buffer.from(`key=${drawn}`).toString("base64") } }),
    ["binaryData.b"],
  ],
  ["the same in a Secret passes", object("Secret", "s", { stringData: { token: drawn } }), []],
  ["a token in a variable fails", withEnv("X", drawn), [`${only}.env[0].value`]],
  [
    "a password made of words fails by its variable's name",
    withEnv("DB_PASSWORD", "correct horse"),
    [`${only}.env[0].value`],
  ],
  ["the path of a password's file passes", withEnv("DB_PASSWORD", "/etc/secrets/password"), []],
  [
    "a variable from a Secret passes",
    deployment({
      ...good,
      env: [{ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
    }),
    [],
  ],
  [
    "a token in an argument fails",
    deployment({ ...good, command: ["run"], args: ["--x", `--key=${drawn}`] }),
    [`${only}.args[1]`],
  ],
  [
    "unknown values are named, and what comes after them is judged",
    object("ConfigMap", "c", { data: { a: unknown, b: drawn } }),
    ["data.a", "data.b"],
  ],
]);

interface Route {
  host?: string;
  hosts?: string[];
  middlewares?: string;
  entry?: string;
}
const alicesHost = "alice.dev.localhost";
const ingress = (
  name: string,
  { host = alicesHost, hosts = [alicesHost], middlewares = "sign-in-alice@file", entry = "websecure" }: Route,
) =>
  object("networking.k8s.io/v1:Ingress", name, {
    metadata: {
      annotations: {
        "traefik.ingress.kubernetes.io/router.middlewares": middlewares,
        "traefik.ingress.kubernetes.io/router.entrypoints": entry,
      },
    },
    spec: { tls: [{ hosts }], rules: [{ host }] },
  });
const guardPath = 'metadata.annotations["traefik.ingress.kubernetes.io/router.middlewares"]';
table("ingress-guard", [
  ["TLS and sign-in pass", ingress("i", {}), []],
  [
    "one middleware for all passes, among others",
    ingress("i", { middlewares: "headers@file, sign-in@file" }),
    [],
  ],
  ["a wildcard of one label covers it", ingress("i", { hosts: ["*.dev.localhost"] }), []],
  ["a wildcard of two labels does not", ingress("i", { hosts: ["*.localhost"] }), ["spec.tls"]],
  ["no sign-in fails", ingress("i", { middlewares: "headers@file" }), [guardPath]],
  [
    "what only sounds like sign-in fails",
    ingress("i", { middlewares: "sign-in-page,sign-in@kubernetescrd,no-sign-in@file" }),
    [guardPath],
  ],
  ["the page where one signs in passes", ingress("ingress-sign-in-route", { middlewares: "" }), []],
  ["no TLS fails even there", ingress("ingress-sign-in-route", { hosts: [] }), ["spec.tls"]],
  [
    "plain HTTP fails",
    ingress("i", { entry: "web" }),
    ['metadata.annotations["traefik.ingress.kubernetes.io/router.entrypoints"]'],
  ],
  [
    "an Ingress for every host fails",
    object("networking.k8s.io/v1:Ingress", "i", { spec: { defaultBackend: {} } }),
    ["spec.rules", guardPath],
  ],
  [
    "a rule for every host fails",
    object("networking.k8s.io/v1:Ingress", "ingress-sign-in-route", { spec: { rules: [{}] } }),
    ["spec.rules[0].host"],
  ],
]);

const full = {
  "app.kubernetes.io/name": "x",
  "app.kubernetes.io/instance": "y",
  "app.kubernetes.io/part-of": "vibecode",
  "app.kubernetes.io/managed-by": "pulumi",
};
const labelled = (labels: object) => object("ConfigMap", "c", { metadata: { labels } });
table("labels", [
  ["all four pass", labelled(full), []],
  [
    "none fail four times",
    object("ConfigMap", "c"),
    Object.keys(full).map((key) => `metadata.labels["${key}"]`),
  ],
  [
    "another's part fails",
    labelled({ ...full, "app.kubernetes.io/part-of": "other" }),
    ['metadata.labels["app.kubernetes.io/part-of"]'],
  ],
  [
    "what is no object of Kubernetes passes",
    { ...labelled({}), type: "random:index/randomPassword:RandomPassword" },
    [],
  ],
  [
    "a patch of somebody else's object passes",
    { ...labelled({}), type: "kubernetes:core/v1:ConfigMapPatch" },
    [],
  ],
]);

const claim = (spec: object = {}, namespace = "a") =>
  object(
    "PersistentVolumeClaim",
    "home",
    { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Gi" } }, ...spec } },
    namespace,
  );
const userNamespace = object("Namespace", "ws-alice", { metadata: { labels: { "vibecode/user": "alice" } } });
table("data-protected", [
  ["an open volume passes where nothing is asked", claim(), []],
  ["it fails where data must stay", claim(), [""], { required: true }],
  ["it passes where the stack retains", claim(), [], { required: true, retained: true }],
  ["it passes where the engine protects it", { ...claim(), protect: true }, [], { required: true }],
  ["a user's namespace fails too", userNamespace, [""], { required: true }],
  ["another namespace may go", object("Namespace", "a"), [], { required: true }],
]);

const before = (retained = false) => ({
  kept: {
    [claim().urn]: {
      name: "home",
      kind: "PersistentVolumeClaim",
      object: "home",
      namespace: "a",
      retained,
      spec: { accessModes: ["ReadWriteOnce"] },
    },
    [userNamespace.urn]: { name: "ws-alice", kind: "Namespace", object: "ws-alice", retained },
  },
});
table("volume-replaced", [
  ["the same claim passes", claim(), [], before()],
  ["one that grows passes", claim({ resources: { requests: { storage: "20Gi" } } }), [], before()],
  ["a new claim passes", { ...claim({ storageClassName: "fast" }), urn: "another" }, [], before()],
  ["another class fails", claim({ storageClassName: "fast" }), ["spec.storageClassName"], before()],
  [
    "another mode fails, retained or not",
    claim({ accessModes: ["ReadWriteMany"] }),
    ["spec.accessModes"],
    before(true),
  ],
  ["another namespace fails", claim({}, "b"), ["metadata.namespace"], before()],
  [
    "a class that is not known fails",
    claim({ storageClassName: unknown }),
    ["spec.storageClassName"],
    before(),
  ],
]);

const stack: Resource = { urn: "urn:s", type: "pulumi:pulumi:Stack", name: "s", props: {}, protect: false };
const inAlice = { ...before().kept[claim().urn], namespace: "ws-alice" };
table("volume-deleted", [
  ["all that was there passes", [stack, claim(), userNamespace], [], before()],
  ["a claim that goes fails", [stack, userNamespace], [""], before()],
  ["one that the cluster keeps may go", [stack], [], before(true)],
  ["an empty namespace may go", [stack, claim()], [], before()],
  [
    "one with a volume in it may not",
    [stack, claim()],
    [""],
    { kept: { ...before().kept, [claim().urn]: inAlice } },
  ],
]);

const hard = {
  "requests.cpu": "2",
  "requests.memory": "4Gi",
  "limits.cpu": "2",
  "limits.memory": "4Gi",
  pods: "1",
};
const quota = (more: object, user = "alice") =>
  object("ResourceQuota", "q", {
    metadata: { labels: { "vibecode/user": user } },
    spec: { hard: { ...hard, ...more } },
  });
const alice = { users: { alice: { cpu: "2", memory: "4Gi", pods: 1 } } };
table("quota", [
  [
    "the size's own passes, however it is written",
    quota({ "limits.cpu": "2000m", "limits.memory": "4096Mi" }),
    [],
    alice,
  ],
  [
    "more CPU fails",
    quota({ "limits.cpu": "2001m" }),
    ["spec.hard.limits.cpu"].map(() => 'spec.hard["limits.cpu"]'),
    alice,
  ],
  ["more pods fail", quota({ pods: "2" }), ["spec.hard.pods"], alice],
  ["no limit fails", quota({ "limits.memory": undefined }), ['spec.hard["limits.memory"]'], alice],
  [
    "a user of no known size is held to the default",
    quota({ "limits.cpu": "5" }, "bob"),
    ['spec.hard["limits.cpu"]'],
    alice,
  ],
  ["a quota of no user passes", object("ResourceQuota", "q", { spec: { hard: {} } }), []],
]);

const on = (cluster: string, resource: Resource): Resource => ({ ...resource, provider: cluster });
table("user-borders", [
  [
    "a namespace with both passes",
    [userNamespace, object("ResourceQuota", "q", {}, "ws-alice"), object("LimitRange", "l", {}, "ws-alice")],
    [],
  ],
  [
    "one with neighbours' fails twice",
    [userNamespace, object("ResourceQuota", "q", {}, "ws-bob"), object("LimitRange", "l", {}, "ws-bob")],
    ["", ""],
  ],
  [
    "one whose namesake on another cluster has them fails twice",
    [
      on("us", userNamespace),
      on("eu", object("ResourceQuota", "q", {}, "ws-alice")),
      on("eu", object("LimitRange", "l", {}, "ws-alice")),
    ],
    ["", ""],
  ],
  ["a namespace of no user passes", object("Namespace", "a"), []],
]);

const policy = (spec: unknown, namespace = "a") =>
  object("networking.k8s.io/v1:NetworkPolicy", "n", { spec }, namespace);
const both = { policyTypes: ["Ingress", "Egress"] };
table("network-policy", [
  [
    "one on another cluster fails twice",
    [on("us", deployment(good)), on("eu", policy({ podSelector: {}, ...both }))],
    ["", ""],
  ],
  [
    "one on the same cluster passes",
    [on("us", deployment(good)), on("us", policy({ podSelector: {}, ...both }))],
    [],
  ],
  ["one for the whole namespace passes", [deployment(good), policy({ podSelector: {}, ...both })], []],
  [
    "one that names the pod's label passes",
    [deployment(good), policy({ podSelector: { matchLabels: { app: "web" } }, ...both })],
    [],
  ],
  [
    "one by expressions passes",
    [
      deployment(good),
      policy({
        podSelector: {
          matchExpressions: [
            { key: "app", operator: "In", values: ["web"] },
            { key: "x", operator: "DoesNotExist" },
            { key: "app", operator: "Exists" },
            { key: "app", operator: "NotIn", values: ["db"] },
          ],
        },
        ...both,
      }),
    ],
    [],
  ],
  ["none fails both ways", [deployment(good)], ["", ""]],
  ["one of another namespace fails", [deployment(good), policy({ podSelector: {}, ...both }, "b")], ["", ""]],
  [
    "one for other pods fails",
    [deployment(good), policy({ podSelector: { matchLabels: { app: "db" } }, ...both })],
    ["", ""],
  ],
  ["one that limits what comes in alone fails once", [deployment(good), policy({ podSelector: {} })], [""]],
  [
    "two that share the work pass",
    [deployment(good), policy({ podSelector: {} }), policy({ podSelector: {}, policyTypes: ["Egress"] })],
    [],
  ],
  ["a namespace without pods needs none", [object("ConfigMap", "c")], []],
  [
    "a pod that is not known ends it where it is",
    [object("apps/v1:Deployment", "late", { spec: unknown }), deployment(good)],
    ["spec"],
  ],
  [
    "an excepted pod that is not known keeps no other from failing",
    [
      object("apps/v1:Deployment", "late", { spec: unknown }),
      object("apps/v1:Deployment", "later", { spec: unknown }),
      deployment(good),
    ],
    ["", ""],
    { exceptions: { "late*": "somebody else judges it" } },
  ],
  [
    "an excepted policy that is not known covers nobody",
    [deployment(good), policy(unknown)],
    ["", ""],
    { exceptions: { n: "somebody else's" } },
  ],
]);

const asks = { cpu: "1", memory: "1Gi" };
const paid = deployment(
  { ...good, resources: { requests: asks } },
  { initContainers: [{ resources: { requests: { cpu: "3" } } }] },
  { replicas: 2 },
);
const prices = { cpu: 10, memory: 1, disk: 0.5 };
table("budget", [
  ["without a budget nothing is judged", [stack, paid], []],
  // Two pods of 3 CPU, which the init container asks for, and 1 GiB: 62; the volume: 5.
  ["the sum itself passes", [stack, paid, claim()], [], { ...prices, most: 67 }],
  ["a little less fails, at the stack", [stack, paid, claim()], [""], { ...prices, most: 66.9 }],
  [
    "a stopped workspace costs its disk alone",
    [stack, deployment({ ...good, resources: { requests: asks } }, {}, { replicas: 0 }), claim()],
    [],
    { ...prices, most: 5 },
  ],
  [
    "a DaemonSet costs a pod a node",
    [object("apps/v1:DaemonSet", "d", { spec: { template: podOf({ resources: { requests: asks } }) } })],
    [""],
    { ...prices, nodes: 3, most: 32 },
  ],
  [
    "a StatefulSet's volumes count",
    [
      object("apps/v1:StatefulSet", "d", {
        spec: {
          replicas: 2,
          template: podOf({}),
          volumeClaimTemplates: [{ spec: { resources: { requests: { storage: "10Gi" } } } }],
        },
      }),
    ],
    [""],
    { ...prices, most: 9 },
  ],
  [
    "a CronJob costs its run",
    [
      object("batch/v1:CronJob", "d", {
        spec: {
          jobTemplate: { spec: { parallelism: 2, template: podOf({ resources: { requests: asks } }) } },
        },
      }),
    ],
    [""],
    { ...prices, most: 21 },
  ],
]);

test("every rule has a table above", () => {
  expect(rules.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
});

test("a message names the resource, the place, what is wrong and what to change", () => {
  expect(
    rule("service-door")
      .judge([service("s", { type: "NodePort" })], {})
      .map(message),
  ).toEqual([
    "s (Service), spec.type is NodePort, a door past sign-in: leave it out, and route to it by an Ingress (components/route.ts)",
  ]);
});

test("no message quotes what looks like a secret", () => {
  const found = rule("plain-secret").judge([object("ConfigMap", "c", { data: { a: drawn } })], {});
  expect(found.map(message).join()).not.toContain(drawn);
});

describe("mending", () => {
  test("adds the labels that are missing, and leaves wrong ones to be looked at", () => {
    const remedy = rule("labels").remedy?.(labelled({ "app.kubernetes.io/part-of": "other" }), {});
    expect(remedy).toEqual([
      { keys: ["metadata", "labels", "app.kubernetes.io/managed-by"], value: "pulumi" },
    ]);
  });

  test("takes the token from a pod that has no account of its own, and from no other", () => {
    const mend = (spec: object) => rule("service-account-token").remedy?.(deployment(good, spec), {});
    expect(mend({})).toEqual([
      { keys: ["spec", "template", "spec", "automountServiceAccountToken"], value: false },
    ]);
    expect(mend({ serviceAccountName: "traefik" })).toEqual([]);
  });

  test("leaves an excepted object as it is", () => {
    expect(
      rule("labels").remedy?.(object("ConfigMap", "c"), { exceptions: { c: "somebody else's" } }),
    ).toEqual([]);
  });
});

test("an exception without a reason is refused", () => {
  expect(() => rule("labels").judge([object("ConfigMap", "c")], { exceptions: { c: "" } })).toThrow();
});
