import { createPrivateKey, X509Certificate } from "node:crypto";

import { z } from "zod";

import type { CertificatesArgs } from "../components/certificates";
import { charts } from "../components/images";
import type { Mistake } from "./checks";
import type { Place } from "./config";
import { dnsProvider, dnsProviderSecrets, providerMistakes, providerOf } from "./dns-provider";
import { email, keys } from "./values";

const chainMessage = "must be one certificate or several, PEM";

/** `vibecode:certificates`: where the wildcard certificate comes from. */
export const certificates = z.discriminatedUnion("kind", [
  keys({ kind: z.literal("local-ca") }),
  keys({
    kind: z.literal("given"),
    chain: z
      .string({ error: chainMessage })
      .regex(/^(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/, {
        error: chainMessage,
      })
      .describe(
        "The certificate, then those between it and the authority; its key is certificateSecrets.key",
      ),
  }),
  keys({
    kind: z.literal("cert-manager"),
    server: z
      .enum(["lets-encrypt", "lets-encrypt-staging"])
      .default("lets-encrypt")
      .describe("The staging server has no limits, and browsers do not trust its certificates"),
    email: email.describe("Where the authority writes to"),
    provider: dnsProvider,
    install: z
      .boolean()
      .default(true)
      .describe("Installs cert-manager; false where the cluster has it already"),
    namespace: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, { error: "must be the name of a namespace" })
      .default("cert-manager")
      .describe("Where the cluster's own cert-manager is; unused with install"),
    chart: z
      .string()
      .regex(/^(?:oci:\/\/[a-z0-9][\w./:-]*|\.{0,2}\/[^\s]+)$/, {
        error: "must be a reference with oci://, or the path of a folder",
      })
      .default(charts.certManager.reference)
      .describe("cert-manager's chart, where the machine that runs Pulumi finds it"),
  }),
]);

/** `vibecode:certificateSecrets`. Secret as a whole. */
export const certificateSecrets = keys({
  key: z.string().min(1).optional().describe("The private key of certificates.chain, PEM"),
  ...dnsProviderSecrets,
});

const around = z.looseObject({
  domain: z.string().optional().catch(undefined),
  certificates: certificates.optional().catch(undefined),
  certificateSecrets: certificateSecrets.default({}).catch({}),
});

/** What holds between the certificate and the rest of a stack's config. Values that are wrong by themselves are passed over. */
export function certificateMistakes(values: Record<string, unknown>): Mistake[] {
  const { domain, certificates, certificateSecrets: secrets } = around.parse(values);
  switch (certificates?.kind) {
    case "given":
      return givenMistakes(certificates.chain, secrets.key, domain);
    case "cert-manager":
      return [
        ...identityMistakes(certificates),
        ...providerMistakes(certificates.provider, secrets, {
          provider: "certificates.provider",
          secrets: "certificateSecrets",
        }),
      ];
    default:
      return [];
  }
}

/** The ServiceAccount of a cert-manager that somebody else installed is not ours to annotate. */
function identityMistakes({ install, provider }: z.infer<(typeof certificates)["options"][2]>): Mistake[] {
  const identity =
    provider.type === "route53" && provider.role !== undefined
      ? "role"
      : provider.type === "google" && provider.serviceAccount !== undefined
        ? "serviceAccount"
        : undefined;
  return install || identity === undefined
    ? []
    : [
        {
          path: ["certificates", "provider", identity],
          message:
            "must be left out with install false: annotate the ServiceAccount of the cluster's cert-manager",
        },
      ];
}

function givenMistakes(chain: string, key: string | undefined, domain: string | undefined): Mistake[] {
  const place = ["certificates", "chain"];
  const keyPlace = ["certificateSecrets", "key"];
  const own = certificateOf(chain);
  if (own === undefined) return [{ path: place, message: "must be certificates, PEM, that can be read" }];
  if (key === undefined)
    return [
      {
        path: keyPlace,
        message:
          "must be the private key of certificates.chain: set it with `pulumi config set --secret --path 'vibecode:certificateSecrets.key'`",
      },
    ];
  const host = `any.${domain ?? ""}`;
  return [
    ...(domain === undefined || own.checkHost(host, { subject: "never" }) !== undefined
      ? []
      : [{ path: place, message: `must begin with a certificate for *.${domain}` }]),
    ...(own.validToDate.getTime() > Date.now()
      ? []
      : [
          {
            path: place,
            message: `must begin with a certificate that is valid: this one ended ${own.validTo}`,
          },
        ]),
    ...(isKeyOf(key, own)
      ? []
      : [
          {
            path: keyPlace,
            message: "must be the private key of the first certificate in certificates.chain",
          },
        ]),
  ];
}

function certificateOf(chain: string): X509Certificate | undefined {
  try {
    return new X509Certificate(chain);
  } catch {
    return undefined;
  }
}

function isKeyOf(key: string, certificate: X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** The certificate as the component takes it; the config was checked before. */
export function certificatesOf(config: Place): CertificatesArgs {
  const { certificates, certificateSecrets: secrets, domain, images } = config;
  switch (certificates.kind) {
    case "local-ca":
      return { kind: certificates.kind, domain };
    case "given":
      if (secrets.key === undefined) throw new Error("certificateSecrets were checked before");
      return { ...certificates, key: secrets.key };
    case "cert-manager": {
      const { kind, server, email, install, namespace, chart } = certificates;
      return {
        kind,
        domain,
        server,
        email,
        provider: providerOf(certificates.provider, secrets),
        installation: install
          ? {
              chart,
              version: chart.startsWith("oci://") ? charts.certManager.version : undefined,
              images: {
                controller: images.certManagerController,
                webhook: images.certManagerWebhook,
                cainjector: images.certManagerCainjector,
                startupapicheck: images.certManagerStartupapicheck,
              },
              nodeSelector: config.ingress.nodeSelector,
              network: config.cluster.network,
            }
          : { namespace },
      };
    }
  }
}
