import * as datadog from "@pulumi/datadog";
import * as k8s from "@pulumi/kubernetes";
import * as kx from "@pulumi/kubernetesx";
import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import * as yaml from "yaml";
import * as z from "zod";

import { secretKeys as mustBeSecret } from "../../infra/schema";
import { reveal } from "./reveal";

// The SDK's mocks know no resource hooks. The engine runs them, and here is none.
Object.assign(MockMonitor.prototype, {
  registerResourceHook: (_request: unknown, answer: (error: null) => void) => {
    answer(null);
  },
});

// A run takes a tenth of a second, on a machine that builds something else beside it a whole one.
jest.setTimeout(60_000);

/** One resource as the program registered it. */
export interface Registered {
  /** `kubernetes:apps/v1:Deployment`. */
  type: string;
  /** The name in the program: `alice-editor`. */
  name: string;
  /** The component it belongs to: `vibecode:workspace:Workspace alice`; empty at the top. */
  parent: string;
  /** Secrets are unwrapped; `secrets` tells which they were. */
  inputs: unknown;
  /** Paths of the secret inputs: `stringData.tls.key`. */
  secrets: string[];
  retainOnDelete: boolean;
  /** The provider that it goes to, by the name that the program gave; empty for a default one. */
  provider: string;
}

export interface Run {
  resources: Registered[];
  /** By what the engine tells them apart: types from the top down, then the name. */
  keys: string[];
  /** What the stack exports, plain; empty in a preview. */
  outputs: Record<string, unknown>;
  /** Names of the exports that are secret as a whole or in all of their entries. */
  secretOutputs: string[];
}

export interface Options {
  /** Whether it is a preview: what providers compute is unknown then. */
  preview?: boolean;
  /** Keys of the config that are encrypted. Default: those that must be. */
  secretKeys?: readonly string[];
  /** What the stack exported at its last `up`. */
  lastOutputs?: Record<string, unknown>;
}

/** A config with nothing but what has no default. */
export const minimal = {
  domain: "dev.localhost",
  cluster: { context: "test" },
  images: { workspace: "localhost/workspace:1" },
  users: ["alice", "bob"],
  auth: { kind: "basic" },
};

