import { parseConfig } from "../../infra/config";
import { ConfigError } from "../../infra/explain";
import { engineConfig, minimal, runProgram } from "./mocks";

/** What is wrong with a config that has these keys. */
function mistakes(change: Record<string, unknown>): readonly string[] {
  try {
    parseConfig(engineConfig({ ...minimal, auth: { kind: "authelia" }, ...change }));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

const own = (change: object = {}) => ({ monitoring: { prometheus: { kind: "own", ...change } } });
const mail = {
  to: ["ops@example.com"],
  from: "alerts@example.com",
  address: "submission://mail.example.com:587",
};
const set = (name: string) =>
  `set it with \`pulumi config set --secret --path 'vibecode:monitoringSecrets.${name}'\``;

describe("a mistake is said", () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    [
      "an unknown kind",
      { monitoring: { prometheus: { kind: "thanos" } } },
      ['vibecode:monitoring.prometheus.kind: "thanos" must be one of none, own, operator'],
    ],
    [
      "an unknown receiver",
      own({ alerts: { pager: {} } }),
      [
        "vibecode:monitoring.prometheus.alerts.pager: {} has no place here: the keys are mail, slack, webhook",
      ],
    ],
    [
      "Slack without its address",
      own({ alerts: { slack: {} } }),
      [
        `vibecode:monitoringSecrets.slackUrl: is missing: must be the address of monitoring.prometheus.alerts.slack: ${set("slackUrl")}`,
      ],
    ],
    [
      "a webhook without its address",
      own({ alerts: { webhook: {} } }),
      [
        `vibecode:monitoringSecrets.webhookUrl: is missing: must be the address of monitoring.prometheus.alerts.webhook: ${set("webhookUrl")}`,
      ],
    ],
    [
      "a webhook whose address is none, which is not quoted",
      { ...own({ alerts: { webhook: {} } }), monitoringSecrets: { webhookUrl: "hooks.example.com/t0ken" } },
      ["vibecode:monitoringSecrets.webhookUrl: this value must be a URL with https:// or http://"],
    ],
    [
      "Slack's address without encryption",
      {
        ...own({ alerts: { slack: {} } }),
        monitoringSecrets: { slackUrl: "http://hooks.example.com/t0ken" },
      },
      ["vibecode:monitoringSecrets.slackUrl: this value must be a URL with https://"],
    ],
    [
      "a user of the mail server without a password",
      own({ alerts: { mail: { ...mail, username: "alerts" } } }),
      [
        `vibecode:monitoringSecrets.smtpPassword: is missing: must be the password of monitoring.prometheus.alerts.mail.username: ${set("smtpPassword")}`,
      ],
    ],
    [
      "a mail server that is none",
      own({ alerts: { mail: { ...mail, address: "mail.example.com" } } }),
      [
        'vibecode:monitoring.prometheus.alerts.mail.address: "mail.example.com" must be an address such as submission://mail.example.com:587',
      ],
    ],
    [
      "mail to nobody",
      own({ alerts: { mail: { ...mail, to: [] } } }),
      ["vibecode:monitoring.prometheus.alerts.mail.to: [] must name somebody"],
    ],
    [
      "a secret that nobody asks for",
      { ...own(), monitoringSecrets: { slackUrl: "https://hooks.example.com/t0ken" } },
      [
        "vibecode:monitoringSecrets.slackUrl: this value must go: there is no monitoring.prometheus.alerts.slack",
      ],
    ],
    [
      "a volume without room to tidy up",
      own({ retention: { size: "9Gi" }, storage: "10Gi" }),
      [
        'vibecode:monitoring.prometheus.storage: "10Gi" must be a fifth more than retention.size, which is "9Gi": what is being written and tidied needs room too',
      ],
    ],
    [
      "a time that is none",
      own({ retention: { time: "forever" } }),
      ['vibecode:monitoring.prometheus.retention.time: "forever" must be a duration such as 15d, 12h or 1y'],
    ],
    [
      "Grafana where sign-in knows no administrators",
      { ...own(), auth: { kind: "basic" } },
      [
        "vibecode:monitoring.prometheus.grafana.enabled: is missing: must be false with auth.kind basic, which knows no administrators: nobody could be let in",
      ],
    ],
  ])("%s", (_, change, expected) => {
    expect(mistakes(change)).toEqual(expected);
  });

  test.each<[string, Record<string, unknown>]>([
    ["nothing", {}],
    ["an own Prometheus that tells nobody", own()],
    ["mail without a password", own({ alerts: { mail } })],
    [
      "all receivers",
      {
        ...own({ alerts: { mail: { ...mail, username: "alerts" }, slack: {}, webhook: {} } }),
        monitoringSecrets: {
          smtpPassword: "p",
          slackUrl: "https://hooks.example.com/a",
          webhookUrl: "http://receiver.example.com:8080/",
        },
      },
    ],
    ["no Grafana", { ...own({ grafana: { enabled: false } }), auth: { kind: "basic" } }],
    ["the cluster's operator", { monitoring: { prometheus: { kind: "operator" } } }],
  ])("but none of %s", (_, change) => {
    expect(mistakes(change)).toEqual([]);
  });

  test("an address that lies open, without the address", async () => {
    const open = runProgram(
      {
        ...minimal,
        auth: { kind: "authelia" },
        ...own({ alerts: { webhook: {} } }),
        monitoringSecrets: { webhookUrl: "https://hooks.example.com/t0ken" },
      },
      { secretKeys: [] },
    );
    await expect(open).rejects.toThrow(
      "pulumi config set --secret --path 'vibecode:monitoringSecrets.<name>'",
    );
    await expect(open).rejects.not.toThrow("t0ken");
  });
});
