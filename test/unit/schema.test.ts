import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

import { parseConfig, stackSchema } from "../../infra/config";
import { minimal } from "./mocks";

const stacks = join(__dirname, "../../stacks");
/**
 * As an editor reads it: what JSON cannot hold is gone. Editors read patterns as Unicode and zod does not, so that a
 * class of characters is put in other words.
 */
const schema = z.fromJSONSchema(
  z
    .record(z.string(), z.json())
    .parse(JSON.parse(JSON.stringify(stackSchema()).replaceAll("\\\\p{C}", "\\\\x00-\\\\x1f"))),
);
const stackFile = z.object({ config: z.record(z.string(), z.unknown()) });

test("stacks/schema.json is what `make schema` writes", () => {
  const written: unknown = JSON.parse(readFileSync(join(stacks, "schema.json"), "utf8"));
  expect(written).toEqual(JSON.parse(JSON.stringify(stackSchema())));
});

test("the schema knows every key of a stack and closes every object", () => {
  const config = (values: object) => schema.safeParse({ config: values }).success;
  const good = { "vibecode:domain": "dev.localhost", "vibecode:users": ["alice", { name: "bob" }] };
  expect(config(good)).toBe(true);
  expect(config({ ...good, "vibecode:users": [{ name: "bob", colour: "red" }] })).toBe(false);
  expect(config({ ...good, "vibecode:storage": { retain: "yes" } })).toBe(false);
  expect(config({ "vibecode:domain": "dev.localhost" })).toBe(false);
});

describe.each(readdirSync(stacks).filter((file) => /^Pulumi\..+\.yaml$/.test(file)))("%s", (file) => {
  const text = readFileSync(join(stacks, file), "utf8");
  const { config } = stackFile.parse(parse(text));

  test("holds against the schema, which its first line names", () => {
    expect(text).toMatch(/^# yaml-language-server: \$schema=schema\.json\n/);
    expect(schema.safeParse(parse(text)).error).toBeUndefined();
  });

  test("is a valid config, with what the local command adds", () => {
    const added = {
      "vibecode:cluster": JSON.stringify(minimal.cluster),
      "vibecode:images": JSON.stringify(minimal.images),
    };
    const raw = Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    expect(() =>
      parseConfig({ ...added, ...z.record(z.string(), z.string()).parse(Object.fromEntries(raw)) }),
    ).not.toThrow();
  });
});