/** A config's keys and values as the engine hands them over. */
export function engineConfig(config: Record<string, unknown>): Record<string, string> {
  const raw = Object.entries(config).map(([key, value]) => [
    `vibecode:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return z.record(z.string(), z.string()).parse(Object.fromEntries(raw));
}

/** The one resource of that kind and name; the type is enough from its last colon on: `Deployment`. */
export function find(run: Run, kind: string, name: string): Registered {
  const found = run.resources.filter(
    (resource) => resource.type.endsWith(`:${kind}`) && resource.name === name,
  );
  if (found[0] === undefined || found.length > 1) throw new Error(`${found.length} of ${kind} ${name}`);
  return found[0];
}

/** What lies at a path of keys and indices. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** What the providers would compute. */
const computed: Record<string, (inputs: Record<string, unknown>, name: string) => object> = {
  "tls:index/privateKey:PrivateKey": (_, name) => ({
    privateKeyPem: `key of ${name}\n`,
    privateKeyOpenssh: `private half of ${name}\n`,
    publicKeyOpenssh: `public half of ${name}\n`,
  }),
  "tls:index/selfSignedCert:SelfSignedCert": (_, name) => ({ certPem: `certificate ${name}\n` }),
  "tls:index/certRequest:CertRequest": ({ dnsNames }) => ({
    certRequestPem: `request ${JSON.stringify(dnsNames)}\n`,
  }),
  "tls:index/locallySignedCert:LocallySignedCert": ({ certRequestPem }) => ({
    certPem: `certificate for ${String(certRequestPem)}`,
  }),
  "random:index/randomPassword:RandomPassword": (_, name) => ({
    result: `password of ${name}`,
    bcryptHash: `hash of ${name}`,
  }),
};

/** Runs `infra/index.ts` as the engine would, with mocked providers, and tells what it registered. */
export async function runProgram(config: Record<string, unknown>, options: Options = {}): Promise<Run> {
  const resources: Registered[] = [];
  const keys: string[] = [];
  const settings = new Map<string, { parent: string; retainOnDelete: boolean }>();
  const secretKeys = (options.secretKeys ?? mustBeSecret).map((key) => `vibecode:${key}`);
  process.env["PULUMI_CONFIG_SECRET_KEYS"] = JSON.stringify(secretKeys);
  pulumi.runtime.setAllConfig(engineConfig(config));
  await pulumi.runtime.setMocks(
    {
      call: () => ({}),
      newResource({ type, name, inputs, provider }) {
        const known = z.record(z.string(), z.unknown()).parse(inputs);
        const secrets: string[] = [];
        const plain = z.record(z.string(), z.unknown()).parse(reveal(known, "", secrets));
        if (type !== "pulumi:pulumi:Stack") {
          const { parent = "", retainOnDelete = false } = settings.get(`${type} ${name}`) ?? {};
          const [, given = ""] = /::((?:[a-z0-9]+-)?cluster)::/.exec(provider ?? "") ?? [];
          resources.push({ type, name, parent, inputs: plain, secrets, retainOnDelete, provider: given });
        }
        if (type === "pulumi:pulumi:StackReference")
          return { id: name, state: { ...plain, outputs: options.lastOutputs ?? {} } };
        const added = options.preview === true ? {} : computed[type]?.(plain, name);
        return { id: `${name}-id`, state: { ...plain, ...added } };
      },
    },
    "vibecode",
    "test",
    options.preview ?? false,
    "organization",
  );
  let exported: Record<string, unknown> = {};
  const failures: unknown[] = [];
  // The SDK notes a stack at every promise, and jest maps each back to its source: half of a run's time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts, resource }) => {
      const parent = opts.parent === undefined ? "" : (parents.get(opts.parent) ?? "");
      parents.set(resource, `${type} ${name}`);
      const above = opts.parent === undefined ? undefined : types.get(opts.parent);
      const chain = above === undefined ? type : `${above}$${type}`;
      types.set(resource, chain);
      if (type !== "pulumi:pulumi:Stack") keys.push(`${chain}::${name}`);
      settings.set(`${type} ${name}`, { parent, retainOnDelete: opts.retainOnDelete ?? false });
      return undefined;
    });
    // Inside, the SDK would end the process with it.
    const ended = await Promise.resolve(load()()).catch((error: unknown) => ({ failure: error }));
    if (typeof ended === "object" && ended !== null && "failure" in ended) failures.push(ended.failure);
    else exported = z.record(z.string(), z.unknown()).parse(ended);
    return exported;
  });
  await pulumi.runtime.disconnect();
  if (failures.length > 0) {
    Error.stackTraceLimit = stackTraceLimit;
    throw failures[0];
  }
  // An unknown never arrives, so a preview's exports cannot be awaited.
  const read = options.preview === true ? { outputs: {}, secretOutputs: [] } : await reading(exported);
  Error.stackTraceLimit = stackTraceLimit;
  return { resources, keys, ...read };
}

const parents = new WeakMap<pulumi.Resource, string>();
const types = new WeakMap<pulumi.Resource, string>();

/** The SDK's modules load their parts when they are first asked for: keeps what they loaded. */
function loadedOnce<Module extends object>(module: Module): Module {
  const parts = new Map<PropertyKey, unknown>();
  return new Proxy(module, {
    get(target, key) {
      if (!parts.has(key)) {
        const part: unknown = Reflect.get(target, key);
        parts.set(key, typeof part === "object" && part !== null ? loadedOnce(part) : part);
      }
      return parts.get(key);
    },
  });
}

const packages = {
  "@pulumi/datadog": loadedOnce(datadog),
  "@pulumi/kubernetes": loadedOnce(k8s),
  "@pulumi/kubernetesx": kx,
  "@pulumi/pulumi": pulumi,
  "@pulumi/random": loadedOnce(random),
  "@pulumi/tls": loadedOnce(tls),
  yaml,
  zod: z,
};

/** The program anew, on the one copy of each package that is loaded already: each run costs milliseconds. */
function load(): () => unknown {
  let program: () => unknown = () => undefined;
  jest.isolateModules(() => {
    for (const [name, loaded] of Object.entries(packages)) jest.doMock(name, () => loaded);
    program = jest.requireActual<() => unknown>("../../infra");
  });
  return program;
}

async function reading(exported: Record<string, unknown>) {
  const outputs: Record<string, unknown> = {};
  const secretOutputs: string[] = [];
  for (const [name, value] of Object.entries(exported)) {
    const text = await new Promise<string>((resolve) => pulumi.jsonStringify(value).apply(resolve));
    outputs[name] = JSON.parse(text);
    const parts: unknown[] =
      typeof value === "object" && value !== null && !pulumi.Output.isInstance(value)
        ? Object.values(value)
        : [value];
    const secret = await Promise.all(
      parts.map((part) => (pulumi.Output.isInstance(part) ? pulumi.isSecret(part) : Promise.resolve(false))),
    );
    if (secret.length > 0 && secret.every(Boolean)) secretOutputs.push(name);
  }
  return { outputs, secretOutputs };
}
