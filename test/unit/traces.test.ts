import * as grpc from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { createRequire } from "node:module";
import { promisify } from "node:util";
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

test("the engine hears what the program says, and not what the SDK says of each resource", async () => {
  const heard: string[] = [];
  const engine = new grpc.Server();
  engine.addService(EngineService, {
    log: ({ request }: { request: LogRequest }, answer: grpc.sendUnaryData<Empty>) => {
      heard.push(request.getMessage());
      answer(null, new Empty());
    },
  });
  const bind = promisify(engine.bindAsync.bind(engine));
  const port = await bind("127.0.0.1:0", grpc.ServerCredentials.createInsecure());
  try {
    pulumi.runtime.resetOptions("traces", "test", 1, `127.0.0.1:${port}`, "", false, "organization");
    await pulumi.log.debug("Registering resource");
    await pulumi.log.info("welcome");
    expect(heard).toEqual(["welcome"]);
  } finally {
    pulumi.runtime.resetOptions("traces", "test", 1, "", "", false, "organization");
    engine.forceShutdown();
  }
});
