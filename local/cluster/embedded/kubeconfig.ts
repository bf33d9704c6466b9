import type { KeyPair } from "./pki";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A kubeconfig (JSON, which is YAML too) with its one context `name`; its keys are inside. */
export function kubeconfig(name: string, server: string, ca: string, user: KeyPair): string {
  return JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server, "certificate-authority-data": base64(ca) } }],
      users: [
        {
          name,
          user: { "client-certificate-data": base64(user.cert), "client-key-data": base64(user.key) },
        },
      ],
      contexts: [{ name, context: { cluster: name, user: name } }],
      "current-context": name,
    },
    null,
    2,
  );
}
