import * as pulumi from "@pulumi/pulumi";

import type { Scraper } from "../scraper";

/** A middleware of Traefik's file provider: its type's name and that type's options. */
export type Middleware = Record<string, Record<string, unknown>>;

/** A host of sign-in's own pages. The ingress routes it past the guards, which would ask for what it gives. */
export interface SignInRoute {
  /** Name of the route's objects. */
  name: string;
  /** Full host name: `auth.dev.example.com`. */
  host: string;
  /** The Service that answers, by its full DNS name. */
  service: string;
  port: number;
  /** Middlewares before it, in order: its own rate limit. */
  middlewares: string[];
}

/** Pods that the ingress controller must reach to ask who is there. */
export interface SignInEgress {
  namespace: string;
  /** Labels of the pods. */
  pods: Record<string, string>;
  port: number;
}

/** What a way to sign in gives the rest of the platform. A new kind is one more function that returns this. */
export interface SignIn {
  /** Middlewares to add to the ingress controller, by name. Secret where they hold hashes. */
  middlewares: pulumi.Output<Record<string, Middleware>>;
  /** Names of the middlewares that let a request pass only if it comes from `owner`, in order. Never empty. */
  guard: (owner: string) => string[];
  /**
   * Names of the middlewares that let a request to one of the platform's own hosts pass only if it comes from an
   * administrator, in order. Absent where a kind knows no groups.
   */
  guardAdmins?: (() => string[]) | undefined;
  /**
   * Names of the cookies by which it knows somebody; parts of a long one have an underscore and more behind the name.
   * No workspace may see or set them. Empty where it has none.
   */
  cookies: readonly string[];
  /** What each user needs for the first sign-in, by name. Secret. Empty where passwords are kept elsewhere. */
  passwords: Record<string, pulumi.Output<string>>;
  routes: readonly SignInRoute[];
  egress: readonly SignInEgress[];
}

/** Somebody who may sign in. */
export interface Person {
  /** The user's name, which is also the first label of the workspace's host. */
  name: string;
  fullName: string;
  /** What an OpenID issuer knows this person by. */
  email: string;
  groups: readonly string[];
}

/** Where all kinds but `basic` run. */
export interface SignInPlace {
  /** The stack's domain, below which all hosts are. */
  domain: string;
  /** The port people type, where it is not 443. */
  httpsPort: number;
  /** Name under which the cluster's services are found in DNS: `cluster.local`. */
  clusterDomain: string;
  /** The namespace of sign-in and its stores; it is there already. */
  namespace: pulumi.Input<string>;
  /** Namespace of the ingress controller's pods. */
  ingressNamespace: string;
  /** Resolvers besides kube-dns's pods, as CIDRs. */
  dns: readonly string[];
  /** Labels of the nodes that may run sign-in. */
  nodeSelector: Record<string, string>;
  /** Who may read its metrics; nobody when absent. */
  scrapers?: readonly Scraper[] | undefined;
}

/** The namespace of sign-in and its stores. */
export const signInNamespace = "vibecode-auth";

/** The kinds that run in pods of their own. */
export type SignInPods = "authelia" | "oauth2-proxy";

/** Labels by which a kind's pods are found. */
export const signInPods = (kind: SignInPods): Record<string, string> => ({
  "app.kubernetes.io/name": kind,
  "app.kubernetes.io/instance": "sign-in",
});

/** The host of sign-in's own pages. */
export const portalHost = (domain: string): string => `auth.${domain}`;

/** The address of sign-in's own pages, as a browser types it. */
export const portalUrl = ({ domain, httpsPort }: Pick<SignInPlace, "domain" | "httpsPort">): string =>
  `https://${portalHost(domain)}${httpsPort === 443 ? "" : `:${httpsPort}`}`;

/** Middlewares without a secret, known before anything is made. */
export const known = (middlewares: Record<string, Middleware>): SignIn["middlewares"] =>
  pulumi.output(null).apply(() => middlewares);
