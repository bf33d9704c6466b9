import { z } from "zod";

import { images } from "../components/images";
import { ConfigError, explain } from "./explain";
import { compareQuantities } from "./quantity";
import { bytes, domain, email, groupName, imageReference, keys, quantity, userName } from "./values";

/** The namespace of all keys: `vibecode:domain`. It is the project's name. */
export const namespace = "vibecode";

const resources = keys({
  requests: keys({ cpu: quantity, memory: bytes }),
  limits: keys({ cpu: quantity, memory: bytes }),
})
  .superRefine(({ requests, limits }, context) => {
    for (const key of ["cpu", "memory"] as const) {
      if (compareQuantities(requests[key], limits[key]) > 0) {
        context.addIssue({
          code: "custom",
          path: ["requests", key],
          message: `must be at most limits.${key}, which is "${limits[key]}"`,
        });
      }
    }
  })
  .describe("CPU and memory of an editor: what is set aside, and what it may use at most");

export type Resources = z.infer<typeof resources>;

/** Sizes that every stack has; its own come on top, or replace one of the same name. */
const builtInSizes: Record<string, Resources> = {
  small: { requests: { cpu: "250m", memory: "512Mi" }, limits: { cpu: "1", memory: "2Gi" } },
  medium: { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } },
  large: { requests: { cpu: "1", memory: "2Gi" }, limits: { cpu: "4", memory: "8Gi" } },
};

const userObject = keys({
  name: userName,
  size: z.string().optional().describe("One of workspace.sizes; workspace.defaultSize when absent"),
  groups: z.array(groupName).default([]).describe("Groups that sign-in gives the user"),
  email: email.optional(),
});

const user = z
  .union([userName, userObject])
  .describe("A name, or a name with the settings that differ from the stack's defaults");

const sizeName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, {
  error: "must be lower case letters, digits and dashes, at most 31 characters",
});

const workspace = keys({
  defaultSize: z.string().default("medium"),
  sizes: z.record(sizeName, resources).default({}),
  home: bytes.default("10Gi").describe("Size of each home"),
  extensions: bytes.default("2Gi").describe("Size of each volume with the editor's extensions"),
});

const port = z.int().min(1).max(65535);
const nodePort = z.int().min(30000).max(32767);

const ingress = keys({
  exposure: z
    .discriminatedUnion("type", [
      keys({ type: z.literal("LoadBalancer") }),
      keys({
        type: z.literal("NodePort"),
        http: nodePort.default(30080),
        https: nodePort.default(30443),
      }),
    ])
    .default({ type: "LoadBalancer" }),
  replicas: z.int().min(1).max(10).default(1),
  httpsPort: port.default(443).describe("The port people type, where it is not 443"),
  httpPort: port
    .default(80)
    .describe("The port of plain HTTP; on one machine both are forwarded to the cluster"),
  nodeSelector: z.record(z.string(), z.string()).default({}),
  rateLimit: keys({
    average: z.int().min(1).default(50).describe("Requests a second of one client"),
    burst: z.int().min(1).default(1000).describe("Requests of one client at once"),
  }).prefault({}),
});

const shape = keys({
  domain: domain.describe("Workspaces are at https://<user>.<domain>"),
  cluster: keys({
    kubeconfig: z.string().min(1).optional().describe("A path, or the content of a kubeconfig"),
    context: z.string().min(1).optional().describe("A context of the kubeconfig"),
    name: z
      .string()
      .min(1)
      .default("cluster")
      .describe("The cluster's identity: another name is another cluster, and everything is made anew there"),
    domain: domain.default("cluster.local").describe("The suffix of the cluster's own DNS names"),
  }).refine((cluster) => cluster.kubeconfig !== undefined || cluster.context !== undefined, {
    error: "must name a kubeconfig or a context: the current context is never taken by accident",
  }),
  users: z.array(user).max(1000).describe("Everybody who has a workspace"),
  workspace: workspace.prefault({}),
  images: keys({
    workspace: imageReference.describe("The workspace's image, built from workspace-image/"),
    traefik: imageReference.default(images.traefik),
  }),
  storage: keys({
    class: z.string().min(1).optional().describe("The cluster's default class when absent"),
    retain: z
      .boolean()
      .default(true)
      .describe("Keep namespace and volumes of a user who leaves; false for throw-away stacks only"),
  }).prefault({}),
  ingress: ingress.prefault({}),
  certificates: keys({ kind: z.enum(["local-ca"]).default("local-ca") }).prefault({}),
  auth: keys({ kind: z.enum(["basic"]).default("basic") }).prefault({}),
});

