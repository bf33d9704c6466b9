import { z } from "zod";

import { compareQuantities } from "./quantity";
import { bytes } from "./values";

/** A quantity of memory or storage, of which so much is needed: `64Mi`. */
export const bytesFrom = (least: string) =>
  bytes.pipe(
    z.string().refine((text) => compareQuantities(text, least) >= 0, { error: `must be at least ${least}` }),
  );
