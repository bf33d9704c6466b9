import * as fc from "fast-check";
import { drawn, drawnInteger, shuffled } from "../../../local/plugins/random/draw";
import {
  digits,
  lowerCase,
  randomText,
  specialCharacters,
  upperCase,
} from "../../../local/plugins/random/text";
import type { Composition } from "../../../local/plugins/random/text";

const plain: Composition = {
  length: 20,
  lower: true,
  numeric: true,
  special: true,
  upper: true,
  minLower: 0,
  minNumeric: 0,
  minSpecial: 0,
  minUpper: 0,
};

const characters = (text: string) => Array.from(text);
const among = (text: string, allowed: string) =>
  characters(text).filter((one) => allowed.includes(one)).length;

const least = fc.nat({ max: 5 });
const compositions: fc.Arbitrary<Composition> = fc
  .record({
    extra: fc.nat({ max: 40 }),
    lower: fc.boolean(),
    numeric: fc.boolean(),
    special: fc.boolean(),
    upper: fc.boolean(),
    minLower: least,
    minNumeric: least,
    minSpecial: least,
    minUpper: least,
    overrideSpecial: fc.option(fc.constantFrom("-_", "é", "😀!"), { nil: undefined }),
  })
  .filter(({ lower, numeric, special, upper }) => lower || numeric || special || upper)
  .map(({ extra, ...rest }) => ({
    ...rest,
    length: Math.max(1, extra + rest.minLower + rest.minNumeric + rest.minSpecial + rest.minUpper),
  }));

test("a text has its length, its minimums, and nothing from a class that is off beyond them", () => {
  fc.assert(
    fc.property(compositions, (of) => {
      const text = randomText(of);
      expect(characters(text)).toHaveLength(of.length);
      const classes = [
        [lowerCase, of.lower, of.minLower],
        [digits, of.numeric, of.minNumeric],
        [upperCase, of.upper, of.minUpper],
        [of.overrideSpecial ?? specialCharacters, of.special, of.minSpecial],
      ] as const;
      for (const [allowed, on, minimum] of classes) {
        const found = among(text, allowed);
        expect(found).toBeGreaterThanOrEqual(minimum);
        if (!on) expect(found).toBe(minimum);
      }
      expect(classes.reduce((sum, [allowed]) => sum + among(text, allowed), 0)).toBe(of.length);
    }),
  );
});

/**
 * Pearson's statistic of how far counts are from being even. With k - 1 degrees of freedom its mean is k - 1 and its
 * variance 2(k - 1); six deviations above the mean a fair draw comes once in many millions of runs.
 */
function isEven(counts: number[]): boolean {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = counts.length - 1;
  return statistic < freedom + 6 * Math.sqrt(2 * freedom);
}

const tally = (keys: Iterable<string>, all: readonly string[]) => {
  const counts = new Map(all.map((key) => [key, 0]));
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts.values()];
};

test("every allowed character is as likely as the others", () => {
  const all = characters(digits + lowerCase + upperCase + specialCharacters);
  const texts = Array.from({ length: 200 }, () => randomText({ ...plain, length: 500 }));
  expect(isEven(tally(characters(texts.join("")), all))).toBe(true);
});

test("every place is as likely as the others to hold the one capital", () => {
  const of = { ...plain, length: 12, upper: false, minUpper: 1 };
  const places = Array.from({ length: 12 }, (_, place) => `${place}`);
  const found = Array.from({ length: 12_000 }, () => `${randomText(of).search(/[A-Z]/)}`);
  expect(isEven(tally(found, places))).toBe(true);
});

test("every order of a list is as likely as the others", () => {
  const orders = ["abc", "acb", "bac", "bca", "cab", "cba"];
  const found = Array.from({ length: 12_000 }, () => shuffled(["a", "b", "c"]).join(""));
  expect(isEven(tally(found, orders))).toBe(true);
});

test("the measure of evenness tells a draw by modulo from a fair one", () => {
  // A byte modulo 83 has 7 characters more often than the other 76, by a third.
  const all = Array.from({ length: 83 }, (_, index) => `${index}`);
  const bytes = Array.from({ length: 100_000 }, (_, index) => `${(index % 256) % 83}`);
  expect(isEven(tally(bytes, all))).toBe(false);
});

test("an integer lies in its range, both ends included, and each is as likely", () => {
  const found = Array.from({ length: 10_000 }, () => `${drawnInteger(-3, 3)}`);
  expect(isEven(tally(found, ["-3", "-2", "-1", "0", "1", "2", "3"]))).toBe(true);
});

test("the widest range of whole numbers can be drawn from", () => {
  const { MIN_SAFE_INTEGER: min, MAX_SAFE_INTEGER: max } = Number;
  const found = Array.from({ length: 200 }, () => drawnInteger(min, max));
  expect(found.every(Number.isSafeInteger)).toBe(true);
  expect(new Set(found).size).toBe(200);
  expect(found.some((one) => Math.abs(one) > 2 ** 50)).toBe(true);
  expect(drawnInteger(7, 7)).toBe(7);
});

test("nothing can be drawn from an empty list", () => {
  expect(() => drawn([])).toThrow("nothing to draw from");
});
