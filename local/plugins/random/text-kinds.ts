import * as bcrypt from "bcryptjs";
import { z } from "zod";
import { kind } from "../generated/kind";
import type { PropertyMap } from "../server";
import { count, keepers, keptKeepers } from "./schema";
import { randomText } from "./text";

/** The official provider's, and bcrypt's own default: about 60 ms of a processor a password. */
const bcryptCost = 10;

const least = z.int({ error: "must be a whole number" }).min(0, "must not be negative");

const schema = z
  .strictObject({
    ...keepers,
    length: count,
    lower: z.boolean(),
    number: z.boolean(),
    numeric: z.boolean(),
    special: z.boolean(),
    upper: z.boolean(),
    minLower: least,
    minNumeric: least,
    minSpecial: least,
    minUpper: least,
    overrideSpecial: z.string().optional(),
  })
  .superRefine((args, context) => {
    const minimums = args.minLower + args.minNumeric + args.minSpecial + args.minUpper;
    if (minimums > args.length) {
      const message = `must be at least the sum of minLower, minNumeric, minSpecial and minUpper, ${minimums}`;
      context.addIssue({ code: "custom", path: ["length"], message });
    }
    if (!args.lower && !args.numeric && !args.special && !args.upper) {
      const message = "at least one of lower, numeric, special and upper must be true";
      context.addIssue({ code: "custom", path: ["lower"], message });
    }
    if (args.number !== args.numeric) {
      const message = "is the old name of numeric and must not contradict it";
      context.addIssue({ code: "custom", path: ["number"], message });
    }
  });

function defaults(given: PropertyMap): PropertyMap {
  const numeric = given["numeric"] ?? given["number"] ?? true;
  return {
    lower: true,
    special: true,
    upper: true,
    minLower: 0,
    minNumeric: 0,
    minSpecial: 0,
    minUpper: 0,
    ...given,
    ...keptKeepers(given),
    number: given["number"] ?? numeric,
    numeric,
    overrideSpecial: given["overrideSpecial"] === "" ? undefined : given["overrideSpecial"],
  };
}

/** The hash covers bcrypt's 72 bytes, as the official provider's does. */
const hashed = (password: string) => bcrypt.hash(password, bcryptCost);

export const randomPassword = kind({
  schema,
  defaults,
  computed: ["bcryptHash", "result"],
  secrets: ["bcryptHash", "result"],
  schemaVersion: 3,
  make: async (args) => {
    const result = randomText(args);
    return { id: "none", computed: { bcryptHash: await hashed(result), result } };
  },
  import: async (password) => ({
    id: "none",
    args: { length: Array.from(password).length },
    computed: { bcryptHash: await hashed(password), result: password },
  }),
});

export const randomString = kind({
  schema,
  defaults,
  computed: ["result"],
  schemaVersion: 2,
  make: (args) => {
    const result = randomText(args);
    return { id: result, computed: { result } };
  },
  import: (text) => ({ id: text, args: { length: Array.from(text).length }, computed: { result: text } }),
});
