/** How urgent an alert is: somebody is called, somebody looks today, or nobody is told. */
export type Severity = "page" | "ticket" | "info";

/** Who hears of which alerts. */
export interface Receivers {
  mail?:
    | {
        severities: readonly Severity[];
        to: readonly string[];
        from: string;
        /** `submission://mail.example.com:587`; `submissions` is TLS from the start, `smtp` none. */
        address: string;
        /** Its password is a secret. Nobody signs in to the mail server when absent. */
        username?: string | undefined;
      }
    | undefined;
  slack?: { severities: readonly Severity[]; channel?: string | undefined } | undefined;
  webhook?: { severities: readonly Severity[] } | undefined;
}

/** What is known to Alertmanager alone. */
export interface Secrets {
  smtpPassword?: string | undefined;
  /** Address of Slack's incoming webhook. */
  slackUrl?: string | undefined;
  webhookUrl?: string | undefined;
}

/** Where the Secret's files are. */
export const folder = "/etc/alertmanager";
export const files = {
  configuration: "alertmanager.yml",
  smtpPassword: "smtp-password",
  slackUrl: "slack-url",
};

const nobody = "nobody";
const text =
  "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}";
const title = "[{{ .Status }}] {{ .CommonLabels.severity }}: {{ .CommonLabels.alertname }}";

/**
 * Alertmanager's configuration, with keys that 0.25 knows too. It is secret: the webhook's address is in it.
 *
 * @param inhibitions by which what follows from another alert is kept back
 */
export function configuration(
  { mail, slack, webhook }: Receivers,
  secrets: Secrets,
  inhibitions: readonly object[] = [],
) {
  const receivers = [
    ...(mail === undefined
      ? []
      : [
          {
            name: "mail",
            email_configs: [
              {
                to: mail.to.join(", "),
                send_resolved: true,
                headers: { Subject: title },
                ...smtp(mail),
              },
            ],
          },
        ]),
    ...(slack === undefined
      ? []
      : [
          {
            name: "slack",
            slack_configs: [
              {
                api_url_file: `${folder}/${files.slackUrl}`,
                ...(slack.channel === undefined ? {} : { channel: slack.channel }),
                send_resolved: true,
                title,
                text,
              },
            ],
          },
        ]),
    ...(webhook === undefined
      ? []
      : [{ name: "webhook", webhook_configs: [{ url: secrets.webhookUrl, send_resolved: true }] }]),
  ];
  const severities: Record<string, readonly Severity[]> = {
    mail: mail?.severities ?? [],
    slack: slack?.severities ?? [],
    webhook: webhook?.severities ?? [],
  };
  return {
    route: {
      receiver: nobody,
      // One message for all workspaces of one cause, and one a user's otherwise.
      group_by: ["alertname", "namespace"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "12h",
      routes: receivers.map(({ name }) => ({
        receiver: name,
        matchers: [`severity=~"${(severities[name] ?? []).join("|")}"`],
        continue: true,
      })),
    },
    inhibit_rules: inhibitions,
    receivers: [{ name: nobody }, ...receivers],
  };
}

function smtp({ address, from, username }: NonNullable<Receivers["mail"]>) {
  const { scheme, host, port } = mailServer(address);
  return {
    from,
    smarthost: `${host}:${port}`,
    // On 465 Alertmanager speaks TLS from the start, elsewhere this asks for STARTTLS.
    require_tls: scheme !== "smtp",
    ...(username === undefined
      ? {}
      : { auth_username: username, auth_password_file: `${folder}/${files.smtpPassword}` }),
  };
}

/** The parts of `submission://mail.example.com:587`. */
export function mailServer(address: string): { scheme: string; host: string; port: number } {
  const usual: Record<string, number> = { smtp: 25, submission: 587, submissions: 465 };
  const [, scheme = "", host = "", port] = /^([a-z]+):\/\/([^/:]+)(?::(\d+))?$/.exec(address) ?? [];
  const found = port === undefined ? usual[scheme] : Number(port);
  if (found === undefined) throw new Error(`${address} is no mail server`);
  return { scheme, host, port: found };
}
