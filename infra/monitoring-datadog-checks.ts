import { z } from "zod";

import type { Mistake } from "./checks";
import { datadog, datadogSecretKeys, type autoscaler } from "./monitoring-datadog-schema";
import { compareQuantities } from "./quantity";

const around = z.looseObject({
  cluster: z
    .looseObject({ name: z.string().default("cluster").catch("cluster") })
    .catch({ name: "cluster" })
    .default({ name: "cluster" }),
  monitoring: z
    .looseObject({ datadog: datadog.optional().catch(undefined) })
    .optional()
    .catch(undefined),
  monitoringSecrets: z.looseObject(datadogSecretKeys).catch({}).default({}),
  auth: z
    .looseObject({ kind: z.string().default("authelia"), replicas: z.int().default(1).catch(1) })
    .catch({ kind: "authelia", replicas: 1 })
    .default({ kind: "authelia", replicas: 1 }),
  ingress: z
    .looseObject({ replicas: z.int().default(1).catch(1) })
    .catch({ replicas: 1 })
    .default({ replicas: 1 }),
});

/** What holds between Datadog and the rest of a stack's config. Values that are wrong by themselves are passed over. */
export function datadogMistakes(values: Record<string, unknown>): Mistake[] {
  const { cluster, monitoring, monitoringSecrets, auth, ingress } = around.parse(values);
  const chosen = monitoring?.datadog;
  if (chosen === undefined) return [];
  const path = ["monitoring", "datadog"];
  const missing = (["datadogApiKey", "datadogAppKey"] as const)
    .filter((key) => monitoringSecrets[key] === undefined)
    .map((key) => ({
      path: ["monitoringSecrets", key],
      message: `must be set with monitoring.datadog: \`pulumi config set --secret --path 'vibecode:monitoringSecrets.${key}'\``,
    }));
  const { traefik, authelia, controller } = chosen.autoscaling;
  return [
    ...missing,
    // Of tags, of the index of its logs, and of what the agents call the cluster.
    ...(/^[a-z](?:-?[a-z0-9])*$/.test(cluster.name) && cluster.name.length <= 40
      ? []
      : [
          {
            path: ["cluster", "name"],
            message:
              "must be lower case letters, digits and single dashes, at most 40 characters, with monitoring.datadog",
          },
        ]),
    ...ranges([...path, "autoscaling", "traefik"], traefik, ingress.replicas, "ingress.replicas"),
    ...ranges([...path, "autoscaling", "authelia"], authelia, auth.replicas, "auth.replicas"),
    ...(authelia !== undefined && auth.kind !== "authelia"
      ? [
          {
            path: [...path, "autoscaling", "authelia"],
            message: `must be left out with auth.kind ${auth.kind}`,
          },
        ]
      : []),
    ...(controller !== undefined && traefik?.kind !== "watermark" && authelia?.kind !== "watermark"
      ? [
          {
            path: [...path, "autoscaling", "controller"],
            message: "must be left out where nothing is kept between watermarks",
          },
        ]
      : []),
    ...(chosen.signInPage !== undefined && auth.kind === "basic"
      ? [
          {
            path: [...path, "signInPage"],
            message: "must be left out with auth.kind basic, which has no page of its own",
          },
        ]
      : []),
  ];
}

function ranges(
  path: string[],
  chosen: z.infer<typeof autoscaler> | undefined,
  replicas: number,
  from: string,
): Mistake[] {
  if (chosen === undefined) return [];
  const marks =
    chosen.kind === "datadog"
      ? []
      : Object.entries({ cpu: chosen.cpu, memory: chosen.memory, metric: chosen.metric }).flatMap(
          ([name, pair]) => (pair === undefined ? [] : [[name, pair] as const]),
        );
  return [
    ...(chosen.max > replicas
      ? []
      : [{ path: [...path, "max"], message: `must be more than ${from}, which is ${replicas}` }]),
    ...marks
      .filter(([, { low, high }]) => compareQuantities(low, high) >= 0)
      .map(([name, { low }]) => ({
        path: [...path, name, "high"],
        message: `must be more than low, ${low}`,
      })),
  ];
}
