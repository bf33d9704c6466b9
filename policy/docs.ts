import { z } from "zod";

import { configSchema } from "./pack";
import type { Rule } from "./rule";

const scopes = {
  resource: "one resource, before it is touched",
  stack: "the whole stack, at the end of a preview or an update",
};
const levels = {
  advisory: "advisory: it only says so",
  mandatory: "mandatory: it stops the run",
  remediate: "remediate: it mends the object on its way, and stops the run where it cannot",
};
const unknowns = {
  stops: "counts as wrong, so that no preview passes by not knowing",
  waits: "is a warning in a preview; `up` judges it before the object is touched",
};

/** docs/policy.md, made from the rules. */
export function policyPage(rules: readonly Rule[]): string {
  return `${[introduction, ...rules.map(section)].join("\n\n")}\n`;
}

const introduction = `# Policy

<!-- Written by \`tsx policy/write-docs.ts\` from policy/rules. Edit those. -->

For whoever is stopped by a rule, and for whoever writes one. A rule is a function in \`policy/rules/\`; the pack is made in
\`policy/index.ts\`.

    pulumi preview --policy-pack policy --policy-pack-config policy/config/production.json

Settings are by rule in a JSON file, one a stack, in \`policy/config/\`; a stack without one has the defaults. The engine
refuses a setting that does not fit:

    { "image-pinned": { "digest": true }, "probes": { "enforcementLevel": "mandatory" } }

A rule has \`exceptions\`, each by a resource's name in the program with the reason, which whoever reviews it can judge:

    { "host-path": { "exceptions": { "node-exporter": "reads the node's own /proc and writes nothing" } } }

## What a preview does not know

A rule is never passed by a value that only \`up\` will know: reading one is itself a violation, since specs and names can be
kept known. Where a value may well come late, as text in a ConfigMap, the rule says below that it waits.

## What no policy sees

- **Deletions.** The engine asks a policy about resources that are registered. \`volume-replaced\` and \`volume-deleted\`
  compare with the stack's state instead, which \`make preview\` gives them; without it they say nothing. At the end of an
  \`up\` a deletion is done, so \`volume-deleted\` helps only where a preview comes first.
- **\`retainOnDelete\`.** A policy is told of \`protect\` alone. \`data-protected\` takes the stack's word,
  \`vibecode:storage.retain\`; what is in the state is looked at by \`volume-deleted\`.
- **Another cluster.** A new \`vibecode:cluster.name\` makes everything anew elsewhere. Retained volumes stay where they were.
- **Forwarded ports.** They are routes of Traefik's file provider, inside a Secret, not Ingresses; unit tests look at them.
- **Pods that charts and operators make**: cert-manager's, and with Datadog its operator, controllers and agents. The engine is
  told of the chart's values alone. \`image-pinned\` and \`image-registry\` judge the images that are named in them; an image
  that nobody names there is the chart's or the operator's own choice. Pod security, probes, requests and limits of these
  pods no rule sees, and the budget leaves out what they cost. The API server still judges them where their namespace enforces
  \`restricted\`, as cert-manager's does and Datadog's cannot.
- **What people start** in their own namespaces. The API server judges that: pod security, quotas, RBAC.
- **A short secret**, or one made of words, is found by its variable's name only.`;

function section(rule: Rule): string {
  return [
    `## ${rule.name}`,
    rule.description,
    `Why: ${rule.why}`,
    [
      `- Judges ${scopes[rule.scope]}`,
      `- Level ${levels[rule.level]}`,
      `- What is not known before \`up\` ${unknowns[rule.whenUnknown]}`,
    ].join("\n"),
    settings(rule),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const property = z.looseObject({ description: z.string().optional(), default: z.unknown().optional() });

/** A list of the rule's own settings; exceptions, which every rule has, were told before. */
function settings(rule: Rule): string {
  const own = Object.entries(configSchema(rule).properties).filter(([name]) => name !== "exceptions");
  if (own.length === 0) return "";
  const lines = own.map(([name, schema]) => {
    const { description = "", default: preset } = property.parse(schema);
    const standard = preset === undefined ? "none" : `\`${JSON.stringify(preset)}\``;
    return `- \`${name}\`: ${description}. Default: ${standard}`;
  });
  return ["Settings:", "", ...lines].join("\n");
}
