import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { z } from "zod";

import { parseConfig } from "../../infra/config";
import { policyArgs } from "../../local/pulumi/policy";
import type { Resource } from "../../policy/place";
import { message } from "../../policy/rule";
import { rules } from "../../policy/rules";
import { engineConfig, type Run } from "./mocks";

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

const settings = z.record(z.string(), z.record(z.string(), z.unknown()));

/** What a run of a stack tells the rules: its policy's config, and what its own file says of users and volumes. */
export function settingsOf(stack: string, config: Record<string, unknown>): z.infer<typeof settings> {
  const folder = mkdtempSync(join(tmpdir(), "vibecode-policy-"));
  const args = policyArgs({ stack, config: parseConfig(engineConfig(config)), folder });
  const text = readFileSync(args.at(-1) ?? "", "utf8");
  rmSync(folder, { recursive: true });
  return settings.parse(JSON.parse(text));
}
