import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

import type { KnownCertificate } from "./certificate";

const day = 24;
const year = 365 * day;

// Browsers and Go want the key in its standard curve; P-256 is the one that all of them have.
const keyArgs: tls.PrivateKeyArgs = { algorithm: "ECDSA", ecdsaCurve: "P256" };

/**
 * A certificate by an authority of the stack's own, whose certificate is `ca`. Each `pulumi up` in the certificate's
 * last 30 days (the authority's: last year) renews it.
 */
export function localCa(
  name: string,
  domain: string,
  opts: pulumi.CustomResourceOptions,
): { certificate: KnownCertificate; ca: pulumi.Output<string> } {
  const caKey = new tls.PrivateKey(`${name}-ca-key`, keyArgs, opts);
  const ca = new tls.SelfSignedCert(
    `${name}-ca`,
    {
      privateKeyPem: caKey.privateKeyPem,
      subject: { commonName: `VibeCode local CA for ${domain}`, organization: "VibeCode" },
      isCaCertificate: true,
      setSubjectKeyId: true,
      allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
      validityPeriodHours: 10 * year,
      earlyRenewalHours: year,
    },
    opts,
  );

  const key = new tls.PrivateKey(`${name}-wildcard-key`, keyArgs, opts);
  const request = new tls.CertRequest(
    `${name}-wildcard-request`,
    {
      privateKeyPem: key.privateKeyPem,
      subject: { commonName: domain },
      dnsNames: [domain, `*.${domain}`],
    },
    opts,
  );
  const certificate = new tls.LocallySignedCert(
    `${name}-wildcard`,
    {
      certRequestPem: request.certRequestPem,
      caPrivateKeyPem: caKey.privateKeyPem,
      caCertPem: ca.certPem,
      setSubjectKeyId: true,
      allowedUses: ["digital_signature", "server_auth"],
      validityPeriodHours: 90 * day,
      earlyRenewalHours: 30 * day,
    },
    opts,
  );

  return {
    certificate: {
      chain: pulumi.concat(certificate.certPem, ca.certPem),
      key: pulumi.secret(key.privateKeyPem),
    },
    ca: ca.certPem,
  };
}
