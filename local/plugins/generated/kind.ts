import type { z } from "zod";
import { secret, unknown } from "../server";
import type { PropertyMap } from "../server";

/** What a create or an import found: the parts of the state that are no arguments. */
export interface Made {
  id: string;
  computed: PropertyMap;
}

interface Definition<Arguments> {
  /** The arguments, defaults filled in; strict, so that what is not supported is refused by name. */
  schema: z.ZodType<Arguments>;
  /** Values of the arguments the program leaves out, by what it gives; undefined takes an argument away. */
  defaults?: (given: PropertyMap) => PropertyMap;
  /** Arguments whose change needs no replacement; default none. */
  inPlace?: readonly string[];
  /** Outputs that are no arguments. */
  computed: readonly string[];
  /** Outputs to be encrypted in the state; default none. */
  secrets?: readonly string[];
  /** The schema version the official provider writes into its state; default none. */
  schemaVersion?: number;
  make: (args: Arguments) => Made | Promise<Made>;
  /** Arguments and computed outputs of something that exists, by what the user gives as its id; default none. */
  import?: (id: string) => (Made & { args: PropertyMap }) | Promise<Made & { args: PropertyMap }>;
  /** Outputs that the passing of time changes, by the state of the last operation. */
  aged?: (state: PropertyMap) => PropertyMap;
}

/** A resource whose values are made once, at its creation, and live in the stack's state only. */
export interface Kind {
  inPlace: readonly string[];
  /** The mistakes in arguments that are all known. */
  mistakes: (given: PropertyMap) => { property: string; reason: string }[];
  /** The arguments with their defaults. */
  complete: (given: PropertyMap) => PropertyMap;
  /** The state a preview shows: what is made is not known yet. */
  planned: (given: PropertyMap) => PropertyMap;
  make: (given: PropertyMap) => Promise<{ id: string; state: PropertyMap }>;
  /** Undefined where the resource cannot be imported. */
  imported: (id: string) => Promise<{ id: string; inputs: PropertyMap; state: PropertyMap }> | undefined;
  /** The state after an update in place. */
  updated: (olds: PropertyMap, given: PropertyMap) => PropertyMap;
  aged: (state: PropertyMap) => PropertyMap;
}

export function kind<Arguments>(definition: Definition<Arguments>): Kind {
  const {
    schema,
    computed,
    defaults = () => ({}),
    secrets = [],
    schemaVersion,
    aged = () => ({}),
  } = definition;
  const version =
    schemaVersion === undefined ? undefined : JSON.stringify({ schema_version: `${schemaVersion}` });
  const meta = version === undefined ? {} : { __meta: version };

  const complete = (given: PropertyMap) => dropEmpty({ ...given, ...defaults(dropEmpty(given)) });
  const state = (args: PropertyMap, outputs: PropertyMap) => {
    const all: PropertyMap = { ...args, ...outputs, ...meta };
    for (const name of secrets) if (all[name] !== undefined) all[name] = secret(all[name]);
    return all;
  };
  const made = (args: PropertyMap, { id, computed }: Made) => state(args, { id, ...computed });
  const problems = (given: PropertyMap) => schema.safeParse(complete(given)).error?.issues ?? [];

  return {
    inPlace: definition.inPlace ?? [],
    complete,
    aged,
    mistakes: (given) =>
      problems(given).flatMap((issue) => {
        if (issue.code !== "unrecognized_keys") {
          return [{ property: issue.path.map(String).join("."), reason: issue.message }];
        }
        return issue.keys.map((key) => ({
          property: [...issue.path, key].map(String).join("."),
          reason: "the offline plugin does not support this argument",
        }));
      }),
    planned: (given) =>
      state(complete(given), Object.fromEntries([...computed].map((name) => [name, unknown]))),
    make: async (given) => {
      const args = complete(given);
      const result = await definition.make(schema.parse(args));
      return { id: result.id, state: made(args, result) };
    },
    imported: (id) => {
      const { import: find } = definition;
      if (!find) return undefined;
      return Promise.resolve(find(id)).then((found) => ({
        id: found.id,
        inputs: found.args,
        state: made(complete(found.args), found),
      }));
    },
    // The official providers keep a note of how they stored the old values; it would be wrong about the new ones.
    updated: (olds, given) =>
      state(
        { ...olds, ...complete(given), ...aged({ ...olds, ...complete(given) }) },
        { __pulumi_raw_state_delta: undefined },
      ),
  };
}

function dropEmpty(properties: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(properties).filter(
      ([key, value]) => value !== undefined && value !== null && !key.startsWith("__"),
    ),
  );
}
