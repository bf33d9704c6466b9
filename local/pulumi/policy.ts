import * as fs from "node:fs";
import * as path from "node:path";

import { z } from "zod";

import type { Config } from "../../infra/config";
import { keptOf } from "../../policy/kept";
import type { Rule } from "../../policy/rule";
import { ingressGuard } from "../../policy/rules/ingress-guard";
import { serviceDoor } from "../../policy/rules/service-door";
import { UserError } from "../errors";
import { checkout } from "../paths";

export interface PolicyRun {
  /** `production` for policy/config/production.json; without such a file the rules' defaults hold. */
  stack: string;
  /** The stack's checked config. */
  config: Pick<Config, "users" | "places">;
  /** The stack's state before the run: the backend's file, or what `pulumi stack export` prints. None before an `up`. */
  state?: string | undefined;
  /** Where the config of this one run is written. */
  folder: string;
}

/**
 * What makes `pulumi preview` and `pulumi up` keep to the policy pack: arguments. The rules learn from the stack's file
 * and its state what the engine does not tell them.
 *
 * @throws {UserError} when the stack's policy config is no JSON object
 */
export function policyArgs({ stack, config, state, folder }: PolicyRun): string[] {
  const rules = settings(path.join(checkout, "policy", "config", `${stack}.json`));
  const kept = state === undefined ? {} : keptOf(resources(state));
  const users = Object.fromEntries(
    config.users.map(({ name, size }) => [name, size.quota ?? { ...size.limits, pods: 1 }]),
  );
  const facts: Record<string, Record<string, unknown>> = {
    ...named(serviceDoor, "doors", config.places),
    ...named(ingressGuard, "public", config.places),
    "data-protected": { retained: config.places.every(({ storage }) => storage.retain) },
    quota: { users },
    "volume-replaced": { kept },
    "volume-deleted": { kept },
  };
  const all = Object.entries(facts).map(([rule, known]) => [rule, { ...known, ...withLevel(rules[rule]) }]);
  const file = path.join(folder, `policy.${stack}.json`);
  fs.writeFileSync(file, JSON.stringify({ ...rules, ...Object.fromEntries(all) }), { mode: 0o600 });
  return ["--policy-pack", path.join(checkout, "policy"), "--policy-pack-config", file];
}

/** What a rule knows by its name in the program, which begins with the cluster's where a stack has several. */
function named(rule: Rule, key: string, places: Config["places"]): Record<string, Record<string, string[]>> {
  if (places.length < 2) return {};
  const names = z.array(z.string()).parse(rule.settings.parse({})[key]);
  return { [rule.name]: { [key]: places.flatMap(({ prefix }) => names.map((name) => `${prefix}${name}`)) } };
}

const level = z.string();
const object = z.record(z.string(), z.unknown());

/** A rule's settings may be its level alone. */
const withLevel = (given: unknown): Record<string, unknown> =>
  level.safeParse(given).success ? { enforcementLevel: given } : object.parse(given ?? {});

const settingsFile = z.record(z.string(), z.union([level, object]));

function settings(file: string): z.infer<typeof settingsFile> {
  if (!fs.existsSync(file)) return {};
  try {
    return settingsFile.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch (cause) {
    const fix = "write an object of each rule's settings, as docs/policy.md says";
    throw new UserError(`${path.relative(checkout, file)} is no policy config`, fix, { cause });
  }
}

const latest = z.object({ resources: z.array(z.unknown()).nullish() }).nullish();
const stateText = z.union([
  z.object({ checkpoint: z.object({ latest }) }).transform(({ checkpoint }) => checkpoint.latest),
  z.object({ deployment: latest }).transform(({ deployment }) => deployment),
]);

/** The resources of a state, as the file backend keeps it or as it is exported. */
const resources = (text: string): readonly unknown[] => stateText.parse(JSON.parse(text))?.resources ?? [];
