import * as path from "node:path";

import { containerSecurity, podSecurity, restrictedNamespace } from "../../components/security";
import { checkout } from "../../local/paths";
import { Stack } from "../plugins/engine";
import { kubeconfig, kubectl } from "../platform/kubectl";

/** The namespace of the stores and of all who try them. */
export const namespace = "data-test";

/** What a stack's file could change. */
export interface Asked {
  postgresVersion?: number;
  valkeyVersion?: number;
  postgresSize?: string;
}

/** The component alone, in a namespace where nothing may pass that no policy names. */
export const program = (
  image: string,
  { postgresVersion = 1, valkeyVersion = 1, postgresSize = "320Mi" }: Asked = {},
): string => `
  require(${JSON.stringify(path.join(checkout, "node_modules/tsx/dist/cjs/index.cjs"))});
  require("@pulumi/random");
  const { Data } = require(${JSON.stringify(path.join(checkout, "components/data"))});
  const provider = new k8s.Provider("k8s", {
    kubeconfig: config.require("kubeconfig"),
    enableConfigMapMutable: true,
    enableSecretMutable: true,
  });
  const namespace = new k8s.core.v1.Namespace(
    "namespace",
    { metadata: { name: "${namespace}", labels: ${JSON.stringify(restrictedNamespace)} } },
    { provider },
  );
  const closed = new k8s.networking.v1.NetworkPolicy(
    "closed",
    {
      metadata: { name: "closed", namespace: "${namespace}" },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    },
    { provider, dependsOn: [namespace] },
  );
  const data = new Data(
    "data",
    {
      namespace: "${namespace}",
      clusterDomain: "cluster.local",
      clients: [{ role: "client" }],
      dns: [],
      storage: { retain: false },
      database: "authelia",
      postgres: {
        kind: "own",
        image: "${image}",
        size: "${postgresSize}",
        passwordVersion: ${postgresVersion},
        backups: { schedule: "0 0 1 1 *", keep: 14, size: "320Mi" },
      },
      valkey: { kind: "own", image: "${image}", size: "320Mi", passwordVersion: ${valkeyVersion} },
    },
    { providers: [provider], dependsOn: [namespace, closed] },
  );
  return { postgres: data.postgres.password, valkey: data.valkey.password };
`;

export const stackOf = (image: string): Promise<Stack> =>
  Stack.create({ program: program(image), config: { kubeconfig: kubeconfig() } });

/** A pod that has the databases' own clients, and asks when told to. */
export const person = (name: string, role: string, image: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels: { role } },
  spec: {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 0,
    securityContext: podSecurity(999),
    containers: [
      { name: "shell", image, command: ["sleep", "infinity"], securityContext: containerSecurity },
    ],
  },
});

/** Lets both kinds of people out, so that only the stores' own policies can stop them. */
export const outward: object = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "outward", namespace },
  spec: {
    podSelector: { matchExpressions: [{ key: "role", operator: "Exists" }] },
    policyTypes: ["Egress"],
    egress: [{}],
  },
};

/** What a shell command in a pod prints, its errors too. It never throws: a refusal is an answer. */
export function inPod(pod: string, script: string, env: Readonly<Record<string, string>> = {}): string {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const command = `{ ${script}; } 2>&1 || true`;
  return kubectl(
    "exec",
    "--quiet",
    "-n",
    namespace,
    pod,
    "--",
    "env",
    ...variables,
    "sh",
    "-c",
    command,
  ).trim();
}
