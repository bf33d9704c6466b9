import fc from "fast-check";

import { compareQuantities } from "../../infra/quantity";

test.each([
  ["500m", "0.5", 0],
  ["700m", "0.7", 0],
  ["1", "1000m", 0],
  ["1Ki", "1024", 0],
  ["1.5Gi", "1536Mi", 0],
  ["1k", "1Ki", -1],
  ["1G", "1Gi", -1],
  [".5", "0.50", 0],
  ["2", "1999m", 1],
  ["8Ei", "9E", 1],
  ["0.000000000000000000000001", "0", 1],
])("%s against %s is %d", (left, right, order) => {
  expect(compareQuantities(left, right)).toBe(order);
});

test.each(["", "1e3", "-1", "1 Gi", "1KI", "Gi", "1.", "0x10"])("%j is not a quantity", (text) => {
  expect(() => compareQuantities(text, "1")).toThrow(RangeError);
});

const binary = { "": 0, Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const decimal = { "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

test("a suffix is its power of two or ten", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 9n }),
      fc.constantFrom(
        ...Object.entries(binary).map(([suffix, power]) => ({ suffix, factor: 2n ** BigInt(power) })),
        ...Object.entries(decimal).map(([suffix, power]) => ({ suffix, factor: 10n ** BigInt(power) })),
      ),
      (count, { suffix, factor }) => {
        expect(compareQuantities(`${count.toString()}${suffix}`, (count * factor).toString())).toBe(0);
      },
    ),
  );
});

test("thousandths order as the whole numbers they are", () => {
  const thousandths = fc.nat(100_000);
  fc.assert(
    fc.property(thousandths, thousandths, (left, right) => {
      const decimals = (value: number) => (value / 1000).toFixed(3);
      expect(compareQuantities(`${left}m`, decimals(right))).toBe(Math.sign(left - right));
    }),
  );
});
