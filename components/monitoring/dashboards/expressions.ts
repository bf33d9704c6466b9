import { recorded } from "../watched/recordings";
import { objects, select, type Matchers } from "../watched/select";

export interface Prices {
  /** A core, an hour. */
  cpuHour: number;
  /** A GiB of memory, an hour. */
  memoryGiBHour: number;
  /** A GiB of a volume, a month. */
  diskGiBMonth: number;
  /** `USD` */
  currency: string;
}

export interface DashboardOptions {
  /** The stack's domain: `dev.example.com`. */
  domain: string;
  ingressNamespace: string;
  /** What the names of workspaces' namespaces begin with. Default `ws-`. */
  namespacePrefix?: string;
  prices: Prices;
}

export type Shown = Required<DashboardOptions>;

/** Events a second, in a window that fits what is shown. */
export const rate = (counter: string) => `rate(${counter}[$__rate_interval])`;

/** Zero in the place of nothing, where nothing is what one hopes for. */
export const orZero = (vector: string) => `(${vector} or vector(0))`;

/** A user for a namespace: what a vector by namespace says, by `user`. */
export const byUser = ({ namespacePrefix }: Pick<Shown, "namespacePrefix">, vector: string, also = "") =>
  `sum by (user${also}) (label_replace(${vector}, "user", "$1", "namespace", "${namespacePrefix}(.+)"))`;

export const traefik = (metric: string, matchers: Matchers = {}) =>
  select(`traefik_${metric}`, { job: "traefik", ...matchers });
export const authelia = (metric: string, matchers: Matchers = {}) =>
  select(`authelia_${metric}`, { job: "authelia", ...matchers });
export const node = (metric: string, matchers: Matchers = {}) =>
  select(`node_${metric}`, { job: "node", ...matchers });
export const container = (metric: string, matchers: Matchers = {}) =>
  select(`container_${metric}`, { job: "cadvisor", ...matchers });
export const kubelet = (metric: string, matchers: Matchers = {}) =>
  select(`kubelet_${metric}`, { job: "kubelet", ...matchers });
export const kube = (metric: string, matchers: Matchers = {}) => objects(`kube_${metric}`, matchers);

/** Alerts of ours that fire. */
export const alerts = (matchers: Matchers = {}) =>
  select("ALERTS", { alertstate: "firing", alertname: /Vibecode.+/, ...matchers });

/** Percentiles of a histogram, by their names. */
export const percentiles = (buckets: string): Record<string, string> =>
  Object.fromEntries(
    [50, 95, 99].map((share) => [
      `${share} %`,
      `histogram_quantile(${share / 100}, sum by (le) (${rate(buckets)}))`,
    ]),
  );

/** Hours that prices of a month are for. */
const monthHours = 730;
const gib = 2 ** 30;

/** What workspaces cost by what they ask for, an hour, by namespace and part. */
export const hourly = ({
  prices,
}: Pick<Shown, "prices">): Record<"cpu" | "memory" | "disk", [string, number]> => ({
  cpu: [recorded.cpuRequested, prices.cpuHour],
  memory: [recorded.memoryRequested, prices.memoryGiBHour / gib],
  disk: [recorded.diskRequested, prices.diskGiBMonth / monthHours / gib],
});

/** What they cost, by namespace and part: `each` makes of a series of what is asked for the sum that is paid for. */
export const cost = (options: Pick<Shown, "prices">, each: (recorded: string) => string): string =>
  `(${Object.entries(hourly(options))
    .map(([part, [asked, price]]) => `label_replace(${each(asked)} * ${price}, "part", "${part}", "", "")`)
    .join(" or ")})`;

/** Hours for which something was asked, times as much as was asked: looked at six times an hour. */
export const hours = (window: string) => (asked: string) => `sum_over_time(${asked}[${window}:10m]) / 6`;
