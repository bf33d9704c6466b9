import { at, find, minimal, runProgram, type Run } from "./mocks";
import { violations } from "./restricted";

const domain = "dev.example.com";
const cloudflare = { provider: { type: "cloudflare" } };
const token = { dnsSecrets: { cloudflareToken: "t0ken" } };
const route53 = { type: "route53", region: "eu-central-1" };

const run = (dns: object, more: Record<string, unknown> = {}) =>
  runProgram({ ...minimal, domain, dns: { kind: "external-dns", ...dns }, ...more });
const deployment = (of: Run) => find(of, "Deployment", "dns-external-dns").inputs;
const pod = (of: Run) => at(deployment(of), "spec", "template", "spec");
const args = (of: Run) => at(pod(of), "containers", 0, "args");
const env = (of: Run) => at(pod(of), "containers", 0, "env");
const service = (of: Run) => at(find(of, "Service", "ingress-service").inputs, "metadata", "annotations");

let made: Run;
beforeAll(async () => {
  made = await run(cloudflare, token);
});

test("one record leads all hosts to the load balancer: each user's, sign-in's and forwarded ports'", () => {
  expect(service(made)).toEqual({ "external-dns.kubernetes.io/hostname": "*.dev.example.com" });
  expect(args(made)).toContain("--annotation-prefix=external-dns.kubernetes.io/");
  const asked = made.resources.filter(({ inputs }) =>
    JSON.stringify(inputs).includes('external-dns.kubernetes.io/hostname"'),
  );
  expect(asked.map(({ name }) => name)).toEqual(["ingress-service"]);
});

test("what the cloud must know of the load balancer stands beside it", async () => {
  const annotations = { "example.com/type": "network" };
  const other = await run(cloudflare, {
    ...token,
    ingress: { exposure: { type: "LoadBalancer", annotations } },
  });
  expect(service(other)).toEqual({
    ...annotations,
    "external-dns.kubernetes.io/hostname": "*.dev.example.com",
  });
});

test("a stack that says nothing has no ExternalDNS, and nothing that asks for one", async () => {
  const other = await runProgram({ ...minimal, domain });
  expect(other.resources.filter(({ name }) => name.startsWith("dns"))).toEqual([]);
  expect(service(other)).toEqual({});
});

describe("ExternalDNS", () => {
  test("may read Services of the ingress's namespace, of which it takes the load balancer, and nothing else", () => {
    const role = find(made, "Role", "dns-role").inputs;
    expect(at(role, "metadata", "namespace")).toBe("vibecode-ingress");
    expect(at(role, "rules")).toEqual([
      { apiGroups: [""], resources: ["services"], verbs: ["get", "list", "watch"] },
    ]);
    expect(find(made, "RoleBinding", "dns-binding").inputs).toMatchObject({
      metadata: { namespace: "vibecode-ingress" },
      subjects: [{ kind: "ServiceAccount", name: "external-dns", namespace: "vibecode-dns" }],
      roleRef: { kind: "Role", name: "vibecode-external-dns" },
    });
    expect(
      made.resources.filter(({ type, name }) => /:ClusterRole/.test(type) && name.startsWith("dns")),
    ).toEqual([]);
    expect(args(made)).toEqual(
      expect.arrayContaining([
        "--source=service",
        "--namespace=vibecode-ingress",
        "--service-type-filter=LoadBalancer",
      ]),
    );
  });

  test("says whose a record is, by the domain, under a name that no workspace has", () => {
    expect(args(made)).toEqual(
      expect.arrayContaining([
        "--registry=txt",
        "--txt-owner-id=vibecode-dev.example.com",
        "--txt-prefix=_%{record_type}-",
        "--txt-wildcard-replacement=wildcard",
      ]),
    );
  });

  test.each(["upsert-only", "sync"])("deletes as the stack says: %s", async (policy) => {
    expect(args(await run({ ...cloudflare, policy }, token))).toContain(`--policy=${policy}`);
  });

  test("deletes nothing where the stack does not say", () => {
    expect(args(made)).toContain("--policy=upsert-only");
  });

  test.each([
    ["the domain", undefined, ["dev.example.com"], ["example.com"]],
    ["one above it", "example.com", ["dev.example.com", "example.com"], ["com", "prod.example.com"]],
  ])(
    "finds its zone where that is %s, and sees no record outside the domain",
    async (_, zone, zones, others) => {
      const list = args(await run({ ...cloudflare, ...(zone === undefined ? {} : { zone }) }, token));
      const filter = Array.isArray(list)
        ? String(list.find((arg) => /^--regex-domain-filter=/.test(String(arg))))
        : "";
      const matches = (name: string) => new RegExp(filter.replace("--regex-domain-filter=", "")).test(name);
      for (const name of [...zones, "*.dev.example.com", "_a-wildcard.dev.example.com"])
        expect([name, matches(name)]).toEqual([name, true]);
      for (const name of [...others, "www.example.com", "devXexample.com", "notdev.example.com"])
        expect([name, matches(name)]).toEqual([name, false]);
    },
  );

  test("is one pod with all restrictions, in a namespace that enforces them, by digest", () => {
    expect(at(deployment(made), "spec", "replicas")).toBe(1);
    expect(violations(pod(made))).toEqual([]);
    expect(at(pod(made), "containers", 0, "image")).toMatch(/external-dns:v[\d.]+@sha256:[0-9a-f]{64}$/);
    const namespace = find(made, "Namespace", "dns-namespace").inputs;
    expect(at(namespace, "metadata")).toMatchObject({
      name: "vibecode-dns",
      labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    });
  });

  test("is asked by nobody, and asks for names, the API server and its provider", async () => {
    const network = { apiServer: ["192.0.2.1/32"], dns: [] };
    const other = await run(cloudflare, { ...token, cluster: { context: "test", network } });
    const spec = at(find(other, "NetworkPolicy", "dns-network").inputs, "spec");
    expect(at(spec, "podSelector")).toEqual({});
    expect(at(spec, "ingress")).toEqual([]);
    expect(at(spec, "egress", 1)).toEqual({
      to: [{ ipBlock: { cidr: "192.0.2.1/32" } }],
      ports: [443, 6443].map((port) => ({ protocol: "TCP", port })),
    });
    expect(at(spec, "egress", 2)).toEqual({ ports: [{ protocol: "TCP", port: 443 }] });
    expect(at(spec, "egress", 3)).toBeUndefined();
  });
});

