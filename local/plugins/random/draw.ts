import { randomInt } from "node:crypto";

/** One item of the list, each as likely as the others: `randomInt` rejects what a plain modulo would favour. */
export function drawn<T>(items: readonly T[]): T {
  if (items.length === 0) throw new RangeError("nothing to draw from");
  const item = items.slice(randomInt(items.length)).at(0);
  if (item === undefined) throw new RangeError("the list has a hole");
  return item;
}

/** The same items in an order of which each permutation is as likely as the others (Fisher and Yates). */
export function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  const order: T[] = [];
  while (left.length > 0) order.push(...left.splice(randomInt(left.length), 1));
  return order;
}

/** A whole number from `min` to `max`, both included. The span may exceed the 2^48 that `randomInt` can do. */
export function drawnInteger(min: number, max: number): number {
  const span = BigInt(max) - BigInt(min) + 1n;
  return Number(BigInt(min) + drawnBelow(span));
}

function drawnBelow(limit: bigint): bigint {
  const bits = (limit - 1n).toString(2).length;
  for (;;) {
    let value = 0n;
    for (let done = 0; done < bits; done += 24) {
      value = (value << 24n) | BigInt(randomInt(2 ** 24));
    }
    value &= (1n << BigInt(bits)) - 1n;
    if (value < limit) return value;
  }
}
