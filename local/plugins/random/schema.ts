import { z } from "zod";
import { isObject } from "../server";
import type { PropertyMap } from "../server";

/** The arguments every resource of the package has. */
export const keepers = { keepers: z.record(z.string(), z.string()).optional() };

/** As in the official provider, a null among the keepers, or an empty map of them, is as good as none. */
export function keptKeepers(given: PropertyMap): PropertyMap {
  if (!isObject(given["keepers"])) return {};
  const kept = Object.entries(given["keepers"]).filter(([, value]) => value !== null && value !== undefined);
  return { keepers: kept.length > 0 ? Object.fromEntries(kept) : undefined };
}

/** The least a number of characters, bytes or words can be. */
export const count = z.int({ error: "must be a whole number" }).min(1, "must be at least 1");
