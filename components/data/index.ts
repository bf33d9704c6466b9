import * as pulumi from "@pulumi/pulumi";

import type { Connection, ExternalStore, Place, PostgresConnection } from "./connection";
import type { Exporters } from "./exporters";
import { postgres, type ExternalPostgres, type OwnPostgres } from "./postgres";
import { valkey, type OwnValkey } from "./valkey";

export type { Connection, ExternalStore, Place, PostgresConnection } from "./connection";
export type { Backups } from "./dumps";
export type { Exporters } from "./exporters";
export type { ExternalPostgres, OwnPostgres } from "./postgres";
export type { OwnValkey } from "./valkey";

export interface DataArgs extends Place {
  /** Name of the database and of its owner, where Postgres is our own: lower case letters and underscores. */
  database: string;
  /** Absent for who keeps sessions alone. */
  postgres?: OwnPostgres | ExternalPostgres | undefined;
  valkey: OwnValkey | ExternalStore;
  /** Shows figures of the stores that are our own; nobody when absent. */
  exporters?: Exporters | undefined;
}

/** Waiting is not passed on to a component's children by the SDK, so it must be a plain list here. */
export type DataOptions = Omit<pulumi.ComponentResourceOptions, "dependsOn"> & {
  /** What must be there first: the namespace. */
  dependsOn?: pulumi.Resource[];
};

/**
 * What sign-in remembers: Postgres and Valkey, in pods of our own or run by somebody else. Whoever depends on this
 * component waits until both answer.
 */
export class Data extends pulumi.ComponentResource {
  readonly postgres: PostgresConnection | undefined;
  readonly valkey: Connection;

  constructor(name: string, args: DataArgs, opts: DataOptions = {}) {
    super("vibecode:data:Data", name, {}, opts);
    const child = { parent: this, dependsOn: opts.dependsOn ?? [] };
    this.postgres =
      args.postgres &&
      postgres(`${name}-postgres`, args.postgres, args.database, args, child, args.exporters);
    this.valkey = valkey(`${name}-valkey`, args.valkey, args, child, args.exporters);
    this.registerOutputs({});
  }
}
