import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { contentHash } from "../content-hash";
import { passwordKey, storeLabels, storeSelector, type Connection, type Place } from "./connection";
import { exporter, exporterOf, monitorPasswordKey, type ExporterArgs } from "./exporters";
import { storePolicy } from "./network";

export interface StoreArgs {
  /** Name of every object of the store, and of its Service: `postgres`. */
  store: ExporterArgs["store"];
  port: number;
  /** The name that clients sign in with. */
  username: string;
  /** Another number makes another password. */
  passwordVersion: number;
  /** Pods besides the place's clients that may connect, by labels. */
  ownClients?: readonly Record<string, string>[];
  /** Size of each volume, by the name of its claim. */
  volumes: Readonly<Record<string, string>>;
  /** What the Secret holds besides the password, by key. */
  secretFiles?: Readonly<Record<string, (password: string, monitorPassword?: string) => string>>;
  /** The ConfigMap's files. */
  config: Readonly<Record<string, string>>;
  pod: k8s.types.input.core.v1.PodSpec;
  /** Shows what the store says of itself, by a role with a password of its own; none when absent. */
  exporter?: Pick<ExporterArgs, "image" | "scrapers"> | undefined;
}

/**
 * One database server of our own: a StatefulSet of one pod, with its volumes, its password, its address and its
 * border. Two pods never write to one volume, since a StatefulSet starts none before the last one's end is known.
 */
export function ownStore(
  name: string,
  args: StoreArgs,
  place: Place,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): { connection: Connection; server: k8s.apps.v1.StatefulSet } {
  const { store, port } = args;
  const common = storeLabels(store);
  const selector = storeSelector(store);
  const metadata = (objectName: string = store) => ({
    name: objectName,
    namespace: place.namespace,
    labels: common,
  });

  const password = new random.RandomPassword(
    `${name}-password`,
    // 190 bits. Letters and digits alone need no quotes in any file or URL.
    { length: 32, special: false, keepers: { version: String(args.passwordVersion) } },
    { parent: opts.parent },
  );
  const monitorPassword =
    args.exporter === undefined
      ? undefined
      : new random.RandomPassword(
          `${name}-monitor-password`,
          { length: 32, special: false, keepers: { version: String(args.passwordVersion) } },
          { parent: opts.parent },
        ).result;
  const files: NonNullable<StoreArgs["secretFiles"]> = {
    [passwordKey]: (text: string) => text,
    ...args.secretFiles,
  };
  const passwords = pulumi.secret(pulumi.all([password.result, monitorPassword]));
  const secret = new k8s.core.v1.Secret(
    `${name}-secret`,
    {
      metadata: metadata(),
      stringData: {
        ...Object.fromEntries(
          Object.entries(files).map(([key, content]) => [
            key,
            passwords.apply(([own, monitor]) => content(own, monitor)),
          ]),
        ),
        ...(monitorPassword === undefined ? {} : { [monitorPasswordKey]: pulumi.secret(monitorPassword) }),
      },
    },
    opts,
  );
  const config = new k8s.core.v1.ConfigMap(
    `${name}-config`,
    { metadata: metadata(), data: args.config },
    opts,
  );
  // Claims of their own: a StatefulSet's templates cannot change, so its volumes could never grow.
  const claims = Object.entries(args.volumes).map(
    ([claim, storage]) =>
      new k8s.core.v1.PersistentVolumeClaim(
        `${name}-volume-${claim}`,
        {
          metadata: metadata(claim),
          spec: {
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage } },
            ...(place.storage.class !== undefined && { storageClassName: place.storage.class }),
          },
        },
        { ...opts, retainOnDelete: place.storage.retain },
      ),
  );
  const policy = new k8s.networking.v1.NetworkPolicy(
    `${name}-network`,
    {
      metadata: metadata(),
      spec: storePolicy(store, port, [
        ...place.clients,
        ...(args.ownClients ?? []),
        ...(args.exporter === undefined ? [] : [storeSelector(exporterOf(store))]),
      ]),
    },
    opts,
  );

  // A new password restarts the pod, which is when the server learns it. The hash of 190 random bits tells nothing.
  const configHash = pulumi
    .unsecret(passwords)
    .apply(([own, monitor]) => contentHash([args.config, own, ...(monitor === undefined ? [] : [monitor])]));
  const server = new k8s.apps.v1.StatefulSet(
    `${name}-server`,
    {
      metadata: metadata(),
      spec: {
        serviceName: store,
        replicas: 1,
        revisionHistoryLimit: 2,
        // By turns, a pod that cannot start would block the update that mends it.
        podManagementPolicy: "Parallel",
        selector: { matchLabels: selector },
        template: {
          metadata: { labels: common, annotations: { "vibecode/config-hash": configHash } },
          spec: args.pod,
        },
      },
    },
    { ...opts, dependsOn: [...opts.dependsOn, secret, config, policy, ...claims] },
  );
  new k8s.core.v1.Service(
    `${name}-service`,
    { metadata: metadata(), spec: { selector, ports: [{ name: store, port, targetPort: store }] } },
    { ...opts, dependsOn: [...opts.dependsOn, server] },
  );
  const host = `${store}.${place.namespace}.svc.${place.clusterDomain}`;
  if (args.exporter !== undefined && monitorPassword !== undefined) {
    exporter(
      name,
      {
        ...args.exporter,
        store,
        address: { host, port },
        passwordHash: pulumi.unsecret(monitorPassword).apply(contentHash),
      },
      place,
      { ...opts, dependsOn: [...opts.dependsOn, secret] },
    );
  }
  return {
    connection: {
      host,
      port,
      username: args.username,
      password: pulumi.secret(password.result),
      passwordSecret: { name: store, key: passwordKey },
      tls: false,
      pods: selector,
      addresses: [],
    },
    server,
  };
}
