import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { parse, stringify } from "yaml";
import { z } from "zod";

import type { ImageArchive } from "../../local/cluster";
import { run } from "../../local/host";
import { buildProgram } from "../../local/images/scratch";
import type { PlatformArgs } from "./deploy";
import { kubectl } from "./kubectl";
import { deployAuthelia, type Guarded } from "./sign-in";

export const namespace = "vibecode-monitoring";

/** People of the tests of monitoring: an administrator, who works, whose editor ends, and whose disk fills. */
const people = [
  { name: "ada", groups: ["admins"], size: "small", state: "stopped" },
  { name: "alice", groups: ["developers"], size: "small" },
  { name: "carl", groups: ["developers"], size: "small" },
  { name: "fred", groups: ["developers"], size: "small", home: "400Mi" },
];

/**
 * Deploys the platform behind Authelia, with Prometheus, Alertmanager and what they ask.
 *
 * @param webhook who is told of alerts, of all severities
 * @param args users in place of those of the tests, and more of the config
 */
export async function deployMonitored(
  webhook: string,
  args: Partial<Pick<PlatformArgs, "users" | "extra">> = {},
): Promise<Guarded> {
  return deployAuthelia({
    users: args.users ?? people,
    images: ["monitoring", "kube-state-metrics"],
    standIns: { grafana: await grafanaStandIn() },
    extra: {
      "vibecode:monitoring": {
        prometheus: {
          kind: "own",
          retention: { time: "12h", size: "256Mi" },
          storage: "400Mi",
          memory: "1Gi",
          alerts: { webhook: { severities: ["page", "ticket", "info"] } },
        },
      },
      "vibecode:storage": { retain: false },
      ...args.extra,
    },
    secrets: { "monitoringSecrets.webhookUrl": webhook },
  });
}

const answer = z.object({
  status: z.literal("success"),
  data: z.object({ result: z.array(z.unknown()) }),
});

const target = z.object({
  labels: z.looseObject({ job: z.string(), instance: z.string() }),
  scrapeUrl: z.string(),
  health: z.enum(["up", "down", "unknown"]),
  lastError: z.string(),
  lastScrapeDuration: z.number(),
});

/** What a server of monitoring says over HTTP. It is asked through the API server, as its administrators reach it. */
export function ask(server: "prometheus" | "alertmanager", path: string): unknown {
  const port = server === "prometheus" ? 9090 : 9093;
  const service = `/api/v1/namespaces/${namespace}/services/${server}:${port}/proxy`;
  return JSON.parse(kubectl("get", "--raw", `${service}${path}`));
}

/**
 * What an expression gives: label sets with their values; none where nothing matches.
 *
 * @param at seconds of the epoch; default now
 */
export function query(expression: string, at = Date.now() / 1000): unknown[] {
  const asked = `/api/v1/query?query=${encodeURIComponent(expression)}&time=${at}`;
  const said = answer.safeParse(ask("prometheus", asked));
  if (!said.success) throw new Error(`Prometheus does not understand ${expression}`);
  return said.data.data.result;
}

const sample = z.object({
  metric: z.record(z.string(), z.string()),
  value: z.tuple([z.number(), z.coerce.number()]),
});

/** The same for a vector, each with its labels. */
export const samples = (expression: string) =>
  query(expression).map((one) => {
    const { metric, value } = sample.parse(one);
    return { labels: metric, value: value[1] };
  });

/** The one value of an expression. */
export function value(expression: string): number {
  const [one, ...more] = samples(expression);
  if (one === undefined || more.length > 0) throw new Error(`${expression} has ${1 + more.length} values`);
  return one.value;
}

/** Everything that Prometheus scrapes. */
export const targets = () =>
  z
    .object({ data: z.object({ activeTargets: z.array(target) }) })
    .parse(ask("prometheus", "/api/v1/targets?state=active")).data.activeTargets;

const rule = z.looseObject({ name: z.string(), health: z.string(), lastError: z.string().optional() });

