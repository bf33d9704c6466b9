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

/** With these two Claude Code was seen to speak to its API and to nobody else. */
const silence = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: "1",
};

/** The settings which go before everything that a person or a project says. */
export function managedSettings({
  model,
  permissions,
  telemetry,
  settings,
}: Claude): Record<string, unknown> {
  const { env } = settings;
  const own = typeof env === "object" && env !== null ? env : {};
  return {
    ...settings,
    ...(telemetry ? {} : { env: { ...silence, ...own } }),
    ...(model === undefined ? {} : { model }),
    ...(permissions === undefined ? {} : { permissions }),
  };
}

export function claudeEnvironment({ baseUrl }: Claude): Record<string, string> {
  return baseUrl === undefined ? {} : { ANTHROPIC_BASE_URL: baseUrl };
}
