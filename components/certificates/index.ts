import * as pulumi from "@pulumi/pulumi";

import { certManager, type CertManagerArgs } from "./cert-manager";
import type { Certificate, KnownCertificate } from "./certificate";
import { localCa } from "./local-ca";

export type { AcmeServer } from "./cert-manager";
export type { Certificate, RequestOptions, SecretMetadata } from "./certificate";

/** Where the certificate comes from. It covers the domain and every one-label name below it. */
export type CertificatesArgs =
  /** An authority of the stack's own, for clusters that no public one can reach. */
  | { kind: "local-ca"; domain: string }
  /** Somebody else's, who also renews it. */
  | ({ kind: "given" } & KnownCertificate)
  /** A public authority, asked by cert-manager. */
  | ({ kind: "cert-manager" } & CertManagerArgs);

/** The wildcard certificate of a stack's domain. */
export class Certificates extends pulumi.ComponentResource {
  readonly certificate: Certificate;
  /** The authority's certificate, PEM: what a user's browser must trust. Absent where it does so already. */
  readonly ca: pulumi.Output<string> | undefined;

  constructor(name: string, args: CertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("vibecode:certificates:Certificates", name, {}, opts);
    const { certificate, ca } = make(name, args, { parent: this });
    this.certificate = certificate;
    this.ca = ca;
    this.registerOutputs({ ca });
  }
}

function make(
  name: string,
  args: CertificatesArgs,
  opts: pulumi.CustomResourceOptions,
): { certificate: Certificate; ca?: pulumi.Output<string> } {
  switch (args.kind) {
    case "local-ca":
      return localCa(name, args.domain, opts);
    case "given":
      return { certificate: { chain: args.chain, key: pulumi.secret(args.key) } };
    case "cert-manager":
      return { certificate: certManager(name, args, opts) };
  }
}
