import { drawn, shuffled } from "./draw";

export const digits = "0123456789";
export const lowerCase = "abcdefghijklmnopqrstuvwxyz";
export const upperCase = lowerCase.toUpperCase();
export const specialCharacters = "!@#$%&*()-_=+[]{}<>:?";

/** What a random text is made of: the arguments of RandomString and RandomPassword, defaults filled in. */
export interface Composition {
  /** Characters in the text. */
  length: number;
  lower: boolean;
  numeric: boolean;
  special: boolean;
  upper: boolean;
  minLower: number;
  minNumeric: number;
  minSpecial: number;
  minUpper: number;
  /** Takes the place of the 21 special characters. */
  overrideSpecial?: string | undefined;
}

/**
 * A text of that composition. As the official provider does, a minimum is kept even where its class is
 * switched off: `upper: false, minUpper: 1` gives exactly one capital.
 */
export function randomText(of: Composition): string {
  const classes = [
    { characters: Array.from(digits), allowed: of.numeric, least: of.minNumeric },
    { characters: Array.from(lowerCase), allowed: of.lower, least: of.minLower },
    { characters: Array.from(upperCase), allowed: of.upper, least: of.minUpper },
    // An empty override means none, as in the official provider.
    {
      characters: Array.from(of.overrideSpecial || specialCharacters),
      allowed: of.special,
      least: of.minSpecial,
    },
  ];
  const text = classes.flatMap(({ characters, least }) => many(characters, least));
  const allowed = classes.flatMap(({ characters, allowed }) => (allowed ? characters : []));
  return shuffled([...text, ...many(allowed, of.length - text.length)]).join("");
}

function many(characters: readonly string[], count: number): string[] {
  return Array.from({ length: count }, () => drawn(characters));
}
