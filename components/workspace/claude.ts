/** How Claude Code is set up in a workspace. */
export interface Claude {
  /** Model; Claude Code's own default when absent. */
  model?: string | undefined;
  /** What it may do without asking, must ask for, and must not do, in Claude Code's own terms. */
  permissions?: Record<string, unknown> | undefined;
  /** Lets it report usage and errors to its maker. */
  telemetry: boolean;
  /** Any other key of its managed settings. */
  settings: Record<string, unknown>;
  /** Where its API is; its maker's when absent. */
  baseUrl?: string | undefined;
}

/** The variable that holds the token of Claude Code's API, a key of the workspace's Secret. */
export const claudeTokenVariable = "ANTHROPIC_AUTH_TOKEN";

/** The settings which go before everything that a person or a project says. */
export function managedSettings({ model, permissions, settings }: Claude): Record<string, unknown> {
  return {
    ...settings,
    ...(model === undefined ? {} : { model }),
    ...(permissions === undefined ? {} : { permissions }),
  };
}

export function claudeEnvironment({ telemetry, baseUrl }: Claude): Record<string, string> {
  return {
    ...(baseUrl === undefined ? {} : { ANTHROPIC_BASE_URL: baseUrl }),
    ...(telemetry ? {} : { DISABLE_TELEMETRY: "1", DISABLE_ERROR_REPORTING: "1" }),
  };
}
