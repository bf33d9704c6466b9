import { isList, isObject } from "../server";
import type { PropertyMap } from "../server";
import { isSecret } from "./inputs";
import { objectAt, without } from "./objects";

const suffixes: Record<string, number> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

function quantity(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const [, digits, suffix = ""] = /^([+-]?[\d.]+(?:e[+-]?\d+)?)([a-zA-Z]*)$/.exec(String(value)) ?? [];
  const factor = suffixes[suffix];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

/** The server writes "1000m" as "1": the same amount is no drift. */
const sameQuantity = (left: unknown, right: unknown): boolean => {
  const amount = quantity(left);
  return amount !== undefined && amount === quantity(right);
};

/** Below what the API has quantities. Anywhere else "1.10" and "1.1" are two texts: data, labels, versions. */
const hasAmounts = new Set([
  ...["resources", "requests", "limits", "capacity", "hard", "overhead"],
  ...["emptyDir", "resourceFieldRef", "metrics"],
]);

/** What the server leaves out because it is the zero of its type. */
const isZero = (value: unknown): boolean =>
  [undefined, null, "", false, 0].some((zero) => zero === value) ||
  (isList(value) && value.length === 0) ||
  (isObject(value) && Object.values(value).every(isZero));

/** What tells the entries of a list apart, as the API's merge keys do. */
const keyOf = (item: unknown): string | undefined => {
  if (!isObject(item)) return undefined;
  const key = ["name", "key", "mountPath", "containerPort", "port", "ip", "type"].find(
    (each) => each in item,
  );
  return key === undefined ? undefined : `${key}=${String(item[key])}`;
};

function observeList(inputs: unknown[], live: unknown[], amounts: boolean): unknown[] {
  const keys = live.map(keyOf);
  const unique = keys.every((key) => key !== undefined) && new Set(keys).size === live.length;
  if (!unique)
    return live.length === inputs.length
      ? inputs.map((item, index) => observe(item, live[index], amounts))
      : live;
  // Others may add entries of their own, as a sidecar's injector does: those are no drift of ours.
  return inputs.flatMap((item) => {
    const index = keys.findIndex((key) => key === keyOf(item));
    return index < 0 ? [] : [observe(item, live[index], amounts)];
  });
}

/** The inputs as the live object has them: only what the program set, with the values it has now. */
function observe(inputs: unknown, live: unknown, amounts = false): unknown {
  if (live === undefined || live === null) return isZero(inputs) ? inputs : undefined;
  if (isList(inputs) && isList(live)) return observeList(inputs, live, amounts);
  if (isObject(inputs) && isObject(live))
    return Object.fromEntries(
      Object.entries(inputs).flatMap(([key, value]) => {
        const now = observe(value, live[key], amounts || (hasAmounts.has(key) && typeof value === "object"));
        return now === undefined && value !== undefined ? [] : [[key, now]];
      }),
    );
  return amounts && sameQuantity(inputs, live) ? inputs : live;
}

/** `stringData` is write-only: what it became is in `data`. */
function observeStringData(inputs: PropertyMap, live: PropertyMap): PropertyMap {
  const data = objectAt(live, "data");
  const known = Object.keys(objectAt(inputs, "stringData")).filter((key) => typeof data[key] === "string");
  const text = (key: string) => Buffer.from(String(data[key]), "base64").toString("utf8");
  return { ...live, stringData: Object.fromEntries(known.map((key) => [key, text(key)])) };
}

/** The inputs of the last operation, brought up to date with the live object. */
export function observedInputs(inputs: PropertyMap, live: PropertyMap): PropertyMap {
  const writeOnly = isSecret(inputs) && "stringData" in inputs;
  const observed = observe(inputs, writeOnly ? observeStringData(inputs, live) : live);
  return isObject(observed) ? observed : inputs;
}

const serverSet = new Set([
  ...["creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields"],
  ...["resourceVersion", "selfLink", "uid"],
]);

/** The inputs of an imported object: all but what only the server writes. */
export function importedInputs(live: PropertyMap): PropertyMap {
  const metadata = Object.entries(objectAt(live, "metadata")).filter(([key]) => !serverSet.has(key));
  return { ...without(live, "status"), metadata: Object.fromEntries(metadata) };
}
