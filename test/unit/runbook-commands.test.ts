import * as fs from "node:fs";
import * as path from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { at, find, minimal, runProgram, type Run } from "./mocks";

// An alert at night says which command to type: it must name what there is.

const kinds = {
  basic: {
    auth: { kind: "basic" },
    monitoring: { prometheus: { kind: "own", grafana: { enabled: false } } },
  },
  authelia: { auth: { kind: "authelia" }, monitoring: { prometheus: { kind: "own" } } },
  "oauth2-proxy": {
    auth: {
      kind: "oauth2-proxy",
      provider: { type: "oidc", issuer: "https://id.example.com", clientId: "x", allow: { groups: ["dev"] } },
    },
    authSecrets: { clientSecret: "s".repeat(20) },
    users: ["alice", "bob"].map((name) => ({ name, email: `${name}@example.com` })),
    monitoring: { prometheus: { kind: "own" } },
  },
} as const;

const rule = z.object({ annotations: z.object({ description: z.string() }).optional() });
const rules = z.object({ groups: z.array(z.object({ rules: z.array(rule) })) });

/** What a run makes that has pods, each as `vibecode-auth deployment/authelia`. */
const servers = ({ resources }: Run) =>
  resources.flatMap(({ type, inputs }) => {
    const kind = /:(Deployment|StatefulSet|DaemonSet)$/.exec(type)?.[1];
    return kind === undefined
      ? []
      : [
          `${String(at(inputs, "metadata", "namespace"))} ${kind.toLowerCase()}/${String(at(inputs, "metadata", "name"))}`,
        ];
  });

/** Names of servers in a text: with the namespace of its command, where it has one. */
const named = (text: string) =>
  [...text.matchAll(/(?:--namespace (\S+) [^`\n]*?)?\b((?:deployment|statefulset|daemonset)\/[\w-]+)/g)].map(
    ([, namespace = "", server = ""]) => ({
      namespace,
      server,
    }),
  );

const missing = (text: string, made: readonly string[]) =>
  named(text)
    .filter(
      ({ namespace, server }) => !made.some((one) => one.endsWith(` ${server}`) && one.startsWith(namespace)),
    )
    .map(({ namespace, server }) => `${namespace} ${server}`);

const runs = new Map<string, Run>();
beforeAll(async () => {
  for (const [kind, config] of Object.entries(kinds))
    runs.set(kind, await runProgram({ ...minimal, domain: "dev.example.com", ...config }));
});
const madeBy = (kind: string) => {
  const run = runs.get(kind);
  if (run === undefined) throw new Error(`no run of ${kind}`);
  return run;
};

test.each(Object.keys(kinds))(
  "what an alert says to type names what there is, with sign-in of kind %s",
  (kind) => {
    const run = madeBy(kind);
    const file = at(find(run, "ConfigMap", "monitoring-prometheus-config").inputs, "data", "rules.yml");
    const texts = rules
      .parse(parse(z.string().parse(file)))
      .groups.flatMap((group) => group.rules.map(({ annotations }) => annotations?.description ?? ""));
    const said = texts.join("\n").replaceAll("{{ $labels.namespace }}", "ws-alice");
    expect(named(said).length).toBeGreaterThan(4);
    expect(missing(said, servers(run))).toEqual([]);
  },
);

test("a runbook's commands name what some stack has", () => {
  const folder = path.join(__dirname, "../../docs/runbooks");
  const made = Object.keys(kinds).flatMap((kind) => servers(madeBy(kind)));
  const said = fs.readdirSync(folder).map((page) => fs.readFileSync(path.join(folder, page), "utf8"));
  expect(said.flatMap(named).length).toBeGreaterThan(15);
  expect(said.flatMap((text) => missing(text, made))).toEqual([]);
});
