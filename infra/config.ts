import { z } from "zod";

import { images, mirrored } from "../components/images";
import { crossChecks, type Surroundings } from "./checks";
import { ConfigError, Explanation } from "./explain";
import { secretKeys, shape, shapeOfSeveral, userObject } from "./schema";
import { builtInSizes, type Size } from "./sizes";
import { views, type View } from "./views";

/** The namespace of all keys: `vibecode:domain`. It is the project's name. */
export const namespace = "vibecode";

/** A user, complete: what the stack's file leaves out is filled in. */
export interface User {
  name: string;
  fullName: string;
  email: string;
  size: Size;
  /** Size of the home. */
  home: string;
  state: "running" | "stopped";
  groups: string[];
  /** Extensions of the editor, those that everybody gets included. */
  extensions: string[];
  /** Secret environment variables, by name. */
  secretEnv: Record<string, string>;
  sshKey: boolean;
  dotfiles?: string | undefined;
  kubernetesAccess?: "view" | "edit" | undefined;
}

type Shape = z.infer<typeof shape>;

/** One cluster of a stack with all that is asked for there, complete: every default is filled in. */
export type Place = Omit<Shape, "users" | "clusters"> & {
  users: User[];
  /** Its name in `clusters`; undefined where the stack has one cluster. */
  name: string | undefined;
  /** Before the names of its resources, so that no two clusters' are the same: `eu-`. Empty for the first cluster. */
  prefix: string;
};

/** A stack's configuration, complete: every default is filled in. */
export type Config = Omit<z.infer<typeof shapeOfSeveral>, "users" | "clusters"> & {
  /** Everybody, in the order of the stack's file. */
  users: User[];
  /** The stack's clusters, one or several, each with its users. */
  places: Place[];
};

const alone: Surroundings = {
  isSecret: (key) => secretKeys.includes(key),
  openSecrets: [],
  volumes: {},
  sharedVolumes: {},
  imageExtensions: [],
};

/**
 * Checks a stack's whole configuration.
 *
 * @param raw what the engine gives: keys with their namespace, values as strings (objects as JSON)
 * @param around what the config is held against. Default: nothing, for a look at the file alone
 * @throws {ConfigError} with every mistake, each with path, value and what is allowed; no secret is quoted
 */
export function parseConfig(raw: Record<string, string>, around: Partial<Surroundings> = {}): Config {
  const values = decode(raw);
  const surroundings = { ...alone, ...around };
  const explanation = new Explanation(namespace, values, surroundings.isSecret);
  const parsed = (values["clusters"] === undefined ? shape : shapeOfSeveral).safeParse(values, {
    reportInput: true,
  });
  const mistakes = [
    ...(parsed.success ? [] : explanation.of(parsed.error)),
    ...crossChecks(values, surroundings).map(({ path, message }) => explanation.say(path, message)),
  ];
  if (!parsed.success || mistakes.length > 0) throw new ConfigError(mistakes);
  const places = views(values).map(complete);
  const { users } = parsed.data;
  const completed = new Map(places.flatMap((place) => place.users.map((user) => [user.name, user])));
  return {
    ...parsed.data,
    users: users.flatMap((entry) => completed.get(typeof entry === "string" ? entry : entry.name) ?? []),
    images: fromMirror(parsed.data.images),
    places,
  };
}

function complete({ name, apart, values }: View): Place {
  const parsed = shape.parse(values);
  return {
    ...parsed,
    name,
    prefix: apart === undefined ? "" : `${apart}-`,
    users: completeUsers(parsed),
    images: fromMirror(parsed.images),
  };
}

/** The images, those of the platform's own list from the mirror where there is one. */
function fromMirror(chosen: Shape["images"]): Shape["images"] {
  const { mirror } = chosen;
  if (mirror === undefined) return chosen;
  const own: readonly string[] = Object.values(images);
  const found = Object.entries(chosen).map(([name, image]) => [
    name,
    image !== undefined && own.includes(image) ? mirrored(mirror, image) : image,
  ]);
  return shape.shape.images.parse(Object.fromEntries(found));
}

function completeUsers({ users, workspace, storage, domain, secretEnv }: Shape): User[] {
  const sizes = new Map(Object.entries({ ...builtInSizes, ...workspace.sizes }));
  return users.map((entry): User => {
    const user = typeof entry === "string" ? userObject.parse({ name: entry }) : entry;
    const size = sizes.get(user.size ?? workspace.defaultSize);
    if (size === undefined) throw new Error("sizes were checked before");
    return {
      ...user,
      fullName: user.fullName ?? user.name,
      email: user.email ?? `${user.name}@${domain}`,
      size,
      home: user.home ?? size.home ?? storage.home,
      extensions: mergeExtensions(workspace.extensions, user.extensions),
      secretEnv: secretEnv[user.name] ?? {},
    };
  });
}

/** Everybody's and one's own; where both name an extension, one's own version counts. */
function mergeExtensions(everybody: readonly string[], own: readonly string[]): string[] {
  const name = (id: string): string => id.replace(/@.*/, "").toLowerCase();
  return [...new Map([...everybody, ...own].map((id) => [name(id), id])).values()].sort();
}

/** The JSON schema of a stack's file, for editors. */
export function stackSchema(): unknown {
  const keys = z.toJSONSchema(shape, { io: "input", target: "draft-7" });
  const properties = Object.entries(keys.properties ?? {}).map(([key, value]) => [
    `${namespace}:${key}`,
    secretKeys.includes(key) ? encrypted(value) : value,
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

/** The same schema with what Pulumi writes for a secret, `{ secure: "v1:..." }`, in the place of each text. */
function encrypted(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  if ("type" in schema && schema.type === "string" && !("pattern" in schema)) {
    const secure = { type: "object", properties: { secure: { type: "string" } }, required: ["secure"] };
    return { ...secure, additionalProperties: false };
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, encrypted(value)]));
}

/** Keys that hold text, which a look at JSON would turn into something else. */
const plainStrings = ["domain", "claudeToken"];

/** Top-level strings stay as they are; what is an object, an array, a number or a boolean comes as JSON. */
function decode(raw: Record<string, string>): Record<string, unknown> {
  const own = Object.entries(raw).filter(([key]) => key.startsWith(`${namespace}:`));
  return Object.fromEntries(
    own.map(([key, value]) => {
      const name = key.slice(namespace.length + 1);
      return [name, plainStrings.includes(name) ? value : parseJson(value)];
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
