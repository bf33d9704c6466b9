import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { contentHash } from "../content-hash";
import { labels } from "../labels";
import { podsOf, ports, type Server } from "./names";
import { border, type EgressRule, type IngressRule } from "./network";

export interface WorkloadArgs {
  /** Which server it is: the name of every object, and of the container. */
  server: Server;
  kind: "Deployment" | "StatefulSet" | "DaemonSet";
  namespace: string;
  pod: k8s.types.input.core.v1.PodSpec;
  /** The ConfigMap's files. */
  config?: Record<string, string>;
  /** The Secret's files. */
  secret?: Record<string, pulumi.Input<string>>;
  /** A volume that outlives the pod. */
  volume?: Volume & { size: string };
  /** Annotations of the pods. */
  annotations?: Record<string, string>;
  ingress: IngressRule[];
  egress: EgressRule[];
}

/** How volumes are made. */
export interface Volume {
  /** Storage class; the cluster's default when absent. */
  class?: string | undefined;
  /** Keeps the volume in the cluster when it leaves the stack. */
  retain: boolean;
}

/** One server of monitoring: its pods, what they read, their border and their address. */
export function workload(
  resourceName: string,
  args: WorkloadArgs,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): pulumi.Resource {
  const { server, namespace, volume } = args;
  const common = labels(server, "monitoring");
  const selector = podsOf(server);
  const metadata = { name: server, namespace, labels: common };
  const name = `${resourceName}-${server}`;

  const before: pulumi.Resource[] = [
    new k8s.networking.v1.NetworkPolicy(
      `${name}-network`,
      { metadata, spec: border(selector, args.ingress, args.egress) },
      opts,
    ),
  ];
  const stringData = args.secret && pulumi.secret(pulumi.all(args.secret));
  if (args.config !== undefined)
    before.push(new k8s.core.v1.ConfigMap(`${name}-config`, { metadata, data: args.config }, opts));
  if (stringData !== undefined)
    before.push(new k8s.core.v1.Secret(`${name}-secret`, { metadata, stringData }, opts));
  // A claim of its own: a StatefulSet's templates cannot change, so its volume could never grow.
  if (volume !== undefined)
    before.push(
      new k8s.core.v1.PersistentVolumeClaim(
        `${name}-volume`,
        {
          metadata,
          spec: {
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage: volume.size } },
            ...(volume.class === undefined ? {} : { storageClassName: volume.class }),
          },
        },
        { ...opts, retainOnDelete: volume.retain },
      ),
    );

  // The hash is of what is secret, and tells nothing of it.
  const configHash =
    stringData === undefined
      ? contentHash(args.config ?? {})
      : pulumi.unsecret(stringData.apply((secret) => contentHash([args.config, secret])));
  const reads = args.config !== undefined || stringData !== undefined;
  const annotations = { ...args.annotations, ...(reads ? { "vibecode/config-hash": configHash } : {}) };
  const shared = {
    revisionHistoryLimit: 2,
    selector: { matchLabels: selector },
    template: { metadata: { labels: common, annotations }, spec: args.pod },
  };
  const after = { ...opts, dependsOn: [...opts.dependsOn, ...before] };
  const pods =
    args.kind === "DaemonSet"
      ? new k8s.apps.v1.DaemonSet(name, { metadata, spec: shared }, after)
      : args.kind === "StatefulSet"
        ? new k8s.apps.v1.StatefulSet(
            name,
            // By turns, a pod that cannot start would block the update that mends it.
            {
              metadata,
              spec: { ...shared, serviceName: server, replicas: 1, podManagementPolicy: "Parallel" },
            },
            after,
          )
        : new k8s.apps.v1.Deployment(
            name,
            { metadata, spec: { ...shared, replicas: 1, strategy: { type: "Recreate" } } },
            after,
          );
  return new k8s.core.v1.Service(
    `${name}-service`,
    { metadata, spec: { selector, ports: [{ name: "http", port: ports[server], targetPort: "http" }] } },
    { ...opts, dependsOn: [pods] },
  );
}
