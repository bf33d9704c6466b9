import { randomBytes } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";

const nist: Record<string, string> = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" };

/** RFC 4251's string: its length, then its bytes. */
function text(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** RFC 4251's mpint of a number that is not negative: no leading zeros, but one where the top bit is set. */
function integer(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
  return text((digits.at(0) ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits);
}

function part(jwk: JsonWebKey, name: keyof JsonWebKey): Buffer {
  const value = jwk[name];
  if (typeof value !== "string") throw new TypeError(`a key without its part ${name}`);
  return Buffer.from(value, "base64url");
}

/** The key's type, and what follows it in the public key. */
function publicFields(jwk: JsonWebKey): { type: string; fields: Buffer[] } {
  if (jwk.kty === "RSA")
    return { type: "ssh-rsa", fields: [integer(part(jwk, "e")), integer(part(jwk, "n"))] };
  if (jwk.kty !== "EC") return { type: "ssh-ed25519", fields: [text(part(jwk, "x"))] };
  const curve = nist[jwk.crv ?? ""] ?? "";
  // 4 begins a point written with both its coordinates.
  const point = Buffer.concat([Buffer.from([4]), part(jwk, "x"), part(jwk, "y")]);
  return { type: `ecdsa-sha2-${curve}`, fields: [text(curve), text(point)] };
}

/** What follows the type in the private key. */
function privateFields(jwk: JsonWebKey): Buffer[] {
  if (jwk.kty === "RSA") {
    return (["n", "e", "d", "qi", "p", "q"] as const).map((name) => integer(part(jwk, name)));
  }
  const { fields } = publicFields(jwk);
  if (jwk.kty === "EC") return [...fields, integer(part(jwk, "d"))];
  return [...fields, text(Buffer.concat([part(jwk, "d"), part(jwk, "x")]))];
}

/** The public half of a key as OpenSSH writes it: the line is `type` and the base64 of `blob`. */
export function opensshPublicKey(key: KeyObject): { type: string; blob: Buffer } {
  const { type, fields } = publicFields(key.export({ format: "jwk" }));
  return { type, blob: Buffer.concat([text(type), ...fields]) };
}

/** A private key without a passphrase in OpenSSH's own format (PROTOCOL.key in its sources). */
export function opensshPrivateKey(key: KeyObject): string {
  const { type, blob } = opensshPublicKey(key);
  const parts = privateFields(key.export({ format: "jwk" }));
  // Twice the same number: with a passphrase it would tell a wrong one.
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, text(type), ...parts, text("")]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const one = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    text("none"),
    text("none"),
    text(""),
    one,
    text(blob),
    text(Buffer.concat([secret, padding])),
  ]);
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join(
    "\n",
  );
}
