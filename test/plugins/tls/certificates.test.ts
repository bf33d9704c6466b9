import { X509Certificate } from "node:crypto";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { Secret } from "../../../local/plugins/server";
import type { PropertyMap } from "../../../local/plugins/server";
import { authority, kind, made, privateKey, text } from "./resources";

const execute = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "vibecode-certificates-"));
});
afterAll(() => fs.rm(folder, { recursive: true }));

async function openssl(...args: string[]): Promise<string> {
  const { stdout, stderr } = await execute("openssl", args, { cwd: folder });
  return `${stdout}\n${stderr}`;
}

const write = (name: string, content: string) => fs.writeFile(path.join(folder, name), content);

async function signed(
  ca: Awaited<ReturnType<typeof authority>>,
  request: PropertyMap,
  args: PropertyMap = {},
) {
  const asked = await made("CertRequest", { privateKeyPem: await privateKey(), ...request });
  return made("LocallySignedCert", {
    ...ca,
    certRequestPem: asked["certRequestPem"],
    allowedUses: ["key_encipherment", "digital_signature", "server_auth"],
    validityPeriodHours: 24,
    ...args,
  });
}

const wildcard = {
  subject: { commonName: "dev.localhost" },
  dnsNames: ["*.dev.localhost", "dev.localhost"],
  ipAddresses: ["127.0.0.1", "::1"],
  uris: ["spiffe://dev.localhost/x"],
};

describe.each([
  ["RSA", { algorithm: "RSA" }],
  ["P256", { algorithm: "ECDSA", ecdsaCurve: "P256" }],
  ["P384", { algorithm: "ECDSA", ecdsaCurve: "P384" }],
  ["P521", { algorithm: "ECDSA", ecdsaCurve: "P521" }],
  ["ED25519", { algorithm: "ED25519" }],
])("an authority with a key of %s", (name, key) => {
  test("signs a wildcard certificate that OpenSSL trusts, strictly, for the hosts it names and no other", async () => {
    const ca = await authority({}, key);
    const leaf = await signed(ca, wildcard);
    await write("ca.pem", ca.caCertPem);
    await write("leaf.pem", text(leaf, "certPem"));
    const check = (host: string) =>
      openssl(
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-verify_hostname",
        host,
        "-CAfile",
        "ca.pem",
        "leaf.pem",
      );
    expect(await check("alice.dev.localhost")).toContain("leaf.pem: OK");
    expect(await check("3000--alice.dev.localhost")).toContain("leaf.pem: OK");
    await expect(check("a.alice.dev.localhost")).rejects.toThrow("hostname mismatch");
    await expect(check("localhost")).rejects.toThrow("hostname mismatch");

    const certificate = new X509Certificate(text(leaf, "certPem"));
    const issuer = new X509Certificate(ca.caCertPem);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(certificate.checkIP("::1")).toBe("::1");
    expect(leaf["caKeyAlgorithm"]).toBe(name.startsWith("P") ? "ECDSA" : name);
  });
});

