/** A metric that an expression asks for, and the job that it names. */
export interface Asked {
  name: string;
  /** Empty where none is named. */
  job: string;
}

/** Every selector of an expression of ours: each has matchers, and names its job by its full name. */
export function metricsIn(expr: string): Asked[] {
  return [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{([^}]*)\}/g)].map(([, name = "", matchers = ""]) => ({
    name,
    job: /(?:^|,)job="([^"]*)"/.exec(matchers)?.[1] ?? "",
  }));
}
