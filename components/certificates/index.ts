import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

export interface CertificatesArgs {
  /** `local-ca`: an authority of the stack's own, for clusters that no public one can reach. */
  kind: "local-ca";
  /** The certificate covers this name and every one-label name below it. */
  domain: string;
}

const day = 24;
const year = 365 * day;

// Browsers and Go want the key in its standard curve; P-256 is the one that all of them have.
const keyArgs: tls.PrivateKeyArgs = { algorithm: "ECDSA", ecdsaCurve: "P256" };

/**
 * The wildcard certificate of a stack's domain. Each `pulumi up` in its last 30 days (the authority's: last
 * year) renews it.
 */
export class Certificates extends pulumi.ComponentResource {
  /** The certificate, PEM, followed by the authority's. */
  readonly chain: pulumi.Output<string>;
  /** Its private key, PEM. Secret. */
  readonly key: pulumi.Output<string>;
  /** The authority's certificate, PEM: what a user's browser must trust. */
  readonly ca: pulumi.Output<string>;

  constructor(name: string, args: CertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("vibecode:certificates:Certificates", name, {}, opts);
    const child = { parent: this };

    const caKey = new tls.PrivateKey(`${name}-ca-key`, keyArgs, child);
    const ca = new tls.SelfSignedCert(
      `${name}-ca`,
      {
        privateKeyPem: caKey.privateKeyPem,
        subject: { commonName: `VibeCode local CA for ${args.domain}`, organization: "VibeCode" },
        isCaCertificate: true,
        setSubjectKeyId: true,
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
        validityPeriodHours: 10 * year,
        earlyRenewalHours: year,
      },
      child,
    );

    const key = new tls.PrivateKey(`${name}-wildcard-key`, keyArgs, child);
    const request = new tls.CertRequest(
      `${name}-wildcard-request`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: args.domain },
        dnsNames: [args.domain, `*.${args.domain}`],
      },
      child,
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
      child,
    );

    this.chain = pulumi.concat(certificate.certPem, ca.certPem);
    this.key = pulumi.secret(key.privateKeyPem);
    this.ca = ca.certPem;
    this.registerOutputs({ ca: this.ca });
  }
}