test("a certificate says what it is for, and the state has the official provider's shape", async () => {
  const ca = await authority();
  const leaf = await signed(ca, wildcard, { setSubjectKeyId: true });
  await write("leaf.pem", text(leaf, "certPem"));
  const printed = await openssl("x509", "-in", "leaf.pem", "-noout", "-text");
  expect(printed).toMatch(/Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
  expect(printed).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/);
  expect(printed).toMatch(/Basic Constraints: critical\s+CA:FALSE\n/);
  expect(printed).toMatch(
    /Subject Alternative Name:\s+DNS:\*\.dev\.localhost, DNS:dev\.localhost, IP Address:127\.0\.0\.1/,
  );
  expect(printed).toContain("URI:spiffe://dev.localhost/x");
  expect(printed).toContain("Subject Key Identifier");
  expect(printed).toContain("Authority Key Identifier");

  const certificate = new X509Certificate(text(leaf, "certPem"));
  expect(leaf).toEqual({
    ...ca,
    id: BigInt(`0x${certificate.serialNumber}`).toString(),
    allowedUses: ["key_encipherment", "digital_signature", "server_auth"],
    caKeyAlgorithm: "ECDSA",
    certPem: leaf["certPem"],
    certRequestPem: leaf["certRequestPem"],
    earlyRenewalHours: 0,
    isCaCertificate: false,
    readyForRenewal: false,
    setSubjectKeyId: true,
    validityEndTime: leaf["validityEndTime"],
    validityPeriodHours: 24,
    validityStartTime: leaf["validityStartTime"],
  });
  const [start, end] = [text(leaf, "validityStartTime"), text(leaf, "validityEndTime")].map((time) =>
    Date.parse(time),
  );
  expect((end ?? 0) - (start ?? 0)).toBe(24 * 3_600_000);
  // The certificate's own times are whole seconds, so it never begins after the moment it was made.
  expect(Date.parse(certificate.validFrom)).toBe(Math.floor((start ?? 0) / 1000) * 1000);
  expect(Date.parse(certificate.validTo)).toBe(Math.floor((end ?? 0) / 1000) * 1000);
});

test("an authority is critical about being one, limits its path, and lives beyond 2050", async () => {
  const ca = await authority({
    maxPathLength: 0,
    validityPeriodHours: 24 * 365 * 40,
    setAuthorityKeyId: true,
  });
  await write("ca.pem", ca.caCertPem);
  const printed = await openssl("x509", "-in", "ca.pem", "-noout", "-text");
  expect(printed).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/);
  expect(printed).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
  expect(printed).toContain("Authority Key Identifier");
  expect(new Date(new X509Certificate(ca.caCertPem).validTo).getFullYear()).toBeGreaterThan(2060);
});

test("every certificate has a serial number of its own", async () => {
  const ca = await authority();
  const serials = await Promise.all(
    Array.from({ length: 20 }, () => signed(ca, wildcard).then(({ id }) => id)),
  );
  expect(new Set(serials).size).toBe(20);
});

test("a name is written as given, whatever is in it", async () => {
  const privateKeyPem = await privateKey();
  const subject = {
    commonName: 'a "quoted", \\escaped+ #1 = name',
    country: "DE",
    emailAddress: "a@example.com",
    locality: "Köln",
    organization: "O",
    organizationalUnit: "U",
    postalCode: "50667",
    province: "NRW",
    serialNumber: "7",
    streetAddresses: ["Domkloster 4"],
  };
  const { certRequestPem } = await made("CertRequest", { privateKeyPem, subject });
  await write("request.pem", String(certRequestPem));
  const printed = await openssl(
    "req",
    "-in",
    "request.pem",
    "-verify",
    "-noout",
    "-subject",
    "-nameopt",
    "utf8,sep_multiline,sname",
  );
  expect(printed).toContain("verify OK");
  const lines = printed.split("\n").map((line) => line.trim());
  expect(lines.filter((line) => /^\w+=./.test(line))).toEqual([
    "C=DE",
    "O=O",
    "OU=U",
    "L=Köln",
    "ST=NRW",
    "street=Domkloster 4",
    "postalCode=50667",
    'CN=a "quoted", \\escaped+ #1 = name',
    "serialNumber=7",
    "emailAddress=a@example.com",
  ]);
});

test("a request without a name makes its alternative names critical", async () => {
  const leaf = await signed(await authority(), { dnsNames: ["dev.localhost"] });
  await write("leaf.pem", text(leaf, "certPem"));
  expect(await openssl("x509", "-in", "leaf.pem", "-noout", "-text")).toContain(
    "Subject Alternative Name: critical",
  );
});

test("private keys are secret in every state", async () => {
  const { caPrivateKeyPem: privateKeyPem, ...ca } = await authority();
  const { state: request } = await kind("CertRequest").make({ privateKeyPem });
  expect(request["privateKeyPem"]).toBeInstanceOf(Secret);
  const args = { allowedUses: [], validityPeriodHours: 1 };
  const { state: self } = await kind("SelfSignedCert").make({ privateKeyPem, ...args });
  expect(self["privateKeyPem"]).toBeInstanceOf(Secret);
  const { certRequestPem } = request;
  const { state: leaf } = await kind("LocallySignedCert").make({
    ...ca,
    ...args,
    certRequestPem,
    caPrivateKeyPem: privateKeyPem,
  });
  expect(leaf["caPrivateKeyPem"]).toBeInstanceOf(Secret);
});

