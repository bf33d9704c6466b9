import "reflect-metadata";
import * as x509 from "@peculiar/x509";

import { images } from "../../components/images";
import { parseConfig } from "../../infra/config";
import { ConfigError } from "../../infra/explain";
import { at, engineConfig, find, minimal, runProgram } from "./mocks";

const domain = "dev.example.com";

/** What is wrong with a config that has these keys. */
function mistakes(change: Record<string, unknown>): readonly string[] {
  try {
    parseConfig(engineConfig({ ...minimal, domain, ...change }));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

const role = "arn:aws:iam::111122223333:role/dns";
const acme = (provider: object, more: object = {}) => ({
  certificates: { kind: "cert-manager", email: "ops@example.com", provider, ...more },
});
const dns = (provider: object, more: object = {}) => ({ dns: { kind: "external-dns", provider, ...more } });
const set = (place: string) => `set it with \`pulumi config set --secret --path 'vibecode:${place}'\``;

describe("a mistake is said", () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    [
      "a token that is not there",
      { ...acme({ type: "cloudflare" }), ...dns({ type: "cloudflare" }) },
      ["certificateSecrets", "dnsSecrets"].map(
        (key) =>
          `vibecode:${key}.cloudflareToken: is missing: must be what cloudflare knows the platform by: ${set(`${key}.cloudflareToken`)}`,
      ),
    ],
    [
      "the secret of an access key that is not there",
      dns({ type: "route53", accessKeyId: "AKIAIOSFODNN7EXAMPLE" }),
      [
        `vibecode:dnsSecrets.awsSecretAccessKey: is missing: must be what route53 knows the platform by: ${set("dnsSecrets.awsSecretAccessKey")}`,
      ],
    ],
    [
      "a secret that nobody reads",
      { ...dns({ type: "route53" }), dnsSecrets: { cloudflareToken: "t0ken" } },
      ["vibecode:dnsSecrets.cloudflareToken: this value must go: dns.provider has no use for it"],
    ],
    [
      "two identities",
      dns({ type: "route53", role, accessKeyId: "AKIAIOSFODNN7EXAMPLE" }),
      [
        'vibecode:dns.provider.accessKeyId: "AKIAIOSFODNN7EXAMPLE" must be left out with role: the pod has one identity',
      ],
    ],
    [
      "a role that is none",
      dns({ type: "route53", role: "admin" }),
      [
        'vibecode:dns.provider.role: "admin" must be the ARN of an IAM role: arn:aws:iam::<account>:role/<name>',
      ],
    ],
    [
      "a provider that is not known",
      acme({ type: "dyn" }),
      ['vibecode:certificates.provider.type: "dyn" must be one of cloudflare, route53, google'],
    ],
    [
      "an authority that is not known",
      acme({ type: "route53" }, { server: "buypass" }),
      ['vibecode:certificates.server: "buypass" must be one of lets-encrypt, lets-encrypt-staging'],
    ],
    [
      "an identity for a cert-manager that is not ours",
      acme({ type: "route53", role }, { install: false }),
      [
        `vibecode:certificates.provider.role: "${role}" must be left out with install false: annotate the ServiceAccount of the cluster's cert-manager`,
      ],
    ],
    [
      "a chart from anywhere",
      acme({ type: "route53" }, { chart: "cert-manager" }),
      [
        'vibecode:certificates.chart: "cert-manager" must be a reference with oci://, or the path of a folder',
      ],
    ],
    [
      "a zone that the domain is not in",
      dns({ type: "route53" }, { zone: "example.org" }),
      ['vibecode:dns.zone: "example.org" must be dev.example.com, or a domain above it'],
    ],
    [
      "a record where there is no load balancer",
      { ...dns({ type: "route53" }), ingress: { exposure: { type: "NodePort" } } },
      [
        'vibecode:dns.kind: "external-dns" must be none with ingress.exposure NodePort: there is no load balancer to lead to',
      ],
    ],
    [
      "a mirror with a scheme",
      { images: { ...minimal.images, mirror: "https://registry.example.com" } },
      [
        'vibecode:images.mirror: "https://registry.example.com" must be a registry, with a path or without: registry.example.com/mirror',
      ],
    ],
  ])("%s", (_, change, expected) => {
    expect(mistakes(change)).toEqual(expected);
  });

  test.each<[string, Record<string, unknown>]>([
    ["a token", { ...acme({ type: "cloudflare" }), certificateSecrets: { cloudflareToken: "t" } }],
    ["a role", acme({ type: "route53", role })],
    ["whatever role the cluster gives", dns({ type: "route53" })],
    [
      "a key of Google's",
      { ...dns({ type: "google", project: "example-dns" }), dnsSecrets: { googleKey: "k" } },
    ],
    ["a cert-manager of the cluster's", acme({ type: "google", project: "example-dns" }, { install: false })],
    ["a zone above the domain", dns({ type: "route53" }, { zone: "example.com" })],
  ])("but none of %s", (_, change) => {
    expect(mistakes(change)).toEqual([]);
  });

  test("a token that lies open, without the token", async () => {
    const open = runProgram(
      { ...minimal, domain, ...dns({ type: "cloudflare" }), dnsSecrets: { cloudflareToken: "t0ken" } },
      { secretKeys: [] },
    );
    await expect(open).rejects.toThrow("pulumi config set --secret --path 'vibecode:dnsSecrets.<name>'");
    await expect(open).rejects.not.toThrow("t0ken");
  });
});

