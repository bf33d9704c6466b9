import type * as k8s from "@pulumi/kubernetes";
import * as kx from "@pulumi/kubernetesx";
import * as pulumi from "@pulumi/pulumi";

import { containerSecurity, podSecurity } from "../security";

/** The port on which code-server listens inside the pod. */
export const editorPort = 8080;

/** The user `coder` of the workspace image. */
const coder = 1000;

export interface PodArgs {
  /** Image of the workspace, with tag and, outside a local cluster, digest. */
  image: string;
  /** Requests and limits of the editor's container. */
  resources: Resources;
  /** Names of the PVCs behind the home and the extensions. */
  claims: { home: string; extensions: string };
  serviceAccount: string;
  /** Labels of the pod, besides `app`, which the selector uses. */
  labels: Record<string, string>;
}

/** CPU and memory as Kubernetes quantities: what is set aside and what may be used at most. */
export interface Resources {
  requests: { cpu: string; memory: string };
  limits: { cpu: string; memory: string };
}

/**
 * The Deployment of one workspace. All values are known when it is called: kubernetesx makes the whole pod
 * unknown in a preview as soon as one of them is not.
 */
export function workspaceDeployment(args: PodArgs): pulumi.Output<k8s.types.input.apps.v1.DeploymentSpec> {
  const healthz = { httpGet: { path: "/healthz", port: "http" } };
  const pod = new kx.PodBuilder({
    serviceAccountName: args.serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurity(coder),
    containers: [
      {
        name: "editor",
        image: args.image,
        args: [
          `--bind-addr=0.0.0.0:${editorPort}`,
          "--auth=none",
          "--disable-telemetry",
          "--disable-update-check",
          "--disable-workspace-trust",
          "--disable-getting-started-override",
          "--extensions-dir=/extensions",
          "--user-data-dir=/home/coder/.local/share/code-server",
          "/home/coder",
        ],
        ports: { http: editorPort },
        resources: args.resources,
        // A new pod is asked every second for two minutes; then the kubelet takes over, less often.
        startupProbe: { ...healthz, periodSeconds: 1, failureThreshold: 120 },
        readinessProbe: { ...healthz, periodSeconds: 10, timeoutSeconds: 5 },
        livenessProbe: { ...healthz, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 4 },
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "home", mountPath: "/home/coder" },
          { name: "extensions", mountPath: "/extensions" },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volumes: [
      { name: "home", persistentVolumeClaim: { claimName: args.claims.home } },
      { name: "extensions", persistentVolumeClaim: { claimName: args.claims.extensions } },
      { name: "tmp", emptyDir: { sizeLimit: "2Gi" } },
    ],
  });
  // Two pods must never write to one home, so the old one goes first.
  const strategy = { type: "Recreate" };
  const spec = pod.asDeploymentSpec({ replicas: 1, strategy, revisionHistoryLimit: 2 });
  // kubernetesx sets `app` alone; the type says that any value of the spec may be an Output, so unwrap again.
  return pulumi.output(spec).apply(({ template, ...rest }) => ({
    ...rest,
    template: {
      ...template,
      metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...args.labels } },
    },
  }));
}
