import { stringify } from "yaml";

import type { Middleware } from "../auth";
import type { Forwards } from "./forwards";

/** What Traefik's file provider reads from one file. */
export interface DynamicConfig {
  tls?: Record<string, unknown>;
  http: Partial<Forwards> & { middlewares: Record<string, Middleware> };
}

/**
 * The text of a file for Traefik's file provider, which refuses its whole folder for one file that it cannot read:
 * an empty map is an error to it, so it is left out, and two opening braces would begin a Go template.
 */
export function dynamicFile({ tls, http }: DynamicConfig): string {
  const filled = Object.entries(http).filter(([, entries]) => Object.keys(entries).length > 0);
  const config = {
    ...(tls === undefined ? {} : { tls }),
    ...(filled.length === 0 ? {} : { http: Object.fromEntries(filled) }),
  };
  // Sorted: the order of a stack's users changes nothing.
  return stringify(config, { sortMapEntries: true }).replaceAll("{{", '{{"{{"}}');
}
