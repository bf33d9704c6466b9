import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import type { DnsProvider } from "../dns-provider";
import { containerSecurity, podSecurity } from "../security";
import { port } from "./arguments";

export interface PodArgs {
  /** Name of the container, the ServiceAccount and the Secret. */
  name: string;
  image: string;
  args: string[];
  provider: DnsProvider;
  nodeSelector: Record<string, string>;
}

const id = 65532;
const health = { httpGet: { path: "/healthz", port: "http" } };
const folder = "/credentials";
/** Key of the Secret, and name of the file where it is mounted. */
const credentials = "credentials";

/** What the Secret holds: the token or key by which the provider knows the pod; nothing where the cloud does. */
export function secretData(provider: DnsProvider): Record<string, pulumi.Input<string>> {
  const secret =
    provider.type === "cloudflare"
      ? provider.token
      : provider.type === "route53"
        ? provider.key?.secret
        : provider.key;
  return secret === undefined ? {} : { [credentials]: secret };
}

/** ExternalDNS's pod: it writes nothing, and nobody asks it anything but whether it lives. */
export function podSpec(args: PodArgs): k8s.types.input.core.v1.PodSpec {
  const { name, provider } = args;
  const file = provider.type === "google" && provider.key !== undefined;
  return {
    serviceAccountName: name,
    enableServiceLinks: false,
    securityContext: podSecurity(id),
    nodeSelector: args.nodeSelector,
    containers: [
      {
        name,
        image: args.image,
        args: args.args,
        env: environment(name, provider),
        ports: [{ name: "http", containerPort: port }],
        resources: {
          requests: { cpu: "10m", memory: "64Mi" },
          limits: { cpu: "500m", memory: "256Mi" },
        },
        readinessProbe: { ...health, periodSeconds: 10 },
        livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 6 },
        securityContext: containerSecurity,
        volumeMounts: file ? [{ name: credentials, mountPath: folder, readOnly: true }] : [],
      },
    ],
    volumes: file ? [{ name: credentials, secret: { secretName: name, defaultMode: 0o440 } }] : [],
  };
}

function environment(name: string, provider: DnsProvider): k8s.types.input.core.v1.EnvVar[] {
  const fromSecret = { valueFrom: { secretKeyRef: { name, key: credentials } } };
  switch (provider.type) {
    case "cloudflare":
      return [{ name: "CF_API_TOKEN", ...fromSecret }];
    case "route53":
      return [
        // Route 53 is everywhere the same; who the pod is, is asked in this region.
        { name: "AWS_REGION", value: provider.region },
        ...(provider.key === undefined
          ? []
          : [
              { name: "AWS_ACCESS_KEY_ID", value: provider.key.id },
              { name: "AWS_SECRET_ACCESS_KEY", ...fromSecret },
            ]),
      ];
    case "google":
      return provider.key === undefined
        ? []
        : [{ name: "GOOGLE_APPLICATION_CREDENTIALS", value: `${folder}/${credentials}` }];
  }
}
