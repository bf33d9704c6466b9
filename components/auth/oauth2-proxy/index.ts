import { createHash } from "node:crypto";

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { labels } from "../../labels";
import { pageLimit, pageLimitName } from "../forward-auth";
import { networkPolicy, portOf, type Store } from "../network";
import { keepers } from "../passwords";
import {
  known,
  portalHost,
  signInNamespace,
  signInPods,
  type Person,
  type SignIn,
  type SignInPlace,
} from "../sign-in";
import { cookieName, flags, port, signInPage, type FlagArgs, type Provider, type Session } from "./flags";
import { guardOf, ownerMiddlewares } from "./owners";
import { files, podSpec } from "./pod";

export interface Oauth2ProxyArgs extends SignInPlace {
  image: string;
  /** Pods; two or more keep sign-in there while a node is drained. */
  replicas: number;
  /** Each known by an e-mail address that is nobody else's. */
  people: readonly Person[];
  provider: Provider;
  session: Session;
  clientSecret: pulumi.Input<string>;
  /** Authorities to trust besides the public ones, PEM: those of an issuer in a private network. */
  authorities?: string | undefined;
  /** Where sessions are kept. */
  valkey: FlagArgs["valkey"] & Store & { password: pulumi.Input<string> };
  /** Version of the key that encrypts sessions: a higher number is another key, and everybody signs in again. */
  sessionVersion: number;
}

const name = "oauth2-proxy";
const selector = signInPods(name);

/**
 * oauth2-proxy: sign-in at GitHub or any OpenID issuer. Its users have no passwords here.
 *
 * @param after what must be there before its pods can run: the store
 */
export function oauth2ProxySignIn(
  resourceName: string,
  args: Oauth2ProxyArgs,
  opts: pulumi.CustomResourceOptions,
  after: readonly pulumi.Resource[],
): SignIn {
  const { people, provider, valkey } = args;
  const common = labels(name, "sign-in");
  const metadata = { name, namespace: args.namespace, labels: common };
  const host = `${name}.${signInNamespace}.svc.${args.clusterDomain}`;

  const cookieSecret = new random.RandomPassword(
    `${resourceName}-cookie-secret`,
    // A key of AES-256.
    { length: 32, special: false, ...keepers(args.sessionVersion) },
    opts,
  ).result;
  const variables = {
    OAUTH2_PROXY_CLIENT_SECRET: args.clientSecret,
    OAUTH2_PROXY_COOKIE_SECRET: cookieSecret,
    OAUTH2_PROXY_REDIS_PASSWORD: valkey.password,
  };
  const emails = people
    .map(({ email }) => email)
    .sort()
    .join("\n");
  const authorities = {
    ...(args.authorities === undefined ? {} : { [files.issuerAuthorities]: args.authorities }),
    ...(valkey.ca === undefined ? {} : { [files.valkeyAuthorities]: valkey.ca }),
  };
  const data = { [files.signInPage]: signInPage(args), ...authorities };
  const stringData = pulumi.secret(pulumi.all({ ...variables, [files.emails]: emails }));
  const config = new k8s.core.v1.ConfigMap(`${resourceName}-config`, { metadata, data }, opts);
  const secret = new k8s.core.v1.Secret(`${resourceName}-secret`, { metadata, stringData }, opts);

  const border = new k8s.networking.v1.NetworkPolicy(
    `${resourceName}-network`,
    {
      metadata,
      spec: networkPolicy({
        ...args,
        selector,
        port,
        stores: [valkey],
        outside: [provider.type === "github" ? 443 : portOf(provider.issuer)],
      }),
    },
    opts,
  );
  const hash = pulumi.unsecret(
    pulumi
      .all([data, stringData])
      .apply((contents) => createHash("sha256").update(JSON.stringify(contents)).digest("hex")),
  );
  const deployment = new k8s.apps.v1.Deployment(
    `${resourceName}-oauth2-proxy`,
    {
      metadata,
      spec: {
        replicas: args.replicas,
        revisionHistoryLimit: 2,
        selector: { matchLabels: selector },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: { labels: common, annotations: { "vibecode/config-hash": hash } },
          spec: podSpec({
            name,
            image: args.image,
            flags: flags(args),
            variables: Object.keys(variables),
            nodeSelector: args.nodeSelector,
            selector,
            authorities: Object.keys(authorities),
          }),
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

  return {
    middlewares: known({
      ...ownerMiddlewares(`http://${host}:${port}`, people),
      [pageLimitName]: pageLimit,
    }),
    guard: (owner) => guardOf({ owner }),
    guardAdmins: () => guardOf("admins"),
    cookies: [cookieName],
    passwords: {},
    routes: [
      {
        name: "sign-in",
        host: portalHost(args.domain),
        service: host,
        port,
        middlewares: [`${pageLimitName}@file`],
      },
    ],
    egress: [{ namespace: signInNamespace, pods: selector, port }],
  };
}
