/** One resource as a rule sees it. */
export interface Resource {
  urn: string;
  /** `kubernetes:apps/v1:Deployment`. */
  type: string;
  /** The name in the program, which a preview shows: `alice-editor`. */
  name: string;
  /** What the program asks for; in a rule about the whole stack, what came of it. */
  props: unknown;
  /** Whether the engine refuses to delete it. */
  protect: boolean;
  /** The provider that makes it, by its name in the program: one a cluster. */
  provider?: string | undefined;
}

/** Stands in a preview for a value that nobody knows before `up`. */
export const unknown: unique symbol = Symbol("unknown");

type Key = string | number;

/** A rule needs a value that is not known before `up`. */
export class NotKnown extends Error {
  constructor(readonly place: Place) {
    super(`${place.path} is not known before \`up\``);
  }
}

/** A value in a resource, and where it is. Reading one that is not known throws, so no rule can take it for absent. */
export class Place {
  private constructor(
    readonly resource: Resource,
    readonly keys: readonly Key[],
    private readonly raw: unknown,
  ) {}

  static of(resource: Resource): Place {
    return new Place(resource, [], resource.props);
  }

  /** `spec.containers[0].image`, as a reader looks for it; empty for the whole object. */
  get path(): string {
    return this.keys.reduce<string>((text, key) => {
      if (typeof key === "number") return `${text}[${key}]`;
      if (!/^[\w-]+$/.test(key)) return `${text}["${key}"]`;
      return text === "" ? key : `${text}.${key}`;
    }, "");
  }

  get known(): boolean {
    return this.raw !== unknown;
  }

  /** @throws {NotKnown} */
  get value(): unknown {
    if (!this.known) throw new NotKnown(this);
    return this.raw;
  }

  /** Whether something is there. */
  get there(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  get text(): string | undefined {
    const { value } = this;
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  }

  /** A value further in; where nothing is, its value is undefined. */
  at(...keys: Key[]): Place {
    return keys.reduce<Place>((place, key) => {
      const { value } = place;
      const inner: unknown =
        typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
      return new Place(this.resource, [...place.keys, key], inner);
    }, this);
  }

  /** Entries of a list; none where there is no list. */
  get items(): Place[] {
    const { value } = this;
    return Array.isArray(value) ? value.map((_, index) => this.at(index)) : [];
  }

  /** Values of an object, by their key; none where there is no object. */
  get entries(): [string, Place][] {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
    return Object.keys(value).map((key) => [key, this.at(key)]);
  }

  /** Texts of a list. */
  get texts(): string[] {
    return this.items.flatMap(({ text }) => text ?? []);
  }
}