/** Everything that Prometheus judges: alerts, and what is recorded. */
export const rules = () =>
  z
    .object({ data: z.object({ groups: z.array(z.object({ rules: z.array(rule) })) }) })
    .parse(ask("prometheus", "/api/v1/rules"))
    .data.groups.flatMap((group) => group.rules);

const files = z.object({ data: z.record(z.string(), z.string()) });

/** How many times as fast it goes. */
const pace = 20;

/** `5m` as seconds. Prometheus' durations: `1h30m`, `300s`. */
function seconds(duration: string): number {
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
  return [...duration.matchAll(/(\d+)(ms|s|m|h|d)/g)].reduce(
    (sum, [, number, unit = ""]) => sum + Number(number) * (units[unit] ?? Number.NaN),
    0,
  );
}

const times = new Set([
  "for",
  "keep_firing_for",
  "interval",
  "evaluation_interval",
  "group_wait",
  "group_interval",
]);

/** The same file, in which waiting takes a part of its time. What rules and routes say otherwise stays. */
const faster = (text: string): string =>
  stringify(parse(text), (key: unknown, value: unknown) => {
    if (key === "scrape_interval" || key === "scrape_timeout") return "5s";
    if (typeof key !== "string" || typeof value !== "string" || !times.has(key)) return value;
    return `${Math.max(1, Math.round(seconds(value) / pace))}s`;
  });

/**
 * Makes alerts come within seconds: what must last for 5 minutes is told after 15 seconds. The files that the pods have
 * mounted are changed, not the stack; their expressions stay, as does all that is not a time to wait.
 */
export function hasten(): void {
  change(
    "configmap",
    "prometheus",
    (data) => ({ data }),
    (text) => text,
  );
  change(
    "secret",
    "alertmanager",
    (data) => ({ stringData: data }),
    (text) => Buffer.from(text, "base64").toString(),
  );
  restart("prometheus");
  restart("alertmanager");
}

function change(
  kind: "configmap" | "secret",
  name: string,
  patch: (data: Record<string, string>) => object,
  decode: (text: string) => string,
): void {
  const { data } = files.parse(JSON.parse(kubectl("-n", namespace, "get", kind, name, "-o", "json")));
  const changed = Object.fromEntries(
    Object.entries(data)
      .filter(([file]) => file.endsWith(".yml"))
      .map(([file, text]) => [file, faster(decode(text))]),
  );
  kubectl("-n", namespace, "patch", kind, name, "--type=merge", "-p", JSON.stringify(patch(changed)));
}

/** Starts a server's one pod anew, and waits until it is ready. What is on its volume stays. */
export function restart(server: "prometheus" | "alertmanager"): void {
  kubectl("-n", namespace, "delete", "pod", `${server}-0`, "--wait=true");
  ready(server);
}

/** Waits until a server's one pod is ready. */
export function ready(server: "prometheus" | "alertmanager"): void {
  const pod = `pod/${server}-0`;
  kubectl("-n", namespace, "wait", pod, "--for=create", "--timeout=60s");
  kubectl("-n", namespace, "wait", pod, "--for=condition=Ready", "--timeout=150s");
}

/** Builds what stands in Grafana's place: see grafana/main.go. */
export async function grafanaStandIn(): Promise<ImageArchive> {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-grafana-"));
  const binary = path.join(work, "grafana");
  const built = await run("go", ["build", "-trimpath", "-o", binary, "."], {
    cwd: path.join(__dirname, "grafana"),
    env: { CGO_ENABLED: "0" },
  });
  if (built.code !== 0) throw new Error(built.stderr);
  const ref = "localhost/vibecode/grafana:stand-in";
  const image = { tool: "grafana", user: "472:472", authorities: false };
  const packed = path.join(work, "image");
  fs.mkdirSync(packed);
  const { file } = await buildProgram(image, binary, ref, packed);
  return { ref, archive: file };
}
