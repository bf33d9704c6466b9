import { createHash } from "node:crypto";

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import { labels } from "../../labels";
import { forwardAuth, pageLimit, pageLimitName } from "../forward-auth";
import { networkPolicy, portOf } from "../network";
import { generatePasswords } from "../passwords";
import {
  known,
  portalHost,
  signInNamespace,
  signInPods,
  type Person,
  type SignIn,
  type SignInPlace,
} from "../sign-in";
import { checkPath, configuration, cookieName, port, type Settings } from "./configuration";
import { files as configFiles, podSpec } from "./pod";
import { accessControl, type AccessArgs } from "./rules";
import { secretFiles, type GivenSecrets, type SecretVersions, type StoreArgs } from "./secrets";
import { usersFile } from "./users";

export interface AutheliaArgs extends SignInPlace {
  image: string;
  /** Pods; two or more keep sign-in there while a node is drained. */
  replicas: number;
  people: readonly Person[];
  settings: Settings;
  access: Omit<AccessArgs, "domain" | "users">;
  /** Where second factors and sessions are kept. */
  stores: StoreArgs;
  versions: SecretVersions;
  given: Omit<GivenSecrets, "postgresPassword" | "valkeyPassword">;
  /** Authorities to trust besides the public ones, PEM: those of the directory, the mail server or the stores. */
  authorities?: pulumi.Input<string> | undefined;
}

const name = "authelia";
const selector = signInPods(name);
const identity = ["Remote-User", "Remote-Groups", "Remote-Email", "Remote-Name"];
const middleware = "sign-in";

/**
 * Authelia: sign-in with two factors. It decides itself whose host is asked for, so one middleware serves all.
 *
 * @param after what must be there before its pods can run: the stores
 */
export function autheliaSignIn(
  resourceName: string,
  args: AutheliaArgs,
  opts: pulumi.CustomResourceOptions,
  after: readonly pulumi.Resource[],
): SignIn {
  const { settings, stores, people } = args;
  const common = labels(name, "sign-in");
  const metadata = { name, namespace: args.namespace, labels: common };

  const given = args.given.passwordHashes;
  const file = settings.backend.type === "file";
  const generated = generatePasswords(
    resourceName,
    file ? people.map((person) => person.name).filter((person) => given[person] === undefined) : [],
    args.versions.passwords,
    opts,
  );
  const hashes = pulumi.secret(
    pulumi.all({
      ...given,
      ...Object.fromEntries(generated.map(({ user, password }) => [user, password.bcryptHash])),
    }),
  );
  const users = file
    ? hashes.apply((all) =>
        usersFile(people.map((person) => ({ ...person, hash: hashOf(person.name, all) }))),
      )
    : undefined;

  const secrets = secretFiles(
    resourceName,
    args.versions,
    {
      ...args.given,
      postgresPassword: stores.postgres.password,
      valkeyPassword: stores.valkey.password,
    },
    settings,
    opts,
  );
  const text = stringify(
    configuration({
      domain: args.domain,
      httpsPort: args.httpsPort,
      settings,
      stores,
      accessControl: accessControl({
        ...args.access,
        domain: args.domain,
        users: people.map((person) => person.name),
      }),
      authorities: args.authorities !== undefined,
    }),
  );

  const data = {
    [configFiles.configuration]: text,
    ...(args.authorities === undefined ? {} : { [configFiles.authorities]: args.authorities }),
  };
  const config = new k8s.core.v1.ConfigMap(`${resourceName}-config`, { metadata, data }, opts);
  const stringData = pulumi.secret(
    pulumi.all({ ...secrets, ...(users === undefined ? {} : { "users.yml": users }) }),
  );
  const secret = new k8s.core.v1.Secret(`${resourceName}-secret`, { metadata, stringData }, opts);

  const border = new k8s.networking.v1.NetworkPolicy(
    `${resourceName}-network`,
    {
      metadata,
      spec: networkPolicy({
        ...args,
        selector,
        port,
        stores: [stores.postgres, stores.valkey],
        outside: outside(settings),
      }),
    },
    opts,
  );
  // Sessions are in Valkey, so a restart signs nobody out. The hash is of what is secret, and tells nothing of it.
  const hash = pulumi.unsecret(
    pulumi
      .all([data, stringData])
      .apply((contents) => createHash("sha256").update(JSON.stringify(contents)).digest("hex")),
  );
  const deployment = new k8s.apps.v1.Deployment(
    `${resourceName}-authelia`,
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
            secretFiles: Object.keys(secrets),
            usersFile: users !== undefined,
            authorities: args.authorities !== undefined,
            nodeSelector: args.nodeSelector,
            selector,
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

  const host = `${name}.${signInNamespace}.svc.${args.clusterDomain}`;
  return {
    middlewares: known({
      [middleware]: forwardAuth(`http://${host}:${port}${checkPath}`, identity),
      [pageLimitName]: pageLimit,
    }),
    guard: () => [`${middleware}@file`],
    guardAdmins: () => [`${middleware}@file`],
    cookies: [cookieName],
    passwords: Object.fromEntries(
      generated.map(({ user, password }) => [user, pulumi.secret(password.result)]),
    ),
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

function hashOf(person: string, hashes: Readonly<Record<string, string>>): string {
  const hash = hashes[person];
  if (hash === undefined) throw new Error(`${person} has no password`);
  return hash;
}

/** Ports of the servers that these settings name. */
function outside({ backend, notifier, secondFactors }: Settings): number[] {
  return [
    ...(backend.type === "ldap" ? [portOf(backend.address)] : []),
    ...(notifier.type === "smtp" ? [portOf(notifier.address)] : []),
    ...(secondFactors.duo === undefined ? [] : [443]),
  ];
}