export interface User {
  name: string;
  resources: Resources;
  groups: string[];
  email?: string | undefined;
}

/** A stack's configuration, complete: every default is filled in, every user has resources. */
export type Config = Omit<z.infer<typeof shape>, "users"> & { users: User[] };

/**
 * Checks a stack's whole configuration.
 *
 * @param raw what the engine gives: keys with their namespace, values as strings (objects as JSON)
 * @throws {ConfigError} with every mistake, each with path, value and what is allowed
 */
export function parseConfig(raw: Record<string, string>): Config {
  const values = decode(raw);
  const parsed = shape.safeParse(values, { reportInput: true });
  const mistakes = parsed.success ? [] : explain(namespace, parsed.error, values);
  mistakes.push(...crossChecks(values));
  if (!parsed.success || mistakes.length > 0) throw new ConfigError(mistakes);

  const { defaultSize } = parsed.data.workspace;
  const sizes = new Map(Object.entries({ ...builtInSizes, ...parsed.data.workspace.sizes }));
  const users = parsed.data.users.map((entry): User => {
    const { size = defaultSize, ...rest } = typeof entry === "string" ? { name: entry, groups: [] } : entry;
    const found = sizes.get(size);
    if (found === undefined) throw new Error(`size ${size} was checked before`);
    return { ...rest, resources: found };
  });
  return { ...parsed.data, users };
}

/** The JSON schema of a stack's file, for editors. */
export function stackSchema(): unknown {
  const keys = z.toJSONSchema(shape, { io: "input", target: "draft-7" });
  const properties = Object.entries(keys.properties ?? {}).map(([key, value]) => [
    `${namespace}:${key}`,
    value,
  ]);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A stack of VibeCode",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(properties) as unknown,
        // A local stack gets its cluster and its images from the command that starts it.
        required: [`${namespace}:domain`, `${namespace}:users`],
      },
    },
    required: ["config"],
  };
}

/** Top-level strings stay as they are; what is an object, an array, a number or a boolean comes as JSON. */
function decode(raw: Record<string, string>): Record<string, unknown> {
  const own = Object.entries(raw).filter(([key]) => key.startsWith(`${namespace}:`));
  return Object.fromEntries(
    own.map(([key, value]) => {
      const name = key.slice(namespace.length + 1);
      return [name, name === "domain" ? value : parseJson(value)];
    }),
  );
}

/** A value that is no JSON stays a string: its schema says what it should be. */
function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** What holds between keys: names are unique, sizes exist. Reads the raw values, so that it adds to other mistakes. */
function crossChecks(values: Record<string, unknown>): string[] {
  const mistakes: string[] = [];
  const own = z.looseObject({ sizes: z.looseObject({}) }).safeParse(values["workspace"]).data?.sizes;
  const sizes = new Set([...Object.keys(builtInSizes), ...Object.keys(own ?? {})]);
  const known = [...sizes].join(", ");
  const loose = z.looseObject({ name: z.string().optional(), size: z.string().optional() });
  const users = z.array(z.unknown()).safeParse(values["users"]).data ?? [];
  const first = new Map<string, number>();
  users.forEach((entry, index) => {
    const { name, size } =
      typeof entry === "string" ? { name: entry, size: undefined } : (loose.safeParse(entry).data ?? {});
    const at = typeof entry === "string" ? `users[${index}]` : `users[${index}].name`;
    if (name !== undefined) {
      const earlier = first.get(name);
      if (earlier !== undefined)
        mistakes.push(`${namespace}:${at}: "${name}" must be unique: users[${earlier}] has it already`);
      else first.set(name, index);
    }
    if (size !== undefined && !sizes.has(size))
      mistakes.push(`${namespace}:users[${index}].size: "${size}" must be one of ${known}`);
  });
  const defaultSize = z.looseObject({ defaultSize: z.string() }).safeParse(values["workspace"])
    .data?.defaultSize;
  if (defaultSize !== undefined && !sizes.has(defaultSize)) {
    mistakes.push(`${namespace}:workspace.defaultSize: "${defaultSize}" must be one of ${known}`);
  }
  return mistakes;
}