/** A certificate by nobody, and its key. */
async function pair(name: string, days = 1): Promise<{ chain: string; key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=test",
    notBefore: new Date(Date.now() - 10 * 86_400_000),
    notAfter: new Date(Date.now() + days * 86_400_000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }])],
  });
  return {
    chain: made.toString("pem"),
    key: x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY"),
  };
}

describe("a certificate of somebody else's", () => {
  const given = ({ chain, key }: { chain: string; key?: string }) => ({
    certificates: { kind: "given", chain },
    ...(key === undefined ? {} : { certificateSecrets: { key } }),
  });

  test("is what Traefik shows, with its key in a secret Secret", async () => {
    const own = await pair(`*.${domain}`);
    expect(mistakes(given(own))).toEqual([]);
    const run = await runProgram({ ...minimal, domain, ...given(own) });
    const secret = find(run, "Secret", "ingress-certificate");
    expect(at(secret.inputs, "stringData")).toEqual({ "tls.crt": own.chain, "tls.key": own.key });
    expect(secret.secrets).toEqual(["stringData"]);
    expect(run.resources.filter(({ type }) => type.startsWith("tls:"))).toEqual([]);
    expect(Object.keys(run.outputs)).not.toContain("ca");
  });

  test("is refused without its key, or with another's", async () => {
    const [own, other] = [await pair(`*.${domain}`), await pair(`*.${domain}`)];
    expect(mistakes(given({ chain: own.chain }))).toEqual([
      `vibecode:certificateSecrets.key: is missing: must be the private key of certificates.chain: ${set("certificateSecrets.key")}`,
    ]);
    expect(mistakes(given({ chain: own.chain, key: other.key }))).toEqual([
      "vibecode:certificateSecrets.key: this value must be the private key of the first certificate in certificates.chain",
    ]);
  });

  test("is refused for another domain, when it ended, and when it is none", async () => {
    expect(mistakes(given(await pair("*.example.org")))).toEqual([
      expect.stringContaining("must begin with a certificate for *.dev.example.com"),
    ]);
    expect(mistakes(given(await pair(`*.${domain}`, -1)))).toEqual([
      expect.stringContaining("must begin with a certificate that is valid: this one ended"),
    ]);
    const begin = "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n";
    expect(mistakes(given({ chain: begin, key: "k" }))).toEqual([
      expect.stringContaining("must be certificates, PEM, that can be read"),
    ]);
  });
});

describe("a mirror", () => {
  const mirror = "registry.example.com:5000/mirror";

  test("has every image of the platform's own, under the path of its own registry", () => {
    const found = parseConfig(engineConfig({ ...minimal, images: { ...minimal.images, mirror } })).images;
    const paths = Object.entries(images).map(([name, image]) => [name, image.replace(/^[^/]+/, mirror)]);
    expect(found).toEqual({ ...Object.fromEntries(paths), ...minimal.images, mirror });
    expect(found.traefik).toMatch(/^registry\.example\.com:5000\/mirror\/library\/traefik:v3/);
  });

  test("has none that the stack names itself", () => {
    const traefik = "quay.example.org/traefik:3";
    const config = { ...minimal, images: { ...minimal.images, traefik, mirror } };
    expect(parseConfig(engineConfig(config)).images).toMatchObject({ traefik, ...minimal.images });
  });

  test("is where every pod's image comes from, cert-manager's too", async () => {
    const run = await runProgram({
      ...minimal,
      domain,
      auth: { kind: "authelia" },
      images: { workspace: `${mirror}/vibecode/workspace:1`, mirror },
      ...acme({ type: "route53" }),
      ...dns({ type: "route53" }),
    });
    const text = JSON.stringify(run.resources.map(({ inputs }) => inputs));
    const pulled = [...text.matchAll(/"(?:image|repository)":"([^"]+)"/g)].map(([, image = ""]) => image);
    expect(pulled.length).toBeGreaterThan(9);
    expect(pulled.filter((image) => !image.startsWith(`${mirror}/`))).toEqual([]);
  });
});
