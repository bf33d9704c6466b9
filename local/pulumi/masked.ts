import { z } from "zod";

import { unknown } from "../plugins/values";

/** Where a value lies in a stack's config: the key with its namespace, then keys and indexes below it. */
export type Place = readonly (string | number)[];

/**
 * What stands for a secret that nobody here can or may read. It looks as drawn as a real one, so that the rule against
 * secrets in plain sight finds the places that would show it.
 */
export const placeholder = "placeholder-9fQ2xV7mK4tR6wZ1bN3cL5hJ0dS8gPqT";

/** Of some secrets the config's check asks for a shape. */
export function placeholderAt(place: Place): string {
  const [key, first, ...rest] = place;
  // Content, since a path is no secret; of several clusters no two are the same.
  if (key === "vibecode:cluster" && first === "kubeconfig") return `{ "placeholder": "${placeholder}" }`;
  if (key === "vibecode:clusters" && rest.at(-1) === "kubeconfig")
    return `{ "placeholder": "${placeholder}", "cluster": "${first}" }`;
  return key === "vibecode:authSecrets" && first === "passwordHashes"
    ? `$argon2id$${placeholder}`
    : placeholder;
}

/** A place as `pulumi config --path` takes it: `vibecode:secretEnv["alice"]["TOKEN"]`. */
export const pathOf = ([key = "", ...below]: Place): string =>
  `${key}${below.map((part) => (typeof part === "number" ? `[${part}]` : `["${part}"]`)).join("")}`;

export interface Masked {
  /** The config with an empty text in the place of each secret. */
  config: Record<string, unknown>;
  /** Where the secrets were. */
  places: Place[];
}

const object = z.record(z.string(), z.unknown());
const encrypted = z.object({ secure: z.string() });

/** Takes everything out of a stack's config that is encrypted. */
export function maskConfig(config: Readonly<Record<string, unknown>>): Masked {
  const places: Place[] = [];
  const mask = (value: unknown, place: Place): unknown => {
    if (encrypted.safeParse(value).success) {
      places.push(place);
      return "";
    }
    if (Array.isArray(value)) return value.map((item: unknown, index) => mask(item, [...place, index]));
    const inner = object.safeParse(value).data;
    if (inner === undefined) return value;
    return Object.fromEntries(Object.entries(inner).map(([key, each]) => [key, mask(each, [...place, key])]));
  };
  return { config: object.parse(mask(config, [])), places };
}

/** The config with placeholders at these places, made where they are not there. */
export function withPlaceholders(
  config: Readonly<Record<string, unknown>>,
  places: readonly Place[],
): Record<string, unknown> {
  const put = (value: unknown, [part, ...rest]: Place, text: string): unknown => {
    if (part === undefined) return text;
    if (Array.isArray(value))
      return value.map((item: unknown, index) => (index === part ? put(item, rest, text) : item));
    const inner = object.safeParse(value).data ?? {};
    return { ...inner, [part]: put(inner[part], rest, text) };
  };
  return object.parse(
    places.reduce<unknown>((value, place) => put(value, place, placeholderAt(place)), config),
  );
}

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

export interface MaskedState {
  /** For `pulumi stack import`. */
  state: string;
  /** How many values are not known any more. */
  secrets: number;
  /** How many operations an interrupted run had left; they are taken out. */
  pending: number;
}

/**
 * A state from `pulumi stack export` with each of its secrets not known, so that it needs no key. What the program makes
 * of such a value is not known either, and no provider takes that for a change.
 *
 * @param own the state of the stack that takes it over, which says how that one encrypts
 */
export function maskState(text: string, own: string): MaskedState {
  let secrets = 0;
  const mask = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(mask);
    const inner = object.safeParse(value).data;
    if (inner === undefined) return value;
    if (inner[signature] === secretSignature) {
      secrets++;
      return { [signature]: secretSignature, plaintext: JSON.stringify(unknown) };
    }
    return Object.fromEntries(Object.entries(inner).map(([key, each]) => [key, mask(each)]));
  };
  const { deployment, ...rest } = exported.parse(JSON.parse(text));
  const { secrets_providers } = exported.parse(JSON.parse(own)).deployment;
  const { pending_operations, ...masked } = object.parse(mask(deployment));
  const pending = z.array(z.unknown()).nullish().parse(pending_operations)?.length ?? 0;
  return {
    state: JSON.stringify({ ...rest, deployment: { ...masked, secrets_providers } }),
    secrets,
    pending,
  };
}

const exported = z.looseObject({ deployment: object });