describe("renewal", () => {
  const issued = "2026-11-21T12:00:00.000Z";
  const at = (hours: number) => () => new Date(Date.parse(issued) + hours * 3_600_000);

  test.each([
    ["before the early hours", 10, 13.99, false],
    ["when the early hours begin", 10, 14, true],
    ["after the end", 0, 24, true],
    ["just before the end", 0, 23.99, false],
    ["when the early hours are longer than the life", 48, 0, true],
  ])("%s", async (_, earlyRenewalHours, hours, due) => {
    const args = {
      privateKeyPem: await privateKey(),
      allowedUses: [],
      validityPeriodHours: 24,
      earlyRenewalHours,
    };
    const state = await made("SelfSignedCert", args, at(0));
    expect(state).toMatchObject({ readyForRenewal: false, validityStartTime: issued });
    expect(kind("SelfSignedCert", at(hours)).aged(state)).toEqual({ readyForRenewal: due });
  });
});

describe("a mistake is refused with the argument's name", () => {
  const cert = { privateKeyPem: "x", allowedUses: [], validityPeriodHours: 1 };
  test.each([
    [
      "SelfSignedCert",
      { ...cert, allowedUses: ["certSigning"] },
      "allowedUses.0",
      '"certSigning" is no use of a key; write cert_signing',
    ],
    [
      "SelfSignedCert",
      { ...cert, allowedUses: ["surfing"] },
      "allowedUses.0",
      '"surfing" is no use of a key; allowed are any_extended',
    ],
    [
      "SelfSignedCert",
      { ...cert, isCaCertificate: true, subject: {} },
      "subject",
      "an authority needs at least one part of a name",
    ],
    ["SelfSignedCert", { ...cert, setAuthorityKeyId: true }, "setAuthorityKeyId", "needs setSubjectKeyId"],
    ["SelfSignedCert", { ...cert, validityPeriodHours: -1 }, "validityPeriodHours", "must not be negative"],
    ["SelfSignedCert", { ...cert, ipAddresses: ["300.1.1.1"] }, "ipAddresses.0", "is no IP address"],
    ["SelfSignedCert", { ...cert, subject: { CN: "x" } }, "subject.CN", "does not support this argument"],
    [
      "CertRequest",
      { privateKeyPem: "x", privateKeyPemWo: "y" },
      "privateKeyPemWo",
      "does not support this argument",
    ],
    ["CertRequest", {}, "privateKeyPem", "must be the PEM of a private key"],
  ])("%s of %j: %s", (name, args, property, reason) => {
    expect(kind(name).mistakes(args)).toEqual([
      { property, reason: expect.stringContaining(reason) as unknown },
    ]);
  });

  test("a key that is no key", async () => {
    await expect(made("CertRequest", { privateKeyPem: "x" })).rejects.toThrow(
      "give privateKeyPem of a PrivateKey",
    );
  });

  test("a key on P224 cannot sign here", async () => {
    const privateKeyPem = await privateKey({ algorithm: "ECDSA" });
    await expect(made("CertRequest", { privateKeyPem })).rejects.toThrow("set ecdsaCurve");
  });

  test("the key of another authority", async () => {
    const [ca, other] = [await authority(), await authority()];
    await expect(signed({ ...ca, caPrivateKeyPem: other.caPrivateKeyPem }, {})).rejects.toThrow(
      "is not the key of caCertPem",
    );
  });

  test("a request that is none", async () => {
    const args = { ...(await authority()), allowedUses: [], validityPeriodHours: 1, certRequestPem: "x" };
    await expect(made("LocallySignedCert", args)).rejects.toThrow("certRequestPem is not PEM");
  });
});
