import { z } from "zod";

import { auth } from "./auth";
import type { Mistake } from "./checks";
import { datadogMistakes } from "./monitoring-datadog-checks";
import { monitoring, type monitoringSecrets, type ownPrometheus } from "./monitoring-schema";
import { amount } from "./quantity";

const around = z.looseObject({
  auth: auth.optional().catch(undefined),
  monitoring: monitoring.optional().catch(undefined),
  monitoringSecrets: z.looseObject({}).default({}).catch({}),
});

/** What holds between monitoring and the rest of a stack's config. Values that are wrong by themselves are passed over. */
export function monitoringMistakes(values: Record<string, unknown>): Mistake[] {
  const { auth: signIn, monitoring: settings, monitoringSecrets: secrets } = around.parse(values);
  const { prometheus } = settings ?? {};
  const alerts = prometheus?.kind === "own" ? prometheus.alerts : {};
  const at = "monitoring.prometheus.alerts";
  return [
    ...secretMistakes(secrets, "smtpPassword", alerts.mail?.username !== undefined, `${at}.mail.username`),
    ...secretMistakes(secrets, "slackUrl", alerts.slack !== undefined, `${at}.slack`),
    ...secretMistakes(secrets, "webhookUrl", alerts.webhook !== undefined, `${at}.webhook`),
    ...(prometheus?.kind === "own" ? ownMistakes(prometheus, signIn?.kind) : []),
    ...datadogMistakes(values),
  ];
}

/** A secret that its receiver lacks, or that nobody asks for. */
function secretMistakes(
  secrets: Record<string, unknown>,
  name: keyof z.infer<typeof monitoringSecrets>,
  needed: boolean,
  of: string,
): Mistake[] {
  const path = ["monitoringSecrets", name];
  const set = secrets[name] !== undefined;
  if (needed === set) return [];
  const what = name === "smtpPassword" ? "the password of" : "the address of";
  return [
    {
      path,
      message: needed
        ? `must be ${what} ${of}: set it with \`pulumi config set --secret --path 'vibecode:${path.join(".")}'\``
        : `must go: there is no ${of}`,
    },
  ];
}

function ownMistakes(
  { retention, storage, grafana }: z.infer<typeof ownPrometheus>,
  signIn: string | undefined,
): Mistake[] {
  const [room = 0, most = 0] = [amount(storage), amount(retention.size)];
  return [
    ...(room >= most * 1.2
      ? []
      : [
          {
            path: ["monitoring", "prometheus", "storage"],
            message: `must be a fifth more than retention.size, which is "${retention.size}": what is being written and tidied needs room too`,
          },
        ]),
    ...(signIn === "basic" && grafana.enabled
      ? [
          {
            path: ["monitoring", "prometheus", "grafana", "enabled"],
            message:
              "must be false with auth.kind basic, which knows no administrators: nobody could be let in",
          },
        ]
      : []),
  ];
}
