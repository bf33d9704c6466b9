import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { labels } from "../labels";

/** All that a client needs to use a store. */
export interface Connection {
  host: string;
  port: number;
  /** The name to sign in with. */
  username: string;
  /** Secret. Known in a preview once the store was made. */
  password: pulumi.Output<string>;
  /** Where the same password lies in the stores' namespace, for a client that reads it from a file. */
  passwordSecret: { name: string; key: string };
  /** TLS with a certificate for `host`. Own stores have none: NetworkPolicies say who reaches them. */
  tls: boolean;
  /** The authorities that may have signed the certificate, PEM; the public ones when absent. */
  ca?: string | undefined;
  /** Labels of the pods that a client's NetworkPolicy must let it reach, in the stores' namespace; own stores only. */
  pods?: Record<string, string>;
  /** Ranges that it must let it reach instead, in CIDR notation; external stores only. */
  addresses: readonly string[];
}

/** A connection to Postgres. */
export interface PostgresConnection extends Connection {
  database: string;
}

/** A store that somebody else runs. */
export interface ExternalStore {
  kind: "external";
  /** A DNS name or an address. */
  host: string;
  port: number;
  username: string;
  password: pulumi.Input<string>;
  /** `verify` asks for TLS and a certificate for `host`; `off` is for networks that encrypt by themselves. */
  tls: "verify" | "off";
  /** The authorities that may have signed the certificate, PEM; the public ones when absent. */
  ca?: string | undefined;
  /** Ranges in CIDR notation where `host` is: a NetworkPolicy knows no names. */
  addresses: readonly string[];
}

/** Where the stores live and who uses them. */
export interface Place {
  /** The namespace of stores and clients. */
  namespace: string;
  /** Suffix of the cluster's own DNS names: `cluster.local`. */
  clusterDomain: string;
  /** Labels of the pods that may connect, of the same namespace; each entry is one kind of pod. */
  clients: readonly Record<string, string>[];
  /** Resolvers besides kube-dns's pods, as CIDRs: a cache on each node, `169.254.20.10/32`. */
  dns: readonly string[];
  storage: {
    /** Storage class of the volumes; the cluster's default when absent. */
    class?: string | undefined;
    /** Keeps the volumes in the cluster when the stores leave the stack. */
    retain: boolean;
  };
}

/** The key of a store's Secret that holds its password. */
export const passwordKey = "password";

/** Labels of everything that belongs to one store. */
export const storeLabels = (store: string): Record<string, string> => labels(store, "data");

/** The labels by which a store's pods are found. */
export const storeSelector = (store: string): Record<string, string> => ({
  "app.kubernetes.io/name": store,
  "app.kubernetes.io/instance": "data",
});

/** Keeps the password of an external store where that of an own one would be, and tells how to reach it. */
export function externalStore(
  name: string,
  store: string,
  args: ExternalStore,
  place: Place,
  opts: pulumi.CustomResourceOptions,
): Connection {
  const { host, port, username, tls, ca, addresses } = args;
  const password = pulumi.secret(args.password);
  new k8s.core.v1.Secret(
    `${name}-secret`,
    {
      metadata: { name: store, namespace: place.namespace, labels: storeLabels(store) },
      stringData: { [passwordKey]: password },
    },
    opts,
  );
  return {
    host,
    port,
    username,
    password,
    passwordSecret: { name: store, key: passwordKey },
    tls: tls === "verify",
    ca,
    addresses,
  };
}
