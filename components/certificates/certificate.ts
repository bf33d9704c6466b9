import type * as pulumi from "@pulumi/pulumi";

/** The wildcard certificate as the ingress takes it. */
export type Certificate = KnownCertificate | RequestedCertificate;

/** Known to the stack, which puts it into a Secret. */
export interface KnownCertificate {
  /** The certificate, PEM, followed by those between it and the authority. */
  chain: pulumi.Input<string>;
  /** Its private key, PEM. */
  key: pulumi.Input<string>;
}

/** Made in the cluster, by something that writes the Secret and renews it there. */
export interface RequestedCertificate {
  /**
   * Asks for it.
   *
   * @param secret the Secret that is to be written
   * @returns what is ready once the Secret is there
   */
  request: (name: string, secret: SecretMetadata, opts: RequestOptions) => pulumi.Resource;
}

/** What must be there before is a plain list, to which the request adds its own. */
export type RequestOptions = Omit<pulumi.CustomResourceOptions, "dependsOn"> & {
  dependsOn: pulumi.Resource[];
};

/** Where a Secret lies, and what it is labelled with. */
export interface SecretMetadata {
  name: string;
  namespace: string;
  labels: Record<string, string>;
}
