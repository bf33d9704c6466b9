import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { contentHash } from "../content-hash";
import { labels } from "../labels";
import { pageLimitName } from "./forward-auth";
import { networkPolicy, type Store } from "./network";
import {
  portalHost,
  signInNamespace,
  signInPods,
  type SignIn,
  type SignInPlace,
  type SignInPods,
} from "./sign-in";

export interface ServerArgs {
  /** Which kind it is: the name of every object, and of the container. */
  name: SignInPods;
  port: number;
  /** Where it shows its metrics, if it does. */
  metricsPort?: number;
  /** Pods; two or more keep sign-in there while a node is drained. */
  replicas: number;
  /** The ConfigMap's files. */
  config: Record<string, pulumi.Input<string>>;
  /** The Secret's files and variables. */
  secret: Record<string, pulumi.Input<string>>;
  /** @param selector labels that find all of the pods */
  pod: (selector: Record<string, string>) => k8s.types.input.core.v1.PodSpec;
  stores: readonly Store[];
  /** Ports of servers outside, such as a directory's; their addresses are not known. */
  outside: readonly number[];
}

/**
 * Pods that know who is there, with their border and their address: what all kinds but `basic` are.
 *
 * @param after what must be there before the pods can run: the stores
 * @returns the address that Traefik asks, and the way there
 */
export function server(
  resourceName: string,
  args: ServerArgs,
  place: SignInPlace,
  opts: pulumi.CustomResourceOptions,
  after: readonly pulumi.Resource[],
): { url: string } & Pick<SignIn, "routes" | "egress"> {
  const { name, port } = args;
  const common = labels(name, "sign-in");
  const selector = signInPods(name);
  const metadata = { name, namespace: place.namespace, labels: common };

  const data = args.config;
  const stringData = pulumi.secret(pulumi.all(args.secret));
  const config = new k8s.core.v1.ConfigMap(`${resourceName}-config`, { metadata, data }, opts);
  const secret = new k8s.core.v1.Secret(`${resourceName}-secret`, { metadata, stringData }, opts);
  const border = new k8s.networking.v1.NetworkPolicy(
    `${resourceName}-network`,
    { metadata, spec: networkPolicy({ ...place, ...args, selector }) },
    opts,
  );
  // Sessions are in Valkey, so a restart signs nobody out. The hash is of what is secret, and tells nothing of it.
  const hash = pulumi.unsecret(pulumi.all([data, stringData]).apply(contentHash));
  const deployment = new k8s.apps.v1.Deployment(
    `${resourceName}-${name}`,
    {
      metadata,
      spec: {
        replicas: args.replicas,
        revisionHistoryLimit: 2,
        selector: { matchLabels: selector },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: { labels: common, annotations: { "vibecode/config-hash": hash } },
          spec: args.pod(selector),
        },
      },
    },
    { ...opts, dependsOn: [...after, config, secret, border] },
  );
  // Waited for until a pod answers behind it.
  new k8s.core.v1.Service(
    `${resourceName}-service`,
    { metadata, spec: { selector, ports: [{ name: "http", port, targetPort: "http" }] } },
    { ...opts, dependsOn: [deployment] },
  );
  if (args.replicas > 1) {
    new k8s.policy.v1.PodDisruptionBudget(
      `${resourceName}-budget`,
      { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
      opts,
    );
  }

  const service = `${name}.${signInNamespace}.svc.${place.clusterDomain}`;
  return {
    url: `http://${service}:${port}`,
    routes: [
      {
        name: "sign-in",
        host: portalHost(place.domain),
        service,
        port,
        middlewares: [`${pageLimitName}@file`],
      },
    ],
    egress: [{ namespace: signInNamespace, pods: selector, port }],
  };
}
