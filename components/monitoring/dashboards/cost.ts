import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";

import { recorded } from "../watched/recordings";
import { dashboard, uid } from "./dashboard";
import { byUser, cost, hourly, hours, type Shown } from "./expressions";
import { bars, graph, number } from "./panels";
import { rows } from "./table";

/** What workspaces cost by what they ask for. The parts that all share are not in it. */
export function costs(options: Shown): Dashboard {
  const { prices } = options;
  const unit = `currency:${prices.currency} `;
  const now = cost(options, (asked) => asked);
  const day = cost(options, hours("1d"));
  const period = cost(options, hours("$__range"));
  const of = (part: keyof ReturnType<typeof hourly>) => {
    const [asked, price] = hourly(options)[part];
    return byUser(options, `${hours("1d")(asked)} * ${price}`);
  };
  const idle = (used: string, asked: string) => byUser(options, `clamp_min(${asked} - ${used}, 0)`);
  return dashboard({
    name: "cost",
    title: "VibeCode: cost",
    description: `By what workspaces ask for: ${prices.cpuHour} ${prices.currency} a core and hour, ${prices.memoryGiBHour} a GiB of memory and hour, ${prices.diskGiBMonth} a GiB of disk and month. A stopped workspace pays for its volumes. What all share (ingress, sign-in, monitoring) is not in it.`,
    from: "7d",
    sections: {
      Together: [
        number({ title: "The last 24 hours", width: 8, unit, decimals: 2, queries: { cost: `sum(${day})` } }),
        number({
          title: "The time that is shown",
          width: 8,
          unit,
          decimals: 2,
          queries: { cost: `sum(${period})` },
        }),
        number({
          title: "A month that goes on like this hour",
          width: 8,
          unit,
          decimals: 0,
          queries: { cost: `sum(${now}) * 730` },
        }),
      ],
      "A user": [
        bars({
          title: "The last 24 hours, by user",
          width: 12,
          unit,
          queries: { "{{user}}": `sort_desc(${byUser(options, day)})` },
        }),
        graph({
          title: "An hour, by user",
          width: 12,
          unit,
          stacked: true,
          queries: { "{{user}}": byUser(options, now) },
        }),
        rows({
          title: "The last 24 hours",
          width: 24,
          queries: { CPU: of("cpu"), Memory: of("memory"), Disk: of("disk"), All: byUser(options, day) },
          columns: { CPU: { unit }, Memory: { unit }, Disk: { unit }, All: { unit } },
          links: { user: `/d/${uid("user")}?var-user=\${__value.raw}&\${__url_time_range}` },
          sortBy: "All",
        }),
      ],
      "Asked for, and not used": [
        graph({
          title: "Cores",
          width: 12,
          unit: "none",
          queries: { "{{user}}": idle(recorded.cpuUsed, recorded.cpuRequested) },
        }),
        graph({
          title: "Memory",
          width: 12,
          unit: "bytes",
          queries: { "{{user}}": idle(recorded.memoryUsed, recorded.memoryRequested) },
        }),
      ],
    },
  });
}
