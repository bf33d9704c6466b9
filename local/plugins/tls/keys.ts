import { createHash, createPrivateKey, createPublicKey, generateKeyPair } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { UserError } from "../../errors";
import { opensshPrivateKey, opensshPublicKey } from "./openssh";

export const algorithms = ["RSA", "ECDSA", "ED25519"] as const;
export const curves = ["P224", "P256", "P384", "P521"] as const;

export interface KeyArgs {
  algorithm: (typeof algorithms)[number];
  ecdsaCurve: (typeof curves)[number];
  rsaBits: number;
}

// The generator works in a thread of its own: an RSA key takes it a second or more.
const generate = promisify(generateKeyPair);
const opensslCurves = { P224: "secp224r1", P256: "prime256v1", P384: "secp384r1", P521: "secp521r1" };

export async function generateKey({ algorithm, ecdsaCurve, rsaBits }: KeyArgs): Promise<KeyObject> {
  switch (algorithm) {
    case "RSA":
      return (await generate("rsa", { modulusLength: rsaBits })).privateKey;
    case "ECDSA":
      return (await generate("ec", { namedCurve: opensslCurves[ecdsaCurve] })).privateKey;
    case "ED25519":
      return (await generate("ed25519", undefined)).privateKey;
  }
}

/** The name of a key's algorithm as the resources print it. */
export function algorithmOf(key: KeyObject): KeyArgs["algorithm"] {
  const names = { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" } as const;
  const type = key.asymmetricKeyType;
  if (type === "rsa" || type === "ec" || type === "ed25519") return names[type];
  throw new UserError(`a private key of type ${type ?? "secret"}`, `use one of ${algorithms.join(", ")}`);
}

/** The curve of an ECDSA key, undefined for other keys. */
export function curveOf(key: KeyObject): KeyArgs["ecdsaCurve"] | undefined {
  const name = key.asymmetricKeyDetails?.namedCurve;
  return curves.find((curve) => opensslCurves[curve] === name);
}

/** A private key from PKCS#1, SEC 1 or PKCS#8 PEM. */
export function parseKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // The text of the error never holds the key, but the key's place does not belong in a message either.
    throw new UserError("a private key that is not PEM", "give privateKeyPem of a PrivateKey", {
      cause: error,
    });
  }
}

const pem = (text: string | Buffer) => text.toString();

/** The key in every format the official provider prints, and the SHA-1 of its public half as its id. */
export function formats(key: KeyObject): { id: string; computed: Record<string, string> } {
  const publicKey = createPublicKey(key);
  const der = publicKey.export({ type: "spki", format: "der" });
  const type = { RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" } as const;
  return {
    id: createHash("sha1").update(der).digest("hex"),
    computed: {
      privateKeyPem: pem(key.export({ type: type[algorithmOf(key)], format: "pem" })),
      privateKeyPemPkcs8: pem(key.export({ type: "pkcs8", format: "pem" })),
      publicKeyPem: pem(publicKey.export({ type: "spki", format: "pem" })),
      ...opensshFormats(key),
    },
  };
}

function opensshFormats(key: KeyObject): Record<string, string> {
  // OpenSSH knows no P-224; the official provider prints empty texts for it.
  if (curveOf(key) === "P224") {
    const [privateKeyOpenssh, publicKeyOpenssh] = ["", ""];
    return {
      privateKeyOpenssh,
      publicKeyOpenssh,
      publicKeyFingerprintMd5: "",
      publicKeyFingerprintSha256: "",
    };
  }
  const { type, blob } = opensshPublicKey(key);
  const md5 = createHash("md5").update(blob).digest("hex");
  const sha256 = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
  return {
    privateKeyOpenssh: opensshPrivateKey(key),
    publicKeyOpenssh: `${type} ${blob.toString("base64")}\n`,
    publicKeyFingerprintMd5: (md5.match(/../g) ?? []).join(":"),
    publicKeyFingerprintSha256: `SHA256:${sha256}`,
  };
}
