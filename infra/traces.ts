import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";

/**
 * Leaves out the stack traces that the SDK takes of every resource and every promise, to say where it was made: a
 * quarter of what the program costs at a hundred users, and a fifth of the state. Errors keep theirs, whole.
 * `PULUMI_DEBUG_PROMISE_LEAKS` brings those of the promises back.
 */
const sdk: unknown = createRequire(__filename)("@pulumi/pulumi/runtime/debuggable");

type Watch = (promise: unknown, context: unknown) => unknown;

const watches = (module: unknown): module is { debuggablePromise: Watch } =>
  typeof module === "object" &&
  module !== null &&
  "debuggablePromise" in module &&
  typeof module.debuggablePromise === "function";

if (watches(sdk) && process.env["PULUMI_DEBUG_PROMISE_LEAKS"] === undefined) {
  const watch = sdk.debuggablePromise;
  sdk.debuggablePromise = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return watch(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}

// The SDK asks this of itself for each resource; what it does not find it leaves out.
if ("callsites" in pulumi.Resource) Object.assign(pulumi.Resource, { callsites: () => [] });
