import { z } from "zod";
import { UserError } from "../../errors";
import { kind } from "../generated/kind";
import { drawn, drawnInteger, shuffled } from "./draw";
import { count, keepers, keptKeepers } from "./schema";
import { adjectives, adverbs, animals } from "./words";

/** A name of `length` words, each word of its own kind: `truly-merry-otter`. */
export function petName(length: number, separator: string): string {
  const before = Array.from({ length: length - 2 > 0 ? length - 2 : 0 }, () => drawn(adverbs));
  return [...before, ...(length > 1 ? [drawn(adjectives)] : []), drawn(animals)].join(separator);
}

export const randomPet = kind({
  schema: z.strictObject({ ...keepers, length: count, prefix: z.string().optional(), separator: z.string() }),
  defaults: (given) => ({ length: 2, separator: "-", ...given, ...keptKeepers(given) }),
  computed: [],
  make: ({ length, prefix, separator }) => {
    const name = petName(length, separator);
    return { id: prefix === undefined ? name : `${prefix}${separator}${name}`, computed: {} };
  },
});

// The official provider seeds Go's generator; the same seed would give other values here.
const integer = z.int({ error: "must be a whole number" });

export const randomInteger = kind({
  schema: z
    .strictObject({ ...keepers, max: integer, min: integer })
    .refine(({ min, max }) => min <= max, { path: ["min"], error: "must not be more than max" }),
  defaults: keptKeepers,
  computed: ["result"],
  make: ({ min, max }) => {
    const result = drawnInteger(min, max);
    return { id: `${result}`, computed: { result } };
  },
  /** `<result>,<min>,<max>` */
  import: (given) => {
    const numbers = given.split(",").map(Number);
    const [result = NaN, min = NaN, max = NaN] = numbers;
    if (numbers.length !== 3 || !numbers.every(Number.isInteger)) {
      throw new UserError(`"${given}" does not say which integer`, "give result,min,max: 15,1,100");
    }
    return { id: `${result}`, args: { max, min }, computed: { result } };
  },
});

/** `length` items: whole permutations one after the other, the last one cut. */
export function permutations<T>(items: readonly T[], length: number): T[] {
  const result: T[] = [];
  while (items.length > 0 && result.length < length) result.push(...shuffled(items));
  return result.slice(0, length);
}

export const randomShuffle = kind({
  schema: z.strictObject({
    ...keepers,
    inputs: z.array(z.string()),
    resultCount: z.int({ error: "must be a whole number" }).min(0, "must not be negative").optional(),
  }),
  defaults: keptKeepers,
  computed: ["results"],
  make: ({ inputs, resultCount }) => ({
    id: "-",
    // A count of 0 means all, as in the official provider.
    computed: { results: permutations(inputs, resultCount || inputs.length) },
  }),
});
