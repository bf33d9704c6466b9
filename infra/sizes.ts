import { z } from "zod";

import { compareQuantities } from "./quantity";
import { bytes, keys, quantity } from "./values";

const pair = keys({ cpu: quantity, memory: bytes });

/** What somebody may use at most, all pods of the namespace together. */
const quota = keys({
  cpu: quantity,
  memory: bytes,
  pods: z.int().min(1).max(100).default(1),
});

/** A size of workspaces: CPU and memory of the editor, and what goes with them. */
export const size = keys({
  requests: pair,
  limits: pair,
  home: bytes.optional().describe("Size of the home; storage.home when absent"),
  quota: quota
    .optional()
    .describe("What all pods of the user may use together; the limits and one pod when absent"),
})
  .superRefine(({ requests, limits, quota }, context) => {
    for (const key of ["cpu", "memory"] as const) {
      if (compareQuantities(requests[key], limits[key]) > 0) {
        context.addIssue({
          code: "custom",
          path: ["requests", key],
          message: `must be at most limits.${key}, which is "${limits[key]}"`,
        });
      }
      if (quota !== undefined && compareQuantities(quota[key], limits[key]) < 0) {
        context.addIssue({
          code: "custom",
          path: ["quota", key],
          message: `must be at least limits.${key}, which is "${limits[key]}": the editor would not start`,
        });
      }
    }
  })
  .describe("CPU and memory of an editor: what is set aside, and what it may use at most");

export type Size = z.infer<typeof size>;

/** Sizes that every stack has; its own come on top, or replace one of the same name. */
export const builtInSizes: Record<string, Size> = {
  small: { requests: { cpu: "250m", memory: "512Mi" }, limits: { cpu: "1", memory: "2Gi" } },
  medium: { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } },
  large: { requests: { cpu: "1", memory: "2Gi" }, limits: { cpu: "4", memory: "8Gi" } },
};
