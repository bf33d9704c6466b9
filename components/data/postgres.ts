import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import {
  externalStore,
  storeLabels,
  storeSelector,
  type ExternalStore,
  type Place,
  type PostgresConnection,
} from "./connection";
import { dumpPod, dumps, type Backups } from "./dumps";
import type { Exporters } from "./exporters";
import { files } from "./files";
import { dumpPolicy } from "./network";
import { postgresPod, postgresPort } from "./postgres-pod";
import { ownStore } from "./store";

/** Postgres in pods of our own, dumped each night. */
export interface OwnPostgres {
  kind: "own";
  /** Image of Postgres, of the Debian variant. */
  image: string;
  /** Size of the tables' volume, a Kubernetes quantity. It can grow, and never shrinks. */
  size: string;
  /** Another number makes another password, and the server takes it at once. */
  passwordVersion: number;
  backups: Backups;
}

/** A Postgres that somebody else runs, and backs up. */
export interface ExternalPostgres extends ExternalStore {
  database: string;
}

const store = "postgres" as const;
const configFiles = ["postgresql.conf", "pg_hba.conf", "prepare.sh", "dump.sh"];

/**
 * A Postgres with one database and its owner.
 *
 * @param database name of both, where the server is our own
 * @param exporters shows its figures, where the server is our own
 */
export function postgres(
  name: string,
  args: OwnPostgres | ExternalPostgres,
  database: string,
  place: Place,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
  exporters?: Exporters,
): PostgresConnection {
  if (args.kind === "external") {
    return { ...externalStore(name, store, args, place, opts), database: args.database };
  }
  const own = ownStore(
    name,
    {
      store,
      port: postgresPort,
      username: database,
      passwordVersion: args.passwordVersion,
      ownClients: [storeSelector(dumps)],
      volumes: { [store]: args.size, [dumps]: args.backups.size },
      config: files("postgres", configFiles),
      pod: postgresPod({ image: args.image, database, monitored: exporters !== undefined }),
      exporter: exporters && { image: exporters.postgres, scrapers: exporters.scrapers },
    },
    place,
    opts,
  );
  const connection = { ...own.connection, database };
  const metadata = { name: dumps, namespace: place.namespace, labels: storeLabels(dumps) };
  const policy = new k8s.networking.v1.NetworkPolicy(
    `${name}-dump-network`,
    { metadata, spec: dumpPolicy(dumps, store, postgresPort, place.dns) },
    opts,
  );
  new k8s.batch.v1.CronJob(
    `${name}-dump`,
    {
      metadata,
      spec: {
        schedule: args.backups.schedule,
        timeZone: "Etc/UTC",
        concurrencyPolicy: "Forbid",
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: { labels: storeLabels(dumps) },
          spec: {
            backoffLimit: 2,
            activeDeadlineSeconds: 3600,
            template: {
              metadata: { labels: storeLabels(dumps) },
              spec: dumpPod({ image: args.image, connection, keep: args.backups.keep }),
            },
          },
        },
      },
    },
    { ...opts, dependsOn: [...opts.dependsOn, policy, own.server] },
  );
  return connection;
}
