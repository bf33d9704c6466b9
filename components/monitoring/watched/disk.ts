import { most, scope, select, taken, workspaces } from "./select";
import type { Draft, Watched } from "./watch";

const claim = "namespace, persistentvolumeclaim";

/** The volumes of a workspace: the home and the extensions. */
export function diskWatches(options: Watched): Draft[] {
  const { disk } = options.thresholds;
  const volume = { job: "kubelet", namespace: workspaces(options) };
  const stat = (name: string) => select(`kubelet_volume_stats_${name}`, volume);
  const bytes = taken(stat("available_bytes"), stat("capacity_bytes"));
  const inodes = taken(stat("inodes_free"), stat("inodes"));
  const everybody = scope(options, `kube_namespace:${options.namespacePrefix}*`);
  const datadog = (name: string) =>
    `max:kubernetes.kubelet.volume.stats.${name}${everybody} by {kube_namespace,persistentvolumeclaim}`;
  const share = (free: string, all: string) => `100 - 100 * ${datadog(free)} / ${datadog(all)}`;
  return [
    {
      id: "workspace-disk-filling",
      group: "workspaces",
      severity: "ticket",
      summary: "The volume {persistentvolumeclaim} of {namespace} is {value} % full",
      description:
        "A full one lets its person save nothing. Give the user a larger `home` in the stack's file and run `pulumi up`: it grows while they work. Or let them delete: `du -xh -d2 ~ | sort -h | tail` shows what is large.",
      for: 300,
      by: ["namespace", "persistentvolumeclaim"],
      signs: [
        {
          expr: most(claim, `${bytes} > ${disk}`),
          datadog: [
            {
              query: `min(last_5m):${share("available_bytes", "capacity_bytes")}`,
              comparator: ">",
              critical: disk,
            },
          ],
        },
        {
          expr: most(claim, `${inodes} > ${disk}`),
          datadog: [
            {
              part: "inodes",
              query: `min(last_5m):${share("inodes_free", "inodes")}`,
              comparator: ">",
              critical: disk,
            },
          ],
        },
      ],
    },
    {
      id: "workspace-disk-full-soon",
      group: "workspaces",
      severity: "ticket",
      summary: "The volume {persistentvolumeclaim} of {namespace} will be full within a day",
      description:
        "It is {value} % full, and went on as in the last six hours it would be full tomorrow. Ask its person what writes so much, or give the user a larger `home` in the stack's file and run `pulumi up`.",
      for: 1800,
      by: ["namespace", "persistentvolumeclaim"],
      signs: [
        {
          // From half on: the first clone of a large repository is no trend.
          expr: `${most(claim, bytes)} > 50 and ${most(claim, `predict_linear(${stat("available_bytes")}[6h], 86400)`)} < 0`,
          datadog: [
            {
              query: `max(next_1d):forecast(${share("available_bytes", "capacity_bytes")}, 'linear', 1, interval='60m', history='1d', model='default')`,
              comparator: ">=",
              critical: 100,
            },
          ],
          differs:
            "Datadog looks back a day, not six hours, and tells of a volume that is not yet half full, too.",
        },
      ],
    },
  ];
}
