import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";

/**
 * Leaves out what the SDK keeps for whoever looks into the SDK itself. `PULUMI_DEBUG_PROMISE_LEAKS` brings it back, but
 * for the resources' stack traces.
 */
const isAsked = process.env["PULUMI_DEBUG_PROMISE_LEAKS"] !== undefined;

// The stack traces of every resource and every promise, to say where it was made: a quarter of what the program cost at a
// hundred users, and a fifth of the state. Errors keep theirs, whole.
const sdk: unknown = createRequire(__filename)("@pulumi/pulumi/runtime/debuggable");

type Watch = (promise: unknown, context: unknown) => unknown;

const watches = (module: unknown): module is { debuggablePromise: Watch } =>
  typeof module === "object" &&
  module !== null &&
  "debuggablePromise" in module &&
  typeof module.debuggablePromise === "function";

if (watches(sdk) && !isAsked) {
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

// Three or four lines of every resource, for `pulumi up --debug`. Each is a call to the engine that waits for the one
// before, and one holds all the engine has answered.
if (!isAsked) Object.assign(pulumi.log, { debug: () => Promise.resolve() });
