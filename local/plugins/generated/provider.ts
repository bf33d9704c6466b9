import { UserError } from "../../errors";
import { hasUnknown, unknown } from "../server";
import type { Provider, PropertyMap } from "../server";
import { difference } from "./diff";
import type { Kind } from "./kind";

/**
 * A provider of resources that exist in the stack's state only. Its answers have the shape the official plugin's
 * answers have, so that a stack begun with one can be continued with the other.
 *
 * @param name the package's name: `random`
 * @param version of the Pulumi package it stands in for
 * @param kinds by type: `random:index/randomPet:RandomPet`
 */
export function generatedProvider(name: string, version: string, kinds: Record<string, Kind>): Provider {
  const find = (type: string): Kind => {
    const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
    if (kind) return kind;
    throw new UserError(
      `the offline ${name} plugin does not support ${type}`,
      `use Pulumi's official ${name} plugin (pulumi plugin install resource ${name}), or one of ${Object.keys(
        kinds,
      )
        .map((known) => known.split(":").at(-1))
        .join(", ")}`,
    );
  };

  return {
    version,
    check: ({ type, news }) => {
      const kind = find(type);
      // A rule can look at several arguments, so it waits until all of them are known.
      const failures = hasUnknown(news) ? [] : kind.mistakes(news);
      return Promise.resolve({ inputs: news, failures });
    },
    diff: ({ type, ...request }) => Promise.resolve(difference(find(type), request)),
    create: async ({ type, inputs, preview }) => {
      const kind = find(type);
      if (preview) return { id: "", state: kind.planned(inputs) };
      refuse(kind, type, inputs);
      return kind.make(inputs);
    },
    read: async ({ type, id, inputs, state }) => {
      const kind = find(type);
      if (Object.keys(state).length > 0) return { id, inputs, state: { ...state, ...kind.aged(state) } };
      const imported = kind.imported(id);
      if (imported) return imported;
      throw new UserError(`${type} cannot be imported`, "create a new one");
    },
    update: ({ type, olds, news }) => Promise.resolve({ state: find(type).updated(olds, news) }),
    delete: () => Promise.resolve(),
  };
}

/** What came out of another resource is seen here first. */
function refuse(kind: Kind, type: string, inputs: PropertyMap): void {
  const [mistake] = hasUnknown(inputs)
    ? [{ property: "an argument", reason: `is not known (${unknown})` }]
    : kind.mistakes(inputs);
  if (mistake)
    throw new UserError(`${type}: ${mistake.property}: ${mistake.reason}`, "correct it in the program");
}
