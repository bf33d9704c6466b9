import type {
  Policies,
  PolicyConfigSchema,
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { z } from "zod";

import { plain } from "./plain";
import type { Place, Resource } from "./place";
import { message, type Edit, type Finding, type Rule } from "./rule";

/** The rules in the form in which the engine asks them. */
export const policies = (rules: readonly Rule[]): Policies =>
  rules.map((rule) => (rule.scope === "stack" ? stackPolicy(rule) : resourcePolicy(rule)));

const about = (rule: Rule) => ({
  name: rule.name,
  description: rule.description,
  enforcementLevel: rule.level,
  configSchema: configSchema(rule),
});

function resourcePolicy(rule: Rule): ResourceValidationPolicy {
  const { remedy } = rule;
  return {
    ...about(rule),
    validateResource(args, report) {
      const found = rule.judge([resourceOf(args)], args.getConfig());
      const later = found.filter((finding) => waits(rule, finding));
      for (const finding of found) if (!later.includes(finding)) report(message(finding));
      // Reading it lets the engine say itself that this is judged by `up`.
      for (const { place } of later) read(args.props, place);
    },
    ...(remedy && {
      remediateResource(args) {
        const edits = remedy(resourceOf(args), args.getConfig());
        if (edits.length === 0) return undefined;
        for (const edit of edits) apply(args.props, edit);
        return args.props;
      },
    }),
  };
}

function stackPolicy(rule: Rule): StackValidationPolicy {
  return {
    ...about(rule),
    validateStack(args, report) {
      const found = rule.judge(args.resources.map(resourceOf), args.getConfig());
      for (const finding of found) report(message(finding), finding.place.resource.urn);
    },
  };
}

const waits = (rule: Rule, finding: Finding): boolean =>
  finding.unknown === true && rule.whenUnknown === "waits";

const resourceOf = (given: ResourceValidationArgs | PolicyResource): Resource => ({
  urn: given.urn,
  type: given.type,
  name: given.name,
  props: plain(given.props),
  protect: given.opts.protect,
  provider: given.provider?.name,
});

function read(props: object, { keys }: Place): void {
  keys.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    props,
  );
}

/** Sets one value, in the engine's own object, which keeps what is marked as secret so. */
function apply(props: object, { keys, value }: Edit): void {
  const [last = "", ...above] = [...keys].reverse();
  const target = above.reverse().reduce<object>((object, key) => {
    const inner: unknown = Reflect.get(object, key);
    if (typeof inner === "object" && inner !== null) return inner;
    Reflect.set(object, key, {});
    const made: unknown = Reflect.get(object, key);
    return typeof made === "object" && made !== null ? made : {};
  }, props);
  Reflect.set(target, last, value);
}

const schemaShape = z.looseObject({ properties: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** A rule's settings as JSON schema: the engine refuses a config that does not fit, before anything else. */
export function configSchema({ settings }: Rule): PolicyConfigSchema {
  return { properties: schemaShape.parse(z.toJSONSchema(settings, { io: "input" })).properties };
}
