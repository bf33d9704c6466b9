import { crossChecks } from "../infra/checks";
import { namespace, parseConfig, type Config } from "../infra/config";
import { ConfigError } from "../infra/explain";
import { secretKeys } from "../infra/schema";
import { imageExtensions } from "../infra/surroundings";
import { UserError } from "./errors";
import { maskConfig, withPlaceholders, type Masked, type Place } from "./pulumi/masked";

/** A stack's config as the engine hands it to the program: every value a text. */
export const engineConfig = (config: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );

export interface WithoutSecrets {
  masked: Masked;
  /** Secrets that the file lacks and the program asks for. */
  missing: Place[];
  /** The config complete, placeholders in it. */
  config: Config;
}

/**
 * Checks the config of a stack whose secrets nobody here can read, as the program will.
 *
 * @throws {UserError} with every mistake
 */
export function checkWithoutSecrets(stack: string, file: Readonly<Record<string, unknown>>): WithoutSecrets {
  const masked = maskConfig(file);
  const given = withPlaceholders(masked.config, masked.places);
  const missing = missingSecrets(given);
  const around = { imageExtensions: imageExtensions() };
  try {
    const config = parseConfig(engineConfig(withPlaceholders(given, missing)), around);
    return { masked, missing, config };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UserError(error.message, `correct stacks/Pulumi.${stack}.yaml`);
  }
}

/** Places of secrets that other keys of the config call for. */
function missingSecrets(config: Readonly<Record<string, unknown>>): Place[] {
  const prefix = `${namespace}:`;
  const values = Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
  const around = {
    isSecret: () => true,
    openSecrets: [],
    volumes: {},
    sharedVolumes: {},
    imageExtensions: imageExtensions(),
  };
  return crossChecks(values, around)
    .filter(({ path: [key] }) => secretKeys.includes(String(key)))
    .filter(({ path }) => at(values, path) === undefined)
    .map(({ path: [key = "", ...below] }) => [`${prefix}${key}`, ...below]);
}

const at = (value: unknown, path: Place): unknown =>
  path.reduce<unknown>(
    (inner, part) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, part) : undefined),
    value,
  );
