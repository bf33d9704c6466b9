import { X509Certificate } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Stack } from "../engine";

jest.setTimeout(120_000);

const program = `
const tls = require("@pulumi/tls");
const early = config.requireNumber("early");
const key = new tls.PrivateKey("ca", { algorithm: "ECDSA", ecdsaCurve: "P256" });
const ca = new tls.SelfSignedCert("ca", {
  privateKeyPem: key.privateKeyPem, subject: { commonName: "Test CA" }, isCaCertificate: true,
  allowedUses: ["cert_signing"], validityPeriodHours: 1, earlyRenewalHours: early,
});
const leafKey = new tls.PrivateKey("leaf", { algorithm: "ECDSA", ecdsaCurve: "P256" });
const request = new tls.CertRequest("leaf", {
  privateKeyPem: leafKey.privateKeyPem, dnsNames: ["*." + config.require("domain")],
});
const leaf = new tls.LocallySignedCert("leaf", {
  caCertPem: ca.certPem, caPrivateKeyPem: key.privateKeyPem, certRequestPem: request.certRequestPem,
  allowedUses: ["server_auth", "digital_signature"], validityPeriodHours: 1,
});
return { key: key.privateKeyPem, ca: ca.certPem, leaf: leaf.certPem, ready: ca.readyForRenewal };`;

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.create({ program, config: { early: "0", domain: "a.localhost" } });
});
afterAll(() => stack.remove());

async function stateFiles(): Promise<string> {
  const folder = path.join(stack.folder, "state");
  const files = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => fs.readFile(path.join(file.parentPath, file.name), "utf8"));
  return (await Promise.all(texts)).join("\n");
}

/** The certificates of the stack's outputs, checked to be a chain. */
async function chain() {
  const { ca, leaf, ready } = await stack.outputs();
  const [root, last] = [new X509Certificate(String(ca)), new X509Certificate(String(leaf))];
  expect(last.verify(root.publicKey)).toBe(true);
  return { ca: root.serialNumber, leaf: last.serialNumber, hosts: last.subjectAltName, ready };
}

const replaced = (steps: { op: string; type: string; name: string }[]) =>
  steps
    .filter(({ op }) => op === "replace")
    .map(({ type, name }) => `${type.split(":").at(-1) ?? ""} ${name}`);

test("a chain: preview, up, nothing, a new name, renewal, refresh, destroy", async () => {
  const preview = await stack.preview();
  expect(preview).toMatchObject({ exitCode: 0, errors: [], changes: { create: 6 } });

  expect(await stack.up()).toMatchObject({ exitCode: 0, errors: [] });
  const first = await chain();
  expect(first).toMatchObject({ hosts: "DNS:*.a.localhost", ready: false });

  const files = await stateFiles();
  expect(files).toContain("BEGIN CERTIFICATE");
  expect(files).not.toContain("PRIVATE KEY");

  expect(await stack.up()).toMatchObject({ exitCode: 0, steps: [] });

  await stack.pulumi("config", "set", "domain", "b.localhost");
  const renamed = await stack.up();
  expect(replaced(renamed.steps).sort()).toEqual(["CertRequest leaf", "LocallySignedCert leaf"]);
  const second = await chain();
  expect(second).toMatchObject({ ca: first.ca, hosts: "DNS:*.b.localhost" });
  expect(second.leaf).not.toBe(first.leaf);

  // With an hour of life and an hour to renew it in, the authority is due at once, and what it signed with it.
  await stack.pulumi("config", "set", "early", "1");
  const due = await stack.preview();
  expect(due.steps).toContainEqual(expect.objectContaining({ op: "replace", name: "ca" }));
  const renewed = await stack.up();
  expect(renewed).toMatchObject({ exitCode: 0, errors: [] });
  expect(replaced(renewed.steps).sort()).toEqual(["LocallySignedCert leaf", "SelfSignedCert ca"]);
  const third = await chain();
  expect(third.ca).not.toBe(second.ca);

  const refreshed = await stack.refresh();
  expect(refreshed.exitCode).toBe(0);
  const authority = (await stack.resources()).find(({ type }) => type.endsWith("SelfSignedCert"));
  expect(authority?.outputs).toHaveProperty("readyForRenewal", true);

  expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
});

test("other early hours alone change the certificate's state, not the certificate", async () => {
  const self = (early: number) => `
    const tls = require("@pulumi/tls");
    const key = new tls.PrivateKey("key", { algorithm: "ED25519" });
    const cert = new tls.SelfSignedCert("cert", {
      privateKeyPem: key.privateKeyPem, allowedUses: [], validityPeriodHours: 100, earlyRenewalHours: ${early},
    });
    return { pem: cert.certPem, early: cert.earlyRenewalHours };`;
  await stack.program(self(1));
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
  const before = await stack.outputs();

  await stack.program(self(2));
  const run = await stack.up();
  expect(run.steps).toEqual([
    expect.objectContaining({ op: "update", name: "cert", diff: { earlyRenewalHours: "update" } }),
  ]);
  expect(await stack.outputs()).toEqual({ ...before, early: 2 });
  expect(await stateFiles()).not.toContain("PRIVATE KEY");
  expect(await stack.up()).toMatchObject({ exitCode: 0, steps: [] });
});

test("a function is refused by name", async () => {
  await stack.program(`require("@pulumi/tls").getCertificate({ url: "https://localhost" });`);
  const run = await stack.preview();
  expect(run.exitCode).not.toBe(0);
  expect(run.text).toContain("does not support the function tls:index/getCertificate:getCertificate");
});
