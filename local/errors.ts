/**
 * A failure a user can mend. The command line prints it without a stack and exits 1: as one line, `what; fix`, or
 * with the fix on a line of its own where `what` quotes somebody else's several lines.
 */
export class UserError extends Error {
  /**
   * @param what what is wrong, as a clause without a full stop: `port 443 is taken by nginx (pid 812)`
   * @param fix what to do about it: `stop it, or set HTTPS_PORT to a free port`
   */
  constructor(
    readonly what: string,
    readonly fix: string,
    options?: ErrorOptions,
  ) {
    super(what.includes("\n") ? `${what.trimEnd()}\nTo go on: ${fix}` : `${what}; ${fix}`, options);
    this.name = "UserError";
  }
}

/** Tells the person who waits what is being done: one short line, the latest replaces the one before. */
export type Report = (message: string) => void;
