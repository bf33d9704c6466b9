import { createHmac } from "node:crypto";

/**
 * The six digits that an authenticator shows (RFC 6238, SHA-1, every 30 seconds).
 *
 * @param secret in base32, as a person types it into an authenticator
 * @param at milliseconds since 1970; default now
 */
export function totp(secret: string, at = Date.now()): string {
  const letters = secret.replace(/=+$/, "").match(/[A-Z2-7]/g) ?? [];
  const bits = letters.map((letter) => base32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const offset = (hash.at(-1) ?? 0) & 0xf;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
