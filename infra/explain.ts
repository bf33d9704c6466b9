import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";

import { secretKeys } from "./schema";

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

type Path = readonly PropertyKey[];

/** Says what is wrong in a config: `vibecode:users[2].name: "Bob" must be lower case letters, digits and dashes`. */
export class Explanation {
  /**
   * @param namespace prefix of the keys
   * @param values the whole config, from which the wrong values are quoted
   * @param isSecret whether what lies below a key at the top must not be quoted
   */
  constructor(
    private readonly namespace: string,
    private readonly values: unknown,
    private readonly isSecret: (key: string) => boolean,
  ) {}

  /** One line a mistake. */
  of(error: z.ZodError): string[] {
    return error.issues.flatMap((issue) => this.issue(issue, []));
  }

  /** The line of one mistake: where it is, the value that is there, and what must be. */
  say(path: Path, message: string): string {
    const value = lookUp(this.values, path);
    return this.line(
      path,
      value === undefined ? `is missing: ${message}` : `${this.quote(path, value)} ${message}`,
    );
  }

  private issue(issue: z.core.$ZodIssue, above: Path): string[] {
    const path = [...above, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => this.say([...path, key], issue.message));
    }
    if (issue.code === "invalid_key") {
      const messages = issue.issues.map(({ message }) => message).join(", ");
      return [this.line(path, `${JSON.stringify(String(path.at(-1)))} ${messages}`)];
    }
    if (issue.code === "invalid_union") {
      // The alternative that fits the value's own kind tells most: a string's mistakes for a string.
      const best = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? [];
      if (best.length > 0) return best.flatMap((inner) => this.issue(inner, path));
    }
    return [this.say(path, allowed(issue))];
  }

  private line(path: Path, text: string): string {
    return `${this.namespace}:${render(path)}: ${text}`;
  }

  private quote(path: Path, value: unknown): string {
    const [key] = path;
    if (typeof key === "string" && (secretKeys.includes(key) || this.isSecret(key))) return "this value";
    const text = JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 77)}...` : text;
  }
}

/** How far into the value an alternative's mistakes lie: one that fails at once on the value's kind has 0. */
function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === "invalid_type" ? 0 : 1)));
}

function allowed(issue: z.core.$ZodIssue): string {
  // Our own sentences begin with what must be; zod's own never do.
  if (issue.message.startsWith("must")) return issue.message;
  switch (issue.code) {
    case "invalid_value":
      return `must be ${oneOf(issue.values)}`;
    case "invalid_union":
      return `must be ${oneOf("options" in issue ? (issue.options ?? []) : [])}`;
    case "invalid_type":
      return `must be ${kinds[issue.expected] ?? `a ${issue.expected}`}`;
    case "too_small":
      return ["string", "array"].includes(issue.origin)
        ? "must not be empty"
        : `must be at least ${String(issue.minimum)}`;
    case "too_big":
      return issue.origin === "array"
        ? `must have at most ${String(issue.maximum)} entries`
        : `must be at most ${String(issue.maximum)}`;
    default:
      return issue.message;
  }
}

/** What people call the kinds of a value, where it is not zod's word with an `a` before it. */
const kinds: Record<string, string> = {
  array: "a list",
  int: "a whole number",
  object: "an object",
  record: "an object",
};

const oneOf = (values: readonly unknown[]) =>
  `${values.length > 1 ? "one of " : ""}${values.map(String).join(", ")}`;

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
