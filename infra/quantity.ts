/** The grammar of apimachinery's resource.Quantity, less signs and exponents. */
export const quantityGrammar = /^(\d+(?:\.\d+)?|\.\d+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

const suffixes = ["k", "M", "G", "T", "P", "E"].map((suffix, index) => [
  [suffix, 1000n ** BigInt(index + 2)] as const,
  [`${suffix.toUpperCase()}i`, 1000n * 1024n ** BigInt(index + 1)] as const,
]);

/** How many thousandths each suffix is. */
const thousandths = new Map<string, bigint>([["m", 1n], ["", 1000n], ...suffixes.flat()]);

/** A quantity as an exact fraction, since a float would find 700m larger than 0.7. */
function fraction(text: string): { numerator: bigint; denominator: bigint } {
  const [, number = "", suffix = ""] = quantityGrammar.exec(text) ?? [];
  const factor = thousandths.get(suffix);
  if (number === "" || factor === undefined) throw new RangeError(`${text} is not a quantity`);
  const [whole = "", decimals = ""] = number.split(".");
  return {
    numerator: BigInt(whole + decimals) * factor,
    denominator: 1000n * 10n ** BigInt(decimals.length),
  };
}

/**
 * Orders two quantities by their value: below zero, zero, above zero.
 *
 * @throws {RangeError} where one is not a quantity
 */
export function compareQuantities(left: string, right: string): number {
  const a = fraction(left);
  const b = fraction(right);
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : Number(difference > 0n);
}

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * How much a quantity is: `250m` is 0.25, `1Ki` is 1024; with the exponents and small suffixes that other people's
 * objects have. Undefined where it is none.
 */
export function amount(text: string | undefined): number | undefined {
  const [, number, exponent, suffix] =
    /^(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|(n|u|m|k|[MGTPE]|[KMGTPE]i)?)$/.exec(text ?? "") ?? [];
  const factor = factors[suffix ?? ""];
  if (number === undefined || factor === undefined) return undefined;
  // To twelve digits: 0.7 and 700m are the same.
  return Number((Number(`${number}${exponent ?? ""}`) * factor).toPrecision(12));
}
