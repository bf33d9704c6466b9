const suffixes: Readonly<Record<string, number>> = {
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

/** How much a quantity of Kubernetes is: `250m` is 0.25, `1Ki` is 1024. Undefined where it is none. */
export function amount(text: string | undefined): number | undefined {
  const [, number, exponent, suffix] =
    /^(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|(n|u|m|k|[MGTPE]|[KMGTPE]i)?)$/.exec(text ?? "") ?? [];
  const factor = suffixes[suffix ?? ""];
  if (number === undefined || factor === undefined) return undefined;
  // To twelve digits: 0.7 and 700m are the same.
  return Number((Number(`${number}${exponent ?? ""}`) * factor).toPrecision(12));
}
