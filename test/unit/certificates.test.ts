import { at, find, minimal, runProgram, type Run } from "./mocks";

const day = 24;
const year = 365 * day;

let run: Run;
beforeAll(async () => {
  run = await runProgram(minimal);
});

test.each(["certificates-ca-key", "certificates-wildcard-key"])("%s is an elliptic curve's", (name) => {
  expect(find(run, "PrivateKey", name).inputs).toEqual({ algorithm: "ECDSA", ecdsaCurve: "P256" });
});

test("the authority is one, for ten years, and is made anew in its last", () => {
  const { inputs } = find(run, "SelfSignedCert", "certificates-ca");
  expect(inputs).toMatchObject({
    isCaCertificate: true,
    allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
    validityPeriodHours: 10 * year,
    earlyRenewalHours: year,
    subject: { commonName: "VibeCode local CA for dev.localhost" },
  });
});

test("the certificate is for the domain and every name below it", () => {
  expect(at(find(run, "CertRequest", "certificates-wildcard-request").inputs, "dnsNames")).toEqual([
    "dev.localhost",
    "*.dev.localhost",
  ]);
});

test("the certificate is signed by the authority, for 90 days, and renewed in its last 30", () => {
  expect(find(run, "LocallySignedCert", "certificates-wildcard").inputs).toMatchObject({
    caPrivateKeyPem: "key of certificates-ca-key\n",
    caCertPem: "certificate certificates-ca\n",
    certRequestPem: 'request ["dev.localhost","*.dev.localhost"]\n',
    allowedUses: ["digital_signature", "server_auth"],
    validityPeriodHours: 90 * day,
    earlyRenewalHours: 30 * day,
  });
});

test("browsers do not refuse a certificate for its age: they take at most 398 days", () => {
  const { inputs } = find(run, "LocallySignedCert", "certificates-wildcard");
  expect(at(inputs, "validityPeriodHours")).toBeLessThanOrEqual(398 * day);
});

test("Traefik gets the whole chain and the certificate's own key, in a secret Secret", () => {
  const secret = find(run, "Secret", "ingress-certificate");
  expect(secret.secrets).toEqual(["stringData"]);
  expect(secret.inputs).toMatchObject({
    type: "kubernetes.io/tls",
    stringData: {
      "tls.crt": 'certificate for request ["dev.localhost","*.dev.localhost"]\ncertificate certificates-ca\n',
      "tls.key": "key of certificates-wildcard-key\n",
    },
  });
});
