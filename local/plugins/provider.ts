import type { Path, PropertyMap } from "./values";

/** What one call may tell the engine, and how it learns that nobody waits for it any more. */
export interface Call {
  /** Aborted when the user presses Ctrl-C: stop waiting and fail. */
  signal: AbortSignal;
  /** Shows a short line beside the resource; the next replaces it. */
  status: (message: string) => void;
  /** Shows a warning that stays. */
  warn: (message: string) => void;
}

interface Named {
  urn: string;
  /** `kubernetes:core/v1:ConfigMap` */
  type: string;
  /** The resource's name in the program. */
  name: string;
}

export interface CheckRequest extends Named {
  olds: PropertyMap;
  news: PropertyMap;
  /** Seed for generated names, so that a repeated check answers the same; empty when the engine has none. */
  randomSeed: Uint8Array;
}

export interface CheckFailure {
  property: string;
  reason: string;
}

export interface DiffRequest extends Named {
  id: string;
  /** The inputs of the last operation. */
  oldInputs: PropertyMap;
  /** The state of the last operation. */
  olds: PropertyMap;
  news: PropertyMap;
  ignoreChanges: string[];
}

export type DiffKind = "add" | "delete" | "update";

export interface Diff {
  changes: boolean;
  /** Properties that force a replacement, as the user knows them: `spec.selector`. */
  replaces?: string[];
  /** Default false: the new object is created before the old one goes. */
  deleteBeforeReplace?: boolean;
  /** What differs, for the preview, by property path; the paths are inputs. */
  detailedDiff?: Record<string, { kind: DiffKind; replace?: boolean }>;
}

export interface CreateRequest extends Named {
  inputs: PropertyMap;
  preview: boolean;
  /** From `customTimeouts`; 0 when the program sets none. */
  timeoutSeconds: number;
}

export interface ReadRequest extends Named {
  id: string;
  /** Empty when the resource is imported. */
  inputs: PropertyMap;
  state: PropertyMap;
}

export interface UpdateRequest extends Named {
  id: string;
  oldInputs: PropertyMap;
  olds: PropertyMap;
  news: PropertyMap;
  preview: boolean;
  timeoutSeconds: number;
  ignoreChanges: string[];
}

export interface DeleteRequest extends Named {
  id: string;
  inputs: PropertyMap;
  state: PropertyMap;
  timeoutSeconds: number;
}

/**
 * A resource provider. Calls come in parallel. What was secret in a request's inputs is made secret at the same path
 * of the answer; wrap more with `secret()`. An error's message is what the user reads, so it says what to change.
 */
export interface Provider {
  readonly version: string;
  /** The provider's own options, when they change: default none is replaced. */
  checkConfig?(olds: PropertyMap, news: PropertyMap): { inputs: PropertyMap; failures?: CheckFailure[] };
  diffConfig?(olds: PropertyMap, news: PropertyMap): Diff;
  configure?(config: PropertyMap, call: Call): Promise<void>;
  check(request: CheckRequest, call: Call): Promise<{ inputs: PropertyMap; failures?: CheckFailure[] }>;
  diff(request: DiffRequest, call: Call): Promise<Diff>;
  create(request: CreateRequest, call: Call): Promise<{ id: string; state: PropertyMap }>;
  /** `undefined`: it is gone. */
  read(
    request: ReadRequest,
    call: Call,
  ): Promise<{ id: string; inputs: PropertyMap; state: PropertyMap } | undefined>;
  update(request: UpdateRequest, call: Call): Promise<{ state: PropertyMap }>;
  delete(request: DeleteRequest, call: Call): Promise<void>;
  invoke?(token: string, args: PropertyMap, call: Call): Promise<PropertyMap>;
}

/**
 * The object exists but did not become ready. The engine keeps it in the state, fails this `up`, and updates it in the
 * next one.
 */
export class InitFailed extends Error {
  constructor(
    readonly id: string,
    readonly state: PropertyMap,
    readonly inputs: PropertyMap,
    readonly reasons: string[],
  ) {
    super(reasons.join("; "));
    this.name = "InitFailed";
  }
}

/** A path as the engine writes it: `spec.containers[0].image`, `metadata.annotations["pulumi.com/skipAwait"]`. */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      if (!/^[A-Za-z0-9_$-]+$/.test(part)) return `["${part.replaceAll('"', '\\"')}"]`;
      return index === 0 ? part : `.${part}`;
    })
    .join("");
}
