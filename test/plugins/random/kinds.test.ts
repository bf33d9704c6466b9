import * as bcrypt from "bcryptjs";
import { difference } from "../../../local/plugins/generated/diff";
import type { Kind } from "../../../local/plugins/generated/kind";
import { kinds } from "../../../local/plugins/random/kinds";
import { Secret } from "../../../local/plugins/server";
import type { PropertyMap } from "../../../local/plugins/server";

function kind(name: string): Kind {
  const found = kinds[`random:index/random${name}:Random${name}`];
  if (!found) throw new Error(name);
  return found;
}

const open = (state: PropertyMap) =>
  Object.fromEntries(
    Object.entries(state).map(([key, value]) => [key, value instanceof Secret ? value.value : value]),
  );
const text: unknown = expect.any(String);
const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const holding = (part: string): unknown => expect.stringContaining(part);

describe("the state has the official provider's shape", () => {
  const composition = {
    lower: true,
    minLower: 0,
    minNumeric: 0,
    minSpecial: 0,
    minUpper: 0,
    number: true,
    numeric: true,
    special: true,
    upper: true,
  };
  test.each([
    [
      "Password",
      { length: 16 },
      {
        ...composition,
        length: 16,
        id: "none",
        bcryptHash: text,
        result: text,
        __meta: '{"schema_version":"3"}',
      },
    ],
    [
      "String",
      { length: 4, special: false, number: true },
      { ...composition, length: 4, special: false, id: text, result: text, __meta: '{"schema_version":"2"}' },
    ],
    ["Id", { byteLength: 8 }, { byteLength: 8, id: text, b64Std: text, b64Url: text, dec: text, hex: text }],
    [
      "Bytes",
      { length: 16, keepers: { a: "1" } },
      { length: 16, keepers: { a: "1" }, id: "none", base64: text, hex: text },
    ],
    ["Uuid", {}, { id: text, result: like(/^[0-9a-f-]{36}$/) }],
    ["Pet", {}, { id: like(/^[a-z]+-[a-z]+$/), length: 2, separator: "-" }],
    [
      "Pet",
      { length: 4, prefix: "vm", separator: "_" },
      { id: like(/^vm(_[a-z]+){4}$/), length: 4, prefix: "vm", separator: "_" },
    ],
    ["Integer", { min: 5, max: 5 }, { id: "5", min: 5, max: 5, result: 5 }],
    [
      "Shuffle",
      { inputs: ["a"], resultCount: 3 },
      { id: "-", inputs: ["a"], resultCount: 3, results: ["a", "a", "a"] },
    ],
  ])("Random%s of %j", async (name, args, state) => {
    const made = await kind(name).make(args);
    expect({ ...open(made.state), id: made.id }).toEqual(state);
    expect(open(made.state)["id"]).toBe(made.id);
  });
});

test("a password and its hash are secret, and the hash is the password's", async () => {
  const { state } = await kind("Password").make({ length: 30 });
  expect(state["result"]).toBeInstanceOf(Secret);
  expect(state["bcryptHash"]).toBeInstanceOf(Secret);
  const { result, bcryptHash } = open(state);
  expect(bcryptHash).toMatch(/^\$2[aby]\$10\$/);
  expect(await bcrypt.compare(String(result), String(bcryptHash))).toBe(true);
});

test("the four texts of an id are the same bytes", async () => {
  const { id, state } = await kind("Id").make({ byteLength: 9, prefix: "p-" });
  const bytes = Buffer.from(id, "base64url");
  expect(bytes).toHaveLength(9);
  expect(state).toMatchObject({
    b64Url: `p-${id}`,
    b64Std: `p-${bytes.toString("base64")}`,
    hex: `p-${bytes.toString("hex")}`,
    dec: `p-${BigInt(`0x${bytes.toString("hex")}`)}`,
  });
});

test("a shuffle repeats an item no more often than whole rounds ask for", async () => {
  const { state } = await kind("Shuffle").make({ inputs: ["a", "b", "c"], resultCount: 7 });
  const results = state["results"];
  expect(results).toHaveLength(7);
  expect([...new Set(Array.isArray(results) ? results.slice(0, 3) : [])].sort()).toEqual(["a", "b", "c"]);
  const all = await kind("Shuffle").make({ inputs: ["a", "b", "c"] });
  expect(all.state["results"]).toHaveLength(3);
});

