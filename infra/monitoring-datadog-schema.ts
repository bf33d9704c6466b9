import { z } from "zod";

import { keys, quantity } from "./values";

const handle = z
  .string({ error: "must be whom to tell, as Datadog writes it: @slack-platform" })
  .regex(/^@[\w.+@-]{1,200}$/, { error: "must be whom to tell, as Datadog writes it: @slack-platform" });

/** Datadog's own rule for what stands in a tag. */
const tagValue = z.string().regex(/^[a-z0-9][\w.:/-]{0,100}$/, {
  error: "must be lower case letters, digits and . : / - _, at most 100 characters",
});

const chartReference = z.string().regex(/^(?:oci:\/\/[a-z0-9][\w./:-]*|\.{0,2}\/[^\s]+)$/, {
  error: "must be a reference with oci://, or the path of a folder",
});

const watermarks = { low: quantity, high: quantity };
const max = z.int().min(2).max(50).describe("Most pods; the fewest are the service's own replicas");

export const autoscaler = z.discriminatedUnion("kind", [
  keys({
    kind: z.literal("watermark"),
    max,
    cpu: keys(watermarks).optional().describe("Of one pod, such as 100m and 400m; needs a metrics server"),
    memory: keys(watermarks)
      .optional()
      .describe("Of one pod, such as 100Mi and 300Mi; needs a metrics server"),
    metric: keys({
      query: z.string().min(1).describe("A sum over all pods, as Datadog is asked"),
      ...watermarks,
    })
      .optional()
      .describe("Of one pod, by any metric at Datadog"),
  }).refine(({ cpu, memory, metric }) => cpu ?? memory ?? metric, {
    error: "must go by something: cpu, memory or metric",
  }),
  keys({
    kind: z.literal("datadog"),
    max,
    cpu: z.int().min(10).max(90).default(70).describe("Percent of the asked CPU that should be in use"),
  }),
]);

const percentMessage = "must be percent: more than 0, less than 100";
const percent = z
  .number({ error: percentMessage })
  .gt(0, { error: percentMessage })
  .lt(100, { error: percentMessage });

const downtime = keys({
  rule: z
    .string()
    .regex(/^FREQ=[A-Z]+(?:;[A-Z]+=[\w,+-]+)*$/, { error: "must be a rule such as FREQ=WEEKLY;BYDAY=SU" }),
  start: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/, {
      error: "must be a local time such as 2026-12-06T02:00:00",
    })
    .optional()
    .describe("The first one, local; from now on when absent"),
  duration: z.string().regex(/^[1-9]\d{0,3}[mhdw]$/, { error: "must be a duration such as 90m or 2h" }),
  timezone: z.string().refine(isTimezone, { error: "must be a time zone such as Europe/Berlin" }),
});

/** `vibecode:monitoring.datadog`. */
export const datadog = keys({
  site: z
    .enum(
      [
        "datadoghq.com",
        "us3.datadoghq.com",
        "us5.datadoghq.com",
        "datadoghq.eu",
        "ap1.datadoghq.com",
        "ap2.datadoghq.com",
        "ddog-gov.com",
      ],
      { error: "must be the site of your account, such as datadoghq.eu" },
    )
    .describe("Where the account is: the host of Datadog's pages without app."),
  env: tagValue.optional().describe("The tag env of all that is sent; the cluster's name when absent"),
  tags: z.record(z.string(), tagValue).default({}).describe("More tags, by name"),
  registry: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.:/_-]*[a-z0-9]$/, { error: "must be a registry, with a path or without" })
    .optional()
    .describe("Has agent, cluster-agent and operator; Datadog's own registry when absent"),
  chart: chartReference.optional().describe("The operator's chart; from Datadog's repository when absent"),
  logs: keys({
    enabled: z
      .boolean()
      .default(false)
      .describe("Sends the logs of the platform's own pods, those of its namespaces vibecode-*"),
    workspaces: z.boolean().default(false).describe("Sends what people's own programs print as well"),
    retentionDays: z.int().min(1).max(365).default(15).describe("Days for which they are kept"),
    dailyLimit: z.int().min(1000).optional().describe("Logs a day beyond which none is kept"),
  }).prefault({}),
  apm: z.boolean().default(false).describe("Sends traces of one request in ten that Traefik serves"),
  process: z.boolean().default(false).describe("Sends which processes run, without their arguments"),
  network: z.boolean().default(false).describe("Sends which pods talk to which"),
  externalMetrics: z
    .boolean()
    .default(false)
    .describe("Lets autoscalers of the cluster go by Datadog's metrics; on where one of these here does"),
  autoscaling: keys({
    traefik: autoscaler.optional(),
    authelia: autoscaler.optional(),
    controller: chartReference
      .optional()
      .describe("The chart of the controller for watermarks; the cluster has one when absent"),
  })
    .prefault({})
    .describe("Who decides about the pods of services that may have several; workspaces never do"),
  notify: z.array(handle).default([]).describe("Whom monitors tell"),
  objectives: keys({
    days: z.union([z.literal(7), z.literal(30), z.literal(90)]).default(30),
    signIn: percent.default(99.9).describe("Percent of the requests to sign-in that get an answer"),
    workspaceStart: percent.default(99).describe("Percent of the time in which a workspace is ready"),
  }).prefault({}),
  signInPage: keys({
    locations: z
      .array(z.string().regex(/^(?:aws|azure|gcp|pl):[a-z0-9-]+$/, { error: "must be as aws:eu-central-1" }))
      .min(1),
    every: z
      .union([60, 300, 900, 1800, 3600].map((seconds) => z.literal(seconds)))
      .default(300)
      .describe("Seconds between two visits"),
  })
    .optional()
    .describe("Opens the sign-in page from outside, which must reach it; nobody does when absent"),
  downtimes: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,40}$/), downtime)
    .default({})
    .describe("Times at which nobody is told of anything, by name"),
});

export type Datadog = z.infer<typeof datadog>;

/** A key, unless it has the form of the other one: the two are easily mistaken for each other. */
const key = (what: string, other: RegExp) =>
  z
    .string()
    .regex(/^[\w-]{30,100}$/, { error: `must be ${what} of Datadog` })
    .refine((text) => !other.test(text), {
      error: `must be ${what} of Datadog; this looks like the other key`,
    })
    .optional();

/** Keys of `vibecode:monitoringSecrets` that Datadog needs. Secret. */
export const datadogSecretKeys = {
  datadogApiKey: key("an API key", /^[0-9a-f]{40}$/).describe("By which the agents send to Datadog"),
  datadogAppKey: key("an application key", /^[0-9a-f]{32}$/).describe(
    "By which the stack makes monitors, and autoscalers ask for metrics",
  ),
};

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
