import type { DnsProvider } from "../../dns-provider";

/** Let's Encrypt, or its staging: the same without its limits, by an authority that no browser trusts. */
export type AcmeServer = "lets-encrypt" | "lets-encrypt-staging";

const directories: Record<AcmeServer, string> = {
  "lets-encrypt": "https://acme-v02.api.letsencrypt.org/directory",
  "lets-encrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
};

/** The Secret with the DNS provider's token or key, in cert-manager's namespace, and its one key. */
export const providerSecret = { name: "vibecode-dns-provider", key: "credentials" };

/**
 * The issuer's name. It tells the server: a certificate that asks another issuer is made anew, one whose issuer
 * merely changes its server is not.
 */
export const issuerName = (server: AcmeServer): string => `vibecode-${server}`;

/** Of a ClusterIssuer: as whom the authority is asked, and how it is shown that the domain is ours. */
export function issuerSpec(args: { server: AcmeServer; email: string; provider: DnsProvider }) {
  const { server, email, provider } = args;
  return {
    acme: {
      server: directories[server],
      email,
      // The account's key, which cert-manager makes. Lost, it is made anew; nothing depends on it.
      privateKeySecretRef: { name: `${issuerName(server)}-account` },
      solvers: [{ dns01: solver(provider) }],
    },
  };
}

/** How cert-manager writes the record that the authority looks for: no other proof gets a wildcard. */
function solver(provider: DnsProvider) {
  switch (provider.type) {
    case "cloudflare":
      return { cloudflare: { apiTokenSecretRef: providerSecret } };
    case "route53":
      return {
        route53: {
          region: provider.region,
          ...(provider.key === undefined
            ? {}
            : { accessKeyID: provider.key.id, secretAccessKeySecretRef: providerSecret }),
        },
      };
    case "google":
      return {
        cloudDNS: {
          project: provider.project,
          ...(provider.key === undefined ? {} : { serviceAccountSecretRef: providerSecret }),
        },
      };
  }
}

/** Of a Certificate: the domain and all names of one label below it, into one Secret, renewed in its last third. */
export function certificateSpec(args: { domain: string; secretName: string; server: AcmeServer }) {
  const { domain, secretName, server } = args;
  return {
    secretName,
    dnsNames: [domain, `*.${domain}`],
    issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: issuerName(server) },
    privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
    usages: ["digital signature", "server auth"],
    revisionHistoryLimit: 2,
  };
}
