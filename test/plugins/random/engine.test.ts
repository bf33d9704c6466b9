import * as fs from "node:fs/promises";
import * as path from "node:path";
import { z } from "zod";
import { Stack } from "../engine";

jest.setTimeout(120_000);

const program = `
const random = require("@pulumi/random");
const keepers = { round: config.require("round") };
const password = new random.RandomPassword("password", { length: 24, minSpecial: 2, keepers });
const text = new random.RandomString("text", { length: 8, special: false, upper: false });
const id = new random.RandomId("id", { byteLength: 8, prefix: "x-" });
const bytes = new random.RandomBytes("bytes", { length: 16 });
const uuid = new random.RandomUuid("uuid", { keepers: { of: id.hex } });
const pet = new random.RandomPet("pet", { keepers });
const integer = new random.RandomInteger("integer", { min: 1, max: 6 });
const shuffle = new random.RandomShuffle("shuffle", { inputs: ["a", "b", "c"] });
return {
  password: password.result, hash: password.bcryptHash, text: text.result, hex: id.hex, base64: bytes.base64,
  uuid: uuid.result, pet: pet.id, integer: integer.result, results: shuffle.results,
};`;

const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.create({ program, config: { round: "1" } });
});
afterAll(() => stack.remove());

/** Every file of the stack's state, as it lies on the disk. */
async function stateFiles(): Promise<string> {
  const folder = path.join(stack.folder, "state");
  const files = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => fs.readFile(path.join(file.parentPath, file.name), "utf8"));
  return (await Promise.all(texts)).join("\n");
}

test("a life: preview, up, nothing, keepers, refresh, destroy", async () => {
  const preview = await stack.preview();
  expect(preview).toMatchObject({ exitCode: 0, errors: [] });
  expect(preview.changes).toEqual({ create: 9 });

  const first = await stack.up();
  expect(first).toMatchObject({ exitCode: 0, errors: [] });
  const before = z.record(z.string(), z.unknown()).parse(await stack.outputs());
  expect(before).toMatchObject({
    password: like(/^.{24}$/),
    text: like(/^[a-z0-9]{8}$/),
    hex: like(/^x-[0-9a-f]{16}$/),
    pet: like(/^[a-z]+-[a-z]+$/),
  });
  expect([1, 2, 3, 4, 5, 6]).toContain(before["integer"]);

  // The password, its hash and the bytes are in the state, encrypted: their texts are nowhere in the files.
  const files = await stateFiles();
  expect(files).toContain(String(before["text"]));
  for (const name of ["password", "hash", "base64"]) expect(files).not.toContain(String(before[name]));

  const second = await stack.up();
  expect(second).toMatchObject({ exitCode: 0, steps: [] });
  expect(await stack.outputs()).toEqual(before);

  await stack.pulumi("config", "set", "round", "2");
  const kept = await stack.up();
  const replaced = kept.steps.filter(({ op }) => op === "replace");
  expect(replaced.map(({ name }) => name).sort()).toEqual(["password", "pet"]);
  for (const { diff } of replaced) expect(Object.keys(diff)).toEqual(["keepers"]);
  const after = await stack.outputs();
  expect(after["password"]).not.toBe(before["password"]);
  expect(after["pet"]).not.toBe(before["pet"]);
  expect({ ...after, password: 0, hash: 0, pet: 0 }).toEqual({ ...before, password: 0, hash: 0, pet: 0 });

  const refreshed = await stack.refresh();
  expect(refreshed.exitCode).toBe(0);
  expect(Object.keys(refreshed.changes)).toEqual(["same"]);
  expect(await stateFiles()).not.toContain(String(after["password"]));

  expect(await stack.destroy()).toMatchObject({ exitCode: 0 });
  expect(await stack.resources()).toEqual([]);
});

test("values made elsewhere are imported by the program, and stay secret", async () => {
  await stack.program(`
    const random = require("@pulumi/random");
    const password = new random.RandomPassword("old", { length: 12 }, { import: "brought-alon" });
    const uuid = new random.RandomUuid("uuid", {}, { import: "7ff1c6a1-0a40-4c53-8b4a-6b8d6fd4a111" });
    return { password: password.result, uuid: uuid.result };`);
  const run = await stack.up();
  expect(run).toMatchObject({ exitCode: 0, errors: [] });
  expect(await stack.outputs()).toEqual({
    password: "brought-alon",
    uuid: "7ff1c6a1-0a40-4c53-8b4a-6b8d6fd4a111",
  });
  // The engine itself keeps the id of an import beside the resource, in the clear; the outputs are encrypted.
  const password = (await stack.resources()).find(({ type }) => type.endsWith("RandomPassword"));
  expect(JSON.stringify(password?.outputs)).not.toContain("brought-alon");
  expect(password?.outputs?.["result"]).toHaveProperty("ciphertext");
  expect(await stack.up()).toMatchObject({ exitCode: 0, changes: { same: 3 } });
});

test.each([
  ["new random.RandomUuid7('seven')", "does not support random:index/randomUuid7:RandomUuid7"],
  ["new random.RandomInteger('seeded', { min: 1, max: 2, seed: 'x' })", "property seed"],
  ["new random.RandomString('short', { length: 1, minLower: 2 })", "must be at least the sum"],
])("%s is refused: %s", async (statement, reason) => {
  await stack.program(`const random = require("@pulumi/random"); ${statement};`);
  const run = await stack.preview();
  expect(run.exitCode).not.toBe(0);
  expect(run.errors.join("\n")).toContain(reason);
});