describe("a mistake is refused with the argument's name", () => {
  test.each([
    ["Password", { length: 0 }, "length", "must be at least 1"],
    ["Password", {}, "length", "must be a whole number"],
    [
      "Password",
      { length: 3, minLower: 2, minUpper: 2 },
      "length",
      "sum of minLower, minNumeric, minSpecial and minUpper, 4",
    ],
    [
      "String",
      { length: 3, lower: false, upper: false, numeric: false, special: false },
      "lower",
      "at least one of",
    ],
    ["String", { length: 3, number: false, numeric: true }, "number", "must not contradict"],
    ["String", { length: 3, minLower: -1 }, "minLower", "must not be negative"],
    ["Integer", { min: 2, max: 1 }, "min", "must not be more than max"],
    ["Integer", { min: 1, max: 2, seed: "s" }, "seed", "does not support this argument"],
    ["Shuffle", { inputs: ["a"], seed: "s" }, "seed", "does not support this argument"],
    ["Pet", { length: 0 }, "length", "must be at least 1"],
    ["Id", { byteLength: 1.5 }, "byteLength", "must be a whole number"],
  ])("Random%s of %j: %s", (name, args, property, reason) => {
    expect(kind(name).mistakes(args)).toEqual([{ property, reason: holding(reason) }]);
  });
});

describe("a difference", () => {
  const compare = async (name: string, before: PropertyMap, after: PropertyMap) => {
    const { state } = await kind(name).make(before);
    return difference(kind(name), { olds: open(state), oldInputs: before, news: after });
  };
  const unset = undefined;

  test.each([
    ["String", { length: 4 }, { length: 4 }],
    ["String", { length: 4 }, { length: 4, lower: true, minLower: 0, number: true, overrideSpecial: "" }],
    ["String", { length: 4, number: true }, { length: 4, numeric: true }],
    ["Uuid", { keepers: { a: "1" } }, { keepers: { a: "1", b: null } }],
    ["Uuid", { keepers: {} }, { keepers: unset }],
    ["Pet", {}, { length: 2, separator: "-" }],
  ])("is none: Random%s from %j to %j", async (name, before, after) => {
    expect(await compare(name, before, after)).toEqual({ changes: false, replaces: [], detailedDiff: {} });
  });

  test.each([
    ["String", { length: 4 }, { length: 5 }, "length", "update"],
    ["String", { length: 4 }, { length: 4, special: false }, "special", "add"],
    ["String", { length: 4, minUpper: 1 }, { length: 4 }, "minUpper", "delete"],
    ["Uuid", { keepers: { a: "1" } }, { keepers: { a: "2" } }, "keepers", "update"],
    ["Uuid", {}, { keepers: { a: "2" } }, "keepers", "add"],
    ["Id", { byteLength: 2, prefix: "a" }, { byteLength: 2, prefix: "b" }, "prefix", "update"],
  ])("is a replacement: Random%s from %j to %j", async (name, before, after, property, change) => {
    expect(await compare(name, before, after)).toEqual({
      changes: true,
      replaces: [property],
      detailedDiff: { [property]: { kind: change, replace: true } },
    });
  });
});

describe("an import", () => {
  test.each([
    ["Password", "s3cret-é", "none", { length: 8, result: "s3cret-é", special: true }],
    ["String", "abc", "abc", { length: 3, result: "abc" }],
    ["Uuid", "7ff1c6a1-0a40-4c53-8b4a-6b8d6fd4a111", "7ff1c6a1-0a40-4c53-8b4a-6b8d6fd4a111", {}],
    ["Id", "p,x,AQI", "AQI", { byteLength: 2, prefix: "p,x", hex: "p,x0102", dec: "p,x258" }],
    ["Id", "AQI", "AQI", { byteLength: 2, b64Url: "AQI", b64Std: "AQI=" }],
    ["Bytes", "AQI=", "none", { length: 2, hex: "0102", base64: "AQI=" }],
    ["Integer", "15,1,100", "15", { min: 1, max: 100, result: 15 }],
  ])("of Random%s %s changes nothing afterwards", async (name, given, id, state) => {
    const found = await kind(name).imported(given);
    expect(found?.id).toBe(id);
    expect(open(found?.state ?? {})).toMatchObject({ ...state, id });
    const news = found?.inputs ?? {};
    expect(difference(kind(name), { olds: open(found?.state ?? {}), oldInputs: news, news }).changes).toBe(
      false,
    );
  });

  test.each([
    ["Uuid", "no"],
    ["Id", "not*base64"],
    ["Bytes", "AQI"],
    ["Integer", "1,2"],
  ])("of Random%s %s says what is wrong", (name, given) => {
    expect(() => kind(name).imported(given)).toThrow(`"${given}"`);
  });

  test.each(["Pet", "Shuffle"])("of Random%s does not exist", (name) => {
    expect(kind(name).imported("x")).toBeUndefined();
  });
});