describe("the provider knows it", () => {
  const fromSecret = { secretKeyRef: { name: "external-dns", key: "credentials" } };
  const annotations = (of: Run) =>
    at(find(of, "ServiceAccount", "dns-account").inputs, "metadata", "annotations");
  const secret = (of: Run) => find(of, "Secret", "dns-secret");

  test("at Cloudflare, by a token in a Secret", () => {
    expect(args(made)).toContain("--provider=cloudflare");
    expect(env(made)).toEqual([{ name: "CF_API_TOKEN", valueFrom: fromSecret }]);
    expect(at(secret(made).inputs, "stringData")).toEqual({ credentials: "t0ken" });
    expect(secret(made).secrets).toEqual(["stringData"]);
  });

  test("and starts again with another token", async () => {
    const hash = (of: Run) =>
      at(deployment(of), "spec", "template", "metadata", "annotations", "vibecode/config-hash");
    expect(hash(made)).toMatch(/^[0-9a-f]{64}$/);
    expect(hash(await run(cloudflare, { dnsSecrets: { cloudflareToken: "other" } }))).not.toBe(hash(made));
  });

  test("at Route 53, by a role, with no secret at all and a way to the place that tells it who it is", async () => {
    const role = "arn:aws:iam::111122223333:role/dns";
    const other = await run({ provider: { ...route53, role } });
    expect(args(other)).toEqual(expect.arrayContaining(["--provider=aws", "--aws-zone-type=public"]));
    expect(annotations(other)).toEqual({ "eks.amazonaws.com/role-arn": role });
    expect(env(other)).toEqual([{ name: "AWS_REGION", value: "eu-central-1" }]);
    expect(other.resources.map(({ name }) => name)).not.toContain("dns-secret");
    const egress = at(find(other, "NetworkPolicy", "dns-network").inputs, "spec", "egress", 3);
    expect(JSON.stringify(egress)).toContain("169.254.170.23/32");
  });

  test("at Route 53, by an access key", async () => {
    const other = await run(
      { provider: { ...route53, accessKeyId: "AKIAIOSFODNN7EXAMPLE" } },
      { dnsSecrets: { awsSecretAccessKey: "s3cret" } },
    );
    expect(env(other)).toEqual([
      { name: "AWS_REGION", value: "eu-central-1" },
      { name: "AWS_ACCESS_KEY_ID", value: "AKIAIOSFODNN7EXAMPLE" },
      { name: "AWS_SECRET_ACCESS_KEY", valueFrom: fromSecret },
    ]);
    expect(annotations(other)).toEqual({});
  });

  test("at Cloud DNS, by a service account or by a key in a file", async () => {
    const google = { type: "google", project: "example-dns" };
    const serviceAccount = "dns@example-dns.iam.gserviceaccount.com";
    const other = await run({ provider: { ...google, serviceAccount } });
    expect(args(other)).toEqual(
      expect.arrayContaining(["--provider=google", "--google-project=example-dns"]),
    );
    expect(annotations(other)).toEqual({ "iam.gke.io/gcp-service-account": serviceAccount });
    expect(env(other)).toEqual([]);

    const keyed = await run({ provider: google }, { dnsSecrets: { googleKey: "{}" } });
    expect(env(keyed)).toEqual([
      { name: "GOOGLE_APPLICATION_CREDENTIALS", value: "/credentials/credentials" },
    ]);
    expect(at(pod(keyed), "containers", 0, "volumeMounts", 0, "mountPath")).toBe("/credentials");
  });
});
