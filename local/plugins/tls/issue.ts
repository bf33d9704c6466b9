import { createHash, createPublicKey, randomBytes, webcrypto } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { UserError } from "../../errors";
import { algorithmOf, curveOf } from "./keys";
import { alternativeNameExtensions, distinguishedName, isEmpty } from "./names";
import { useExtensions } from "./uses";
import * as x509 from "./x509";

/** What every certificate is told, whoever signs it. */
export interface CertificateArgs {
  allowedUses: string[];
  isCaCertificate: boolean;
  maxPathLength?: number | undefined;
  setSubjectKeyId: boolean;
  /** Hours. */
  validityPeriodHours: number;
}

export interface Certificate {
  /** The serial number, in decimal digits. */
  id: string;
  certPem: string;
  /** RFC 3339. */
  validityStartTime: string;
  /** RFC 3339. */
  validityEndTime: string;
}

type Names = Parameters<typeof alternativeNameExtensions>[0] & {
  subject?: Parameters<typeof distinguishedName>[0];
};

/** Signs with the hash that Go takes for the key, as the official provider does. */
async function signer(key: KeyObject) {
  const algorithm = signing(key);
  const der = key.export({ type: "pkcs8", format: "der" });
  return {
    algorithm,
    privateKey: await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]),
  };
}

function signing(key: KeyObject) {
  switch (algorithmOf(key)) {
    case "RSA":
      return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    case "ED25519":
      return { name: "Ed25519" };
    case "ECDSA":
      switch (curveOf(key)) {
        case "P256":
          return { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
        case "P384":
          return { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };
        case "P521":
          return { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" };
        default:
          throw new UserError(
            "the offline tls plugin does not sign with an ECDSA key on the curve P224",
            "set ecdsaCurve of the PrivateKey to P256, P384 or P521",
          );
      }
  }
}

const spki = (key: KeyObject) => createPublicKey(key).export({ type: "spki", format: "der" });
const pem = (certificate: { toString(format: "pem"): string }) =>
  `${certificate.toString("pem").trimEnd()}\n`;

/** SHA-1 of the public key's bits, the first way of RFC 5280. */
async function subjectKeyId(publicKey: Buffer): Promise<string> {
  return (await x509.SubjectKeyIdentifierExtension.create(publicKey)).keyId;
}

interface Issue {
  args: CertificateArgs;
  subject: x509.Name;
  publicKey: Buffer;
  alternativeNames: x509.Extension[];
  issuer: x509.Name;
  /** The signer's key id in hexadecimal digits, to be named in the certificate. */
  authorityKeyId: string | undefined;
  signingKey: KeyObject;
  now: Date;
}

async function issue(of: Issue): Promise<Certificate> {
  const { args, now } = of;
  const end = new Date(now.getTime() + args.validityPeriodHours * 3_600_000);
  // 127 bits: a serial number is positive.
  const serial = BigInt(`0x${randomBytes(16).toString("hex")}`) >> 1n || 1n;
  const { algorithm, privateKey } = await signer(of.signingKey);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial.toString(16).padStart(32, "0"),
    notBefore: now,
    notAfter: end,
    subject: of.subject,
    issuer: of.issuer,
    publicKey: of.publicKey,
    signingKey: privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      ...useExtensions(args.allowedUses),
      new x509.BasicConstraintsExtension(
        args.isCaCertificate,
        args.isCaCertificate ? args.maxPathLength : undefined,
        true,
      ),
      ...(args.isCaCertificate || args.setSubjectKeyId
        ? [new x509.SubjectKeyIdentifierExtension(await subjectKeyId(of.publicKey))]
        : []),
      ...(of.authorityKeyId === undefined
        ? []
        : [new x509.AuthorityKeyIdentifierExtension(of.authorityKeyId)]),
      ...of.alternativeNames,
    ],
  });
  return {
    id: serial.toString(),
    certPem: pem(certificate),
    validityStartTime: now.toISOString(),
    validityEndTime: end.toISOString(),
  };
}

/** A certificate signed with its own key. */
export async function selfSigned(
  key: KeyObject,
  args: CertificateArgs & Names & { setAuthorityKeyId: boolean },
  now: Date,
): Promise<Certificate> {
  const subject = distinguishedName(args.subject);
  const publicKey = spki(key);
  return issue({
    args,
    subject,
    publicKey,
    alternativeNames: alternativeNameExtensions(args, isEmpty(subject)),
    issuer: subject,
    authorityKeyId: args.setAuthorityKeyId ? await subjectKeyId(publicKey) : undefined,
    signingKey: key,
    now,
  });
}

/** A request for a certificate; its id is the SHA-1 of what was signed and the signature. */
export async function certificateRequest(
  key: KeyObject,
  args: Names,
): Promise<{ id: string; certRequestPem: string }> {
  const { algorithm, privateKey } = await signer(key);
  const publicKey = await webcrypto.subtle.importKey("spki", spki(key), algorithm, true, ["verify"]);
  const name = distinguishedName(args.subject);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys: { privateKey, publicKey },
    signingAlgorithm: algorithm,
    extensions: alternativeNameExtensions(args, isEmpty(name)),
  });
  const id = createHash("sha1").update(Buffer.from(request.rawData)).digest("hex");
  return { id, certRequestPem: pem(request) };
}

const alternativeNameOid = "2.5.29.17";
const subjectKeyIdOid = "2.5.29.14";

/** A certificate for what a request asks for, signed by an authority. */
export async function locallySigned(
  request: x509.Pkcs10CertificateRequest,
  authority: { certificate: x509.X509Certificate; key: KeyObject },
  args: CertificateArgs,
  now: Date,
): Promise<Certificate> {
  const { certificate, key } = authority;
  if (!spki(key).equals(Buffer.from(certificate.publicKey.rawData))) {
    throw new UserError(
      "caPrivateKeyPem is not the key of caCertPem",
      "give the key that made the certificate",
    );
  }
  if (!(await request.verify())) {
    throw new UserError("certRequestPem is not signed with its own key", "make the request again");
  }
  const keyId = certificate.getExtension(subjectKeyIdOid);
  return issue({
    args,
    subject: request.subjectName,
    publicKey: Buffer.from(request.publicKey.rawData),
    alternativeNames: request.getExtensions(alternativeNameOid),
    issuer: certificate.subjectName,
    authorityKeyId: keyId instanceof x509.SubjectKeyIdentifierExtension ? keyId.keyId : undefined,
    signingKey: key,
    now,
  });
}
