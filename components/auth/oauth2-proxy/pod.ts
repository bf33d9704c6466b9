import * as path from "node:path";

import type * as k8s from "@pulumi/kubernetes";

import { containerSecurity, podSecurity } from "../../security";
import { spread } from "../../spread";
import { paths, port } from "./flags";

export interface PodArgs {
  /** Name of the ConfigMap, the Secret and the container. */
  name: string;
  image: string;
  flags: string[];
  /** Variables that come from the Secret, by name. */
  variables: readonly string[];
  nodeSelector: Record<string, string>;
  /** Labels that find all of the pods. */
  selector: Record<string, string>;
  /** Names of the ConfigMap's files with authorities. */
  authorities: readonly string[];
}

/** Names in the ConfigMap and the Secret. */
export const files = {
  emails: "emails",
  signInPage: "sign_in.html",
  issuerAuthorities: path.basename(paths.issuerAuthorities),
  valkeyAuthorities: path.basename(paths.valkeyAuthorities),
};

const id = 65532;
const ask = (page: string) => ({ httpGet: { path: page, port: "http" } });

/** oauth2-proxy's pod: nothing in it can be written. */
export function podSpec(args: PodArgs): k8s.types.input.core.v1.PodSpec {
  const { name, authorities } = args;
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(id),
    nodeSelector: args.nodeSelector,
    dnsConfig: { options: [{ name: "ndots", value: "1" }] },
    terminationGracePeriodSeconds: 30,
    topologySpreadConstraints: spread(args.selector),
    containers: [
      {
        name,
        image: args.image,
        args: args.flags,
        env: args.variables.map((variable) => ({
          name: variable,
          valueFrom: { secretKeyRef: { name, key: variable } },
        })),
        ports: [{ name: "http", containerPort: port }],
        resources: {
          requests: { cpu: "50m", memory: "64Mi" },
          limits: { cpu: "1", memory: "256Mi" },
        },
        startupProbe: { ...ask("/ping"), periodSeconds: 1, failureThreshold: 120 },
        // Valkey is asked too: without it there are no sessions.
        readinessProbe: { ...ask("/ready"), periodSeconds: 5 },
        livenessProbe: { ...ask("/ping"), periodSeconds: 10, failureThreshold: 6 },
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "people", mountPath: "/people", readOnly: true },
          { name: "templates", mountPath: paths.templates, readOnly: true },
          ...(authorities.length === 0
            ? []
            : [
                {
                  name: "authorities",
                  mountPath: path.dirname(paths.issuerAuthorities),
                  readOnly: true,
                },
              ]),
        ],
      },
    ],
    volumes: [
      { name: "people", secret: { secretName: name, items: [{ key: files.emails, path: files.emails }] } },
      {
        name: "templates",
        configMap: { name, items: [{ key: files.signInPage, path: files.signInPage }] },
      },
      ...(authorities.length === 0
        ? []
        : [
            {
              name: "authorities",
              configMap: { name, items: authorities.map((file) => ({ key: file, path: file })) },
            },
          ]),
    ],
  };
}
