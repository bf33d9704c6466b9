import * as pulumi from "@pulumi/pulumi";
import { createRequire } from "node:module";
import { z } from "zod";
import "../../infra/traces";

const runs = (value: unknown): boolean => typeof value === "function";
const { debuggablePromise } = z
  .object({
    debuggablePromise: z.custom<(promise: Promise<unknown>, what: string) => Promise<unknown>>(runs),
  })
  .parse(createRequire(__filename)("@pulumi/pulumi/runtime/debuggable"));

test("the SDK takes no trace of a promise, and watches over it all the same", async () => {
  const promise = Promise.resolve(7);
  await expect(debuggablePromise(promise, "seven")).resolves.toBe(7);
  expect(promise).toHaveProperty("_debugStackTrace", expect.not.stringContaining("at "));
});

test("the SDK finds no place where a resource was made, which it would keep in the state", () => {
  const { value: callsites } = z
    .object({ value: z.custom<() => unknown[]>(runs) })
    .parse(Object.getOwnPropertyDescriptor(pulumi.Resource, "callsites"));
  expect(callsites()).toEqual([]);
});

test("an error of the program says where it came from, also after the SDK has watched a promise", async () => {
  await debuggablePromise(Promise.resolve(), "before");
  expect(new Error("mine").stack).toContain("traces.test");
});
