import { z } from "zod";

import { NotKnown, Place, type Resource } from "./place";

/**
 * `advisory` only says so; `mandatory` stops the run; `remediate` mends the object on its way, and stops the run where it
 * cannot.
 */
export type Level = "advisory" | "mandatory" | "remediate";

/** Something that is not as it must be. */
export interface Finding {
  place: Place;
  /** What is wrong, as the rest of a sentence that begins with the place: `has no digest`. */
  says: string;
  /** What to change, and where. */
  mend: string;
  /** The place's value is not known before `up`. */
  unknown?: true;
}

/** A change of one value that mends an object. */
export interface Edit {
  keys: readonly string[];
  value: unknown;
}

interface About {
  /** How config and messages call it. */
  name: string;
  /** What must hold, one sentence. */
  description: string;
  /** What happens otherwise. */
  why: string;
  level: Level;
  /**
   * What a value means that a preview does not know. `stops` (the default): it is as wrong as a bad one, since a spec can
   * be kept known. `waits`: the preview warns, and `up` judges it, before the object is touched.
   */
  whenUnknown?: "stops" | "waits";
}

type Settings<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;

/** A rule, its settings' type forgotten: what the pack, the docs and the tests need of it. */
export interface Rule extends Required<About> {
  /** Whether it judges one resource before it is touched, or all of them at the end of a preview or an update. */
  scope: "resource" | "stack";
  /** Its settings, exceptions included. */
  settings: z.ZodObject;
  /** What is wrong in these resources: one of scope `resource` is given one. */
  judge: (resources: readonly Resource[], settings: unknown) => Finding[];
  /** Edits that mend a resource; empty where there is nothing to mend. */
  remedy?: (resource: Resource, settings: unknown) => Edit[];
}

const exceptions = z
  .record(z.string(), z.string().min(1))
  .default({})
  .describe("Resources that need not keep to it, by name (`*` stands for any text), each with the reason");

/** A rule about each resource by itself; `check` says what is wrong in one. */
export function resourceRule<Shape extends z.ZodRawShape>(
  rule: About & {
    settings: z.ZodObject<Shape>;
    check: (object: Place, settings: Settings<Shape>) => Iterable<Finding>;
    remedy?: (object: Place, settings: Settings<Shape>) => Edit[];
  },
): Rule {
  const { check, remedy, settings, ...about } = rule;
  const excepted = (resource: Resource, given: unknown) => isException(resource, given);
  return {
    whenUnknown: "stops",
    ...about,
    scope: "resource",
    settings: settings.extend({ exceptions }),
    judge: (resources, given) =>
      resources
        .filter((resource) => !excepted(resource, given))
        .flatMap((resource) => collect(() => check(Place.of(resource), settings.parse(own(given))))),
    ...(remedy && {
      remedy: (resource, given) =>
        excepted(resource, given) ? [] : remedy(Place.of(resource), settings.parse(own(given))),
    }),
  };
}

/** A rule about all resources together. */
export function stackRule<Shape extends z.ZodRawShape>(
  rule: About & {
    settings: z.ZodObject<Shape>;
    check: (objects: readonly Place[], settings: Settings<Shape>) => Iterable<Finding>;
  },
): Rule {
  const { check, settings, ...about } = rule;
  const judge = (resources: readonly Resource[], given: unknown): Finding[] => {
    const found = collect(() =>
      check(
        resources.map((resource) => Place.of(resource)),
        settings.parse(own(given)),
      ),
    );
    // The check ended at what an excepted resource does not say, so nobody has judged what comes after it.
    const silent = found.find(({ place, unknown }) => unknown === true && isException(place.resource, given));
    if (silent !== undefined)
      return judge(
        resources.filter((resource) => resource !== silent.place.resource),
        given,
      );
    return found.filter(({ place }) => !isException(place.resource, given));
  };
  return { whenUnknown: "stops", ...about, scope: "stack", settings: settings.extend({ exceptions }), judge };
}

/** Everything that a check finds, until it meets what it cannot know. */
function collect(check: () => Iterable<Finding>): Finding[] {
  const found: Finding[] = [];
  try {
    for (const finding of check()) found.push(finding);
  } catch (error) {
    if (!(error instanceof NotKnown)) throw error;
    found.push(notKnown(error.place));
  }
  return found;
}

/** For a check that goes on where it meets a value that is not known. */
export const notKnown = (place: Place): Finding => ({
  place,
  says: "is not known before `up`, so nobody can tell whether the rule holds",
  mend: "give it a value that the program knows, not one that another resource computes",
  unknown: true,
});

const withExceptions = z.looseObject({ exceptions });

function isException({ name }: Resource, given: unknown): boolean {
  const patterns = Object.keys(withExceptions.parse(given ?? {}).exceptions);
  return patterns.some((pattern) =>
    new RegExp(`^${pattern.replaceAll(/[^\w*]/g, "\\$&").replaceAll("*", ".*")}$`).test(name),
  );
}

/** What the engine hands over, which is nothing where nothing is set; each rule's schema takes its own. */
const own = (given: unknown): unknown => given ?? {};

/** A finding as people read it: which resource, where in it, what is wrong and what to change. */
export function message({ place, says, mend }: Finding): string {
  const { resource, path } = place;
  const kind = resource.type.split(":").at(-1) ?? "";
  return `${resource.name} (${kind})${path === "" ? "" : `, ${path}`} ${says}: ${mend}`;
}
