import { z } from "zod";
import { UserError } from "../../errors";
import { kind } from "../generated/kind";
import type { Kind } from "../generated/kind";
import type { PropertyMap } from "../server";
import { certificateRequest, locallySigned, selfSigned } from "./issue";
import type { Certificate } from "./issue";
import { algorithmOf, algorithms, curves, formats, generateKey, parseKey } from "./keys";
import { alternativeNames, distinguishedName, isEmpty, subject } from "./names";
import { useMistake } from "./uses";
import { Pkcs10CertificateRequest, X509Certificate } from "./x509";

const oneOf = (values: readonly string[]) => `must be one of ${values.join(", ")}`;
const whole = z.int({ error: "must be a whole number" });
const hours = whole.min(0, "must not be negative");

const privateKey = kind({
  schema: z.strictObject({
    algorithm: z.enum(algorithms, { error: oneOf(algorithms) }),
    ecdsaCurve: z.enum(curves, { error: oneOf(curves) }),
    rsaBits: whole.min(512, "must be at least 512").max(16384, "must be at most 16384"),
  }),
  defaults: (given) => ({ ecdsaCurve: "P224", rsaBits: 2048, ...given }),
  computed: [
    "privateKeyOpenssh",
    "privateKeyPem",
    "privateKeyPemPkcs8",
    "publicKeyFingerprintMd5",
    "publicKeyFingerprintSha256",
    "publicKeyOpenssh",
    "publicKeyPem",
  ],
  secrets: ["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"],
  schemaVersion: 1,
  make: async (args) => formats(await generateKey(args)),
});

const privateKeyPem = z.string({ error: "must be the PEM of a private key" });

const certRequest = kind({
  schema: z.strictObject({ ...alternativeNames, privateKeyPem, subject: subject.optional() }),
  computed: ["certRequestPem", "keyAlgorithm"],
  secrets: ["privateKeyPem"],
  make: async ({ privateKeyPem, ...args }) => {
    const key = parseKey(privateKeyPem);
    const { id, certRequestPem } = await certificateRequest(key, args);
    return { id, computed: { certRequestPem, keyAlgorithm: algorithmOf(key) } };
  },
});

const certificate = {
  allowedUses: z.array(
    z.string().superRefine((use, context) => {
      const message = useMistake(use);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    }),
  ),
  earlyRenewalHours: hours,
  isCaCertificate: z.boolean(),
  maxPathLength: whole.min(0, "must not be negative").optional(),
  setSubjectKeyId: z.boolean(),
  validityPeriodHours: hours,
};

const certificateDefaults = (given: PropertyMap) => ({
  earlyRenewalHours: 0,
  isCaCertificate: false,
  setSubjectKeyId: false,
  ...given,
});

const certificateOutputs = ["certPem", "readyForRenewal", "validityEndTime", "validityStartTime"];

const issued = ({ id, ...computed }: Certificate, more: PropertyMap) => ({
  id,
  computed: { ...computed, ...more, readyForRenewal: false },
});

/** Whether it is time for a new certificate: the end of the present one, or some hours before. */
export function readyForRenewal(state: PropertyMap, now: Date): boolean {
  const { validityEndTime: end, earlyRenewalHours: early } = state;
  if (typeof end !== "string" || Number.isNaN(Date.parse(end))) return false;
  return now.getTime() >= Date.parse(end) - (typeof early === "number" ? early : 0) * 3_600_000;
}

function parsed<T>(Type: new (pem: string) => T, argument: string, pem: string): T {
  try {
    return new Type(pem);
  } catch (error) {
    throw new UserError(
      `${argument} is not PEM of what it should be`,
      `give ${argument} as a resource prints it`,
      {
        cause: error,
      },
    );
  }
}

/**
 * What the plugin can make, by Pulumi's type.
 *
 * @param now the clock, by which certificates begin, end and are renewed
 */
export function kinds(now: () => Date = () => new Date()): Record<string, Kind> {
  const aged = (state: PropertyMap) => ({ readyForRenewal: readyForRenewal(state, now()) });
  const renewable = { inPlace: ["earlyRenewalHours"], aged };

  const selfSignedCert = kind({
    ...renewable,
    schema: z
      .strictObject({
        ...alternativeNames,
        ...certificate,
        privateKeyPem,
        setAuthorityKeyId: z.boolean(),
        subject: subject.optional(),
      })
      .superRefine((args, context) => {
        if (args.isCaCertificate && isEmpty(distinguishedName(args.subject))) {
          const message = "an authority needs at least one part of a name";
          context.addIssue({ code: "custom", path: ["subject"], message });
        }
        if (args.setAuthorityKeyId && !args.setSubjectKeyId && !args.isCaCertificate) {
          const message = "needs setSubjectKeyId, since the certificate is its own authority";
          context.addIssue({ code: "custom", path: ["setAuthorityKeyId"], message });
        }
      }),
    defaults: (given) => ({ setAuthorityKeyId: false, ...certificateDefaults(given) }),
    computed: [...certificateOutputs, "keyAlgorithm"],
    secrets: ["privateKeyPem"],
    make: async ({ privateKeyPem, ...args }) => {
      const key = parseKey(privateKeyPem);
      return issued(await selfSigned(key, args, now()), { keyAlgorithm: algorithmOf(key) });
    },
  });

  const locallySignedCert = kind({
    ...renewable,
    schema: z.strictObject({
      ...certificate,
      caCertPem: z.string(),
      caPrivateKeyPem: privateKeyPem,
      certRequestPem: z.string(),
    }),
    defaults: certificateDefaults,
    computed: [...certificateOutputs, "caKeyAlgorithm"],
    secrets: ["caPrivateKeyPem"],
    make: async ({ caCertPem, caPrivateKeyPem, certRequestPem, ...args }) => {
      const request = parsed(Pkcs10CertificateRequest, "certRequestPem", certRequestPem);
      const key = parseKey(caPrivateKeyPem);
      const authority = { certificate: parsed(X509Certificate, "caCertPem", caCertPem), key };
      return issued(await locallySigned(request, authority, args, now()), {
        caKeyAlgorithm: algorithmOf(key),
      });
    },
  });

  return {
    "tls:index/certRequest:CertRequest": certRequest,
    "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
    "tls:index/privateKey:PrivateKey": privateKey,
    "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
  };
}
