import { randomBytes as drawnBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { UserError } from "../../errors";
import { kind } from "../generated/kind";
import { count, keepers, keptKeepers } from "./schema";

function presented(bytes: Buffer, prefix = "") {
  const hex = bytes.toString("hex");
  return {
    b64Std: prefix + bytes.toString("base64"),
    b64Url: prefix + bytes.toString("base64url"),
    dec: `${prefix}${BigInt(`0x${hex}`)}`,
    hex: prefix + hex,
  };
}

/** Bytes from their base64, which must be the one way to write them. */
function parsed(text: string, encoding: "base64" | "base64url"): Buffer {
  const bytes = Buffer.from(text, encoding);
  if (bytes.length > 0 && bytes.toString(encoding) === text) return bytes;
  throw new UserError(`"${text}" is not ${encoding}`, "give the value as the resource prints it");
}

export const randomId = kind({
  schema: z.strictObject({ ...keepers, byteLength: count, prefix: z.string().optional() }),
  defaults: keptKeepers,
  computed: ["b64Std", "b64Url", "dec", "hex"],
  make: ({ byteLength, prefix }) => {
    const bytes = drawnBytes(byteLength);
    return { id: bytes.toString("base64url"), computed: presented(bytes, prefix) };
  },
  /** `<base64url>`, or `<prefix>,<base64url>` */
  import: (given) => {
    const comma = given.lastIndexOf(",");
    const prefix = comma > 0 ? given.slice(0, comma) : undefined;
    const bytes = parsed(given.slice(comma + 1), "base64url");
    const args = { byteLength: bytes.length, ...(prefix === undefined ? {} : { prefix }) };
    return { id: bytes.toString("base64url"), args, computed: presented(bytes, prefix) };
  },
});

const secretBytes = (bytes: Buffer) => ({
  // The official provider's id is the base64: the secret, in the clear in the state. Nothing reads the id.
  id: "none",
  computed: { base64: bytes.toString("base64"), hex: bytes.toString("hex") },
});

export const randomBytes = kind({
  schema: z.strictObject({ ...keepers, length: count }),
  defaults: keptKeepers,
  computed: ["base64", "hex"],
  secrets: ["base64", "hex"],
  make: ({ length }) => secretBytes(drawnBytes(length)),
  import: (base64) => {
    const bytes = parsed(base64, "base64");
    return { ...secretBytes(bytes), args: { length: bytes.length } };
  },
});

export const randomUuid = kind({
  schema: z.strictObject(keepers),
  defaults: keptKeepers,
  computed: ["result"],
  make: () => {
    const result = randomUUID();
    return { id: result, computed: { result } };
  },
  import: (given) => {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(given)) {
      throw new UserError(`"${given}" is not a UUID`, "give 32 hexadecimal digits as 8-4-4-4-12");
    }
    return { id: given, args: {}, computed: { result: given } };
  },
});
