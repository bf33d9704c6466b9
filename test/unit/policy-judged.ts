import type { Resource } from "../../policy/place";
import { message } from "../../policy/rule";
import { rules } from "../../policy/rules";
import type { Run } from "./mocks";

/** What the pack would say of everything that a run registers, each object by its rule. */
export function judged(run: Run, settings: Record<string, unknown> = {}): string[] {
  const resources: Resource[] = run.resources.map(({ type, name, inputs, provider }) => ({
    urn: `urn:pulumi:test::vibecode::${type}::${name}`,
    type,
    name,
    props: inputs,
    protect: false,
    provider,
  }));
  return rules.flatMap((rule) =>
    (rule.scope === "stack" ? [resources] : resources.map((resource) => [resource])).flatMap((group) =>
      rule.judge(group, settings[rule.name]).map((finding) => `${rule.name}: ${message(finding)}`),
    ),
  );
}
