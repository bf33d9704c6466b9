import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";

/** A stack's config is wrong. Its message lists every mistake, a line each; the engine prints it without a stack. */
export class ConfigError extends pulumi.RunError {
  constructor(readonly mistakes: readonly string[]) {
    const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
    super(
      [`${count} in the stack's config; nothing was touched:`, ...mistakes.map((line) => `  ${line}`)].join(
        "\n",
      ),
    );
    this.name = "ConfigError";
  }
}

/**
 * One line a mistake: `vibecode:users[2].name: "Bob" must be lower case letters, digits and single dashes`.
 *
 * @param namespace prefix of the keys
 * @param values the whole config, from which the wrong values are quoted
 */
export function explain(namespace: string, error: z.ZodError, values: unknown): string[] {
  return error.issues.flatMap((issue) => explainIssue(namespace, issue, [], values));
}

type Path = readonly PropertyKey[];

function explainIssue(namespace: string, issue: z.core.$ZodIssue, above: Path, values: unknown): string[] {
  const path = [...above, ...issue.path];
  const line = (at: Path, message: string) => `${namespace}:${render(at)}: ${message}`;
  const value = lookUp(values, path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => line([...path, key], "is not a key of the config"));
  }
  if (issue.code === "invalid_union") {
    if (issue.errors.length === 0) return [line(path, `${quote(value)} must be one of ${options(issue)}`)];
    // The alternative that fits the value's own kind tells most: a string's mistakes for a string.
    const branches = [...issue.errors].sort((a, b) => depth(b) - depth(a));
    const best = branches[0];
    if (best !== undefined && best.length > 0) {
      return best.flatMap((inner) => explainIssue(namespace, inner, path, values));
    }
  }
  if (value === undefined) return [line(path, `is missing: ${allowed(issue)}`)];
  return [line(path, `${quote(value)} ${allowed(issue)}`)];
}

/** What a discriminated union offers; zod has it in its own sentence only. */
function options(issue: z.core.$ZodIssue): string {
  return [...issue.message.matchAll(/'([^']+)'/g)].map(([, option]) => option).join(", ");
}

/** How far into the value an alternative's mistakes lie: one that fails at once on the value's kind has 0. */
function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === "invalid_type" ? 0 : 1)));
}

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "invalid_type":
      return issue.message.startsWith("must") ? issue.message : `must be ${article(issue.expected)}`;
    case "too_small":
      return `must be at least ${String(issue.minimum)}`;
    case "too_big":
      return issue.message.startsWith("must") ? issue.message : `must be at most ${String(issue.maximum)}`;
    default:
      return issue.message;
  }
}

const article = (noun: string) => (/^[aeio]/.test(noun) ? `an ${noun}` : `a ${noun}`);

function render(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

function lookUp(values: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) => (typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined),
    values,
  );
}

function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
