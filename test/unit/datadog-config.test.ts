import { datadog, datadogMistakes, datadogSecretKeys } from "../../infra/monitoring-datadog";
import { everything, keys, make, place } from "./datadog-component";
import { at } from "./mocks";
import { judged } from "./policy-judged";

const config = (settings: object, more: object = {}) => ({
  monitoring: { datadog: { site: "datadoghq.eu", ...settings } },
  monitoringSecrets: keys,
  ingress: { replicas: 2 },
  auth: { kind: "authelia", replicas: 2 },
  ...more,
});
const mistakes = (settings: object, more: object = {}) =>
  datadogMistakes(config(settings, more)).map(({ path, message }) => `${path.join(".")} ${message}`);
const watermark = (marks: object) => ({
  kind: "watermark",
  max: 6,
  cpu: { low: "100m", high: "400m" },
  ...marks,
});

test("what can be switched on at once is no mistake", () => {
  expect(datadog.safeParse({ site: "datadoghq.eu", ...everything }).error).toBeUndefined();
  expect(mistakes(everything)).toEqual([]);
});

test("a stack without Datadog needs no keys of it", () => {
  expect(datadogMistakes({})).toEqual([]);
  expect(datadogMistakes({ monitoring: { prometheus: { kind: "none" } } })).toEqual([]);
});

test("each key that is not set is said by its name, with the command that sets it", () => {
  expect(mistakes({}, { monitoringSecrets: {} })).toEqual(
    ["datadogApiKey", "datadogAppKey"].map(
      (key) =>
        `monitoringSecrets.${key} must be set with monitoring.datadog: \`pulumi config set --secret --path 'vibecode:monitoringSecrets.${key}'\``,
    ),
  );
  expect(mistakes({}, { monitoringSecrets: undefined })).toHaveLength(2);
  expect(mistakes({}, { monitoringSecrets: { datadogApiKey: keys.datadogApiKey } })).toHaveLength(1);
});

test.each([
  [
    "autoscaling.traefik.max must be more than ingress.replicas, which is 2",
    { traefik: watermark({ max: 2 }) },
    {},
  ],
  [
    "autoscaling.authelia.max must be more than auth.replicas, which is 2",
    { authelia: { kind: "datadog", max: 2 } },
    {},
  ],
  [
    "autoscaling.traefik.cpu.high must be more than low, 1",
    { traefik: watermark({ cpu: { low: "1", high: "500m" } }) },
    {},
  ],
  [
    "autoscaling.authelia must be left out with auth.kind oauth2-proxy",
    { authelia: { kind: "datadog", max: 5 } },
    { auth: { kind: "oauth2-proxy" } },
  ],
  [
    "autoscaling.controller must be left out where nothing is kept between watermarks",
    { traefik: { kind: "datadog", max: 5 }, controller: "./charts/watermark" },
    {},
  ],
])("%s", (message, autoscaling, more) => {
  expect(mistakes({ autoscaling }, more)).toEqual([`monitoring.datadog.${message}`]);
});

test("the cluster has a name that Datadog takes", () => {
  for (const name of ["production", "eu-1", "cluster"])
    expect(mistakes({}, { cluster: { name } })).toEqual([]);
  for (const name of ["Production", "arn:aws:eks", "a--b", "a".repeat(41)])
    expect(mistakes({}, { cluster: { name } })).toEqual([
      "cluster.name must be lower case letters, digits and single dashes, at most 40 characters, with monitoring.datadog",
    ]);
});

test("nobody can visit a sign-in page that is not there", () => {
  expect(mistakes({ signInPage: { locations: ["aws:eu-west-1"] } }, { auth: { kind: "basic" } })).toEqual([
    "monitoring.datadog.signInPage must be left out with auth.kind basic, which has no page of its own",
  ]);
});

test.each<[string, object, string]>([
  ["an unknown site", { site: "datadog.com" }, "must be the site of your account, such as datadoghq.eu"],
  ["nobody's handle", { notify: ["#slack"] }, "must be whom to tell, as Datadog writes it: @slack-platform"],
  ["an unknown key", { traces: true }, "has no place here: the keys are site, env,"],
  [
    "a workspace's autoscaler",
    { autoscaling: { alice: watermark({}) } },
    "has no place here: the keys are traefik, authelia, controller",
  ],
  [
    "watermarks of nothing",
    { autoscaling: { traefik: { kind: "watermark", max: 3 } } },
    "must go by something: cpu, memory or metric",
  ],
  [
    "a time zone that is none",
    { downtimes: { a: { rule: "FREQ=DAILY", duration: "1h", timezone: "Mars" } } },
    "must be a time zone such as Europe/Berlin",
  ],
  [
    "a rule that is none",
    { downtimes: { a: { rule: "daily", duration: "1h", timezone: "UTC" } } },
    "must be a rule such as FREQ=WEEKLY;BYDAY=SU",
  ],
  [
    "an objective that nobody can keep",
    { objectives: { signIn: 100 } },
    "must be percent: more than 0, less than 100",
  ],
])("%s is refused with what is allowed", (_, settings, message) => {
  const found = datadog.safeParse({ site: "datadoghq.eu", ...settings }).error?.issues ?? [];
  expect(found.map((issue) => issue.message)).toEqual([expect.stringContaining(message)]);
});

test.each([
  ["datadogApiKey", "short", "must be an API key of Datadog"],
  ["datadogApiKey", keys.datadogAppKey, "must be an API key of Datadog; this looks like the other key"],
  [
    "datadogAppKey",
    keys.datadogApiKey,
    "must be an application key of Datadog; this looks like the other key",
  ],
] as const)("a %s that is none is refused, and not quoted", (name, value, message) => {
  const issues = datadogSecretKeys[name].safeParse(value).error?.issues ?? [];
  expect(issues.map((issue) => issue.message)).toEqual([message]);
  expect(JSON.stringify(issues)).not.toContain(value);
});

test("it keeps to every rule of the policy but the one that is excepted by name", async () => {
  const made = await make(place(everything));
  const resources = made.map((one) => ({
    ...one,
    parent: "",
    retainOnDelete: false,
    provider: "cluster",
  }));
  const run = { resources, keys: [], outputs: {}, secretOutputs: [] };
  const settings = { "image-registry": { registries: ["registry.example.com/"] } };
  const found = judged(run, settings);
  expect(found.map((line) => line.split(":")[0])).toEqual(["pod-security"]);
  expect(found[0]).toContain("datadog-namespace (Namespace)");
  const exceptions = { "datadog-namespace": "the agents read the node's own files" };
  expect(judged(run, { ...settings, "pod-security": { exceptions } })).toEqual([]);
  const namespace = made.find(({ name }) => name === "datadog-namespace")?.inputs;
  expect(at(namespace, "metadata", "labels", "pod-security.kubernetes.io/enforce")).toBe("privileged");
});
