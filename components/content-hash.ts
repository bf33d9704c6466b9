import { createHash } from "node:crypto";

/** What pods carry of what they read, so that another content starts them again; of a secret it tells nothing. */
export const contentHash = (content: unknown): string =>
  createHash("sha256").update(JSON.stringify(content)).digest("hex");
