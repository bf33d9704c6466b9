import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { z } from "zod";

import { toolPath } from "../../local/toolchain";
import { at, find, minimal, runProgram, type Run } from "../unit/mocks";

// What a stack gives Prometheus and Alertmanager, judged by these programs themselves: Prometheus as clusters have it,
// and Debian's Alertmanager, which is older, so that its file has no key that only the newest know.

const secrets = {
  smtpPassword: "pa55word",
  slackUrl: "https://hooks.example.com/t0ken",
  webhookUrl: "https://receiver.example.com/t0ken",
};
const alerts = {
  mail: {
    to: ["ops@example.com", "boss@example.com"],
    from: "VibeCode@example.com",
    address: "submission://mail.example.com",
    username: "alerts",
  },
  slack: { channel: "#alerts", severities: ["page"] },
  webhook: { severities: ["page", "ticket", "info"] },
};
const everything = {
  ...minimal,
  auth: { kind: "authelia" },
  monitoring: { prometheus: { kind: "own", alerts } },
  monitoringSecrets: secrets,
};

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-monitoring-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

const files = (of: Run, kind: string, name: string, key: string) =>
  z.record(z.string(), z.string()).parse(at(find(of, kind, name).inputs, key));

/** Writes files below a folder of this machine, in which they name it where they named one of the container's. */
function write(content: Record<string, string>, folders: readonly string[]): void {
  for (const [name, text] of Object.entries(content))
    fs.writeFileSync(
      path.join(folder, name),
      folders.reduce((changed, there) => changed.replaceAll(`${there}/`, `${folder}/`), text),
    );
}

function ask(program: string, ...words: string[]): { code: number | null; says: string } {
  const ran = spawnSync(program, words, { encoding: "utf8", cwd: folder });
  if (ran.error !== undefined) throw ran.error;
  return { code: ran.status, says: `${ran.stdout}${ran.stderr}` };
}

/** What promtool says of Prometheus' files, with another text in the place of one. */
function prometheus(of: Run, from = "", to = "") {
  write(
    Object.fromEntries(
      Object.entries(files(of, "ConfigMap", "monitoring-prometheus-config", "data")).map(([name, text]) => [
        name,
        from === "" ? text : text.replaceAll(from, to),
      ]),
    ),
    ["/etc/prometheus", "/var/run/secrets/kubernetes.io/serviceaccount"],
  );
  // What Kubernetes mounts beside them.
  write({ token: "t", "ca.crt": "" }, []);
  return ask(toolPath("promtool"), "check", "config", "prometheus.yml");
}

function alertmanager(of: Run, from = "", to = "") {
  const given = files(of, "Secret", "monitoring-alertmanager-secret", "stringData");
  const text = given["alertmanager.yml"] ?? "";
  write({ ...given, "alertmanager.yml": from === "" ? text : text.replaceAll(from, to) }, [
    "/etc/alertmanager",
  ]);
  return ask("amtool", "check-config", "alertmanager.yml");
}

test.each<[string, Record<string, unknown>]>([
  ["with all that there is", everything],
  [
    "behind basic authentication",
    {
      ...minimal,
      monitoring: { prometheus: { kind: "own", grafana: { enabled: false } } },
    },
  ],
])("Prometheus takes its configuration and its rules %s", async (_, config) => {
  const { code, says } = prometheus(await runProgram(config));
  expect(says).toContain("is valid prometheus config file syntax");
  expect(says).toMatch(/\d\d rules found/);
  expect([code, says.includes("FAILED")]).toEqual([0, false]);
});

test.each([
  ["a key that it does not know", "sample_limit:", "samples_limit:"],
  ["a pattern that is none", 'regex: "true"', 'regex: "(true"'],
  ["a way to find things that there is not", "role: endpointslice", "role: slices"],
])("and would not take it with %s", async (_, from, to) => {
  const run = await runProgram(everything);
  const right = prometheus(run);
  const wrong = prometheus(run, from, to);
  expect([right.code, wrong.code === 0 ? wrong.says : "refused"]).toEqual([0, "refused"]);
});

test("Alertmanager takes whom it tells, all of them or nobody", async () => {
  const all = alertmanager(await runProgram(everything));
  expect(all.says).toContain("SUCCESS");
  expect(all.says).toContain("- 4 receivers");
  const none = alertmanager(
    await runProgram({ ...everything, monitoring: { prometheus: { kind: "own" } }, monitoringSecrets: {} }),
  );
  expect(none.says).toContain("SUCCESS");
  expect(none.says).toContain("- 1 receivers");
});

test("and would not take it with a key that it does not know", async () => {
  const { code, says } = alertmanager(await runProgram(everything), "send_resolved:", "send_solved:");
  expect(code).not.toBe(0);
  expect(says).toContain("send_solved");
});

test.each([
  ["page", "VibecodeIngressErrors", "mail,slack,webhook"],
  ["ticket", "VibecodeBackupLate", "mail,webhook"],
  ["info", "VibecodeWorkspaceQuotaReached", "webhook"],
  ["unheard", "Anything", "nobody"],
])("an alert of severity %s goes to whom the stack says", async (severity, name, receivers) => {
  alertmanager(await runProgram(everything));
  const { says } = ask(
    "amtool",
    "config",
    "routes",
    "test",
    "--config.file=alertmanager.yml",
    `severity=${severity}`,
    `alertname=${name}`,
  );
  expect(says.split("\n")[0]).toBe(receivers);
});
