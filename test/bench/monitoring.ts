import { setTimeout as sleep } from "node:timers/promises";

import type { Report } from "../../local/errors";
import setup from "../cluster/setup";
import teardown from "../cluster/teardown";
import { deployMonitored, samples, value } from "../platform/monitoring";
import { table } from "./tables";

/** What monitoring costs with so many workspaces that run. */
export interface MonitoringCost {
  users: number;
  /** Bytes that each of its containers works with, by name. */
  memory: Record<string, number>;
  /** CPUs that each uses on average. */
  cpu: Record<string, number>;
  /** Series that Prometheus gets. */
  series: number;
  /** Seconds that a scrape of each job takes at most, by job. */
  scrape: Record<string, number>;
}

/** Minutes that are looked at. What came before, an `up` say, is not among them. */
const minutes = 2;

const ours = [
  'namespace=~"vibecode-monitoring|vibecode-node-exporter",container!=""',
  'namespace="vibecode-auth",container=~".+-exporter"',
];
const of = (metric: string, window = "") => ours.map((which) => `${metric}{${which}}${window}`);

/** Measures on the cluster of the tests, with everything at its own pace: 0 workspaces, then `most`. */
export async function measureMonitoring(most: number, report: Report): Promise<MonitoringCost[]> {
  report("a cluster with monitoring");
  await setup();
  try {
    const costs: MonitoringCost[] = [];
    for (const users of [0, most]) {
      report(`monitoring of ${users} workspaces`);
      await deployMonitored("http://192.0.2.1/nobody", {
        // Authelia does not start for nobody.
        users: [{ name: "away", size: "tiny", state: "stopped" }, ...workspaces(users)],
        // The smallest that the scheduler puts beside each other on one small node.
        extra: { "vibecode:workspace": { sizes: { tiny }, defaultSize: "tiny" } },
      });
      await sleep((minutes + 1) * 60_000);
      costs.push({ users, ...look() });
    }
    return costs;
  } finally {
    await teardown();
  }
}

const workspaces = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `user${index + 1}`, size: "tiny" }));

const tiny = {
  requests: { cpu: "10m", memory: "128Mi" },
  limits: { cpu: "1", memory: "1Gi" },
  home: "320Mi",
};

function look(): Omit<MonitoringCost, "users"> {
  const by = (label: string, expression: string) =>
    Object.fromEntries(samples(expression).map(({ labels, value }) => [labels[label] ?? "", value]));
  const rates = of("container_cpu_usage_seconds_total", `[${minutes}m]`).map((range) => `rate(${range})`);
  return {
    memory: by("container", `sum by (container) (${of("container_memory_working_set_bytes").join(" or ")})`),
    cpu: by("container", `sum by (container) (${rates.join(" or ")})`),
    series: value('count({__name__=~".+"})'),
    scrape: by("job", `max by (job) (max_over_time(scrape_duration_seconds[${minutes}m]))`),
  };
}

export function monitoringTable(costs: readonly MonitoringCost[]): string {
  const sum = (values: Record<string, number>) => Object.values(values).reduce((all, one) => all + one, 0);
  const [none, most] = [costs[0], costs.at(-1)];
  const perUser = none && most && most.users > 0 ? (most.series - none.series) / most.users : Number.NaN;
  const mb = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  const milli = (cpus: number) => `${Math.round(cpus * 1000)} m`;
  const names = [...new Set(costs.flatMap(({ memory }) => Object.keys(memory)))].sort();
  return table(
    ["What monitoring costs", ...costs.map(({ users }) => `${users} workspaces`)],
    [
      ["memory, all of it", ...costs.map(({ memory }) => mb(sum(memory)))],
      ...names.map((name) => [name, ...costs.map(({ memory }) => mb(memory[name] ?? 0))]),
      ["CPU, all of it", ...costs.map(({ cpu }) => milli(sum(cpu)))],
      ...names.map((name) => [name, ...costs.map(({ cpu }) => milli(cpu[name] ?? 0))]),
      ["series", ...costs.map(({ series }) => `${series}`)],
      ["series a workspace, at most 400", "", `${Math.round(perUser)}`],
      ["the slowest scrape", ...costs.map(({ scrape }) => slowest(scrape))],
    ],
  );
}

function slowest(scrape: Record<string, number>): string {
  const [job = "", seconds = Number.NaN] =
    Object.entries(scrape).sort(([, one], [, other]) => other - one)[0] ?? [];
  return `${Math.round(seconds * 1000)} ms (${job})`;
}
