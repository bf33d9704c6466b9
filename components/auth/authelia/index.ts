import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import { forwardAuth, pageLimit, pageLimitName } from "../forward-auth";
import { portOf } from "../network";
import { generatePasswords } from "../passwords";
import { server } from "../server";
import { known, type Person, type SignIn, type SignInPlace } from "../sign-in";
import { checkPath, configuration, cookieName, metricsPort, port, type Settings } from "./configuration";
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

  const { url, routes, egress } = server(
    resourceName,
    {
      name: "authelia",
      port,
      metricsPort,
      replicas: args.replicas,
      config: {
        [configFiles.configuration]: text,
        ...(args.authorities === undefined ? {} : { [configFiles.authorities]: args.authorities }),
      },
      secret: { ...secrets, ...(users === undefined ? {} : { "users.yml": users }) },
      pod: (selector) =>
        podSpec({
          name: "authelia",
          image: args.image,
          secretFiles: Object.keys(secrets),
          usersFile: users !== undefined,
          authorities: args.authorities !== undefined,
          nodeSelector: args.nodeSelector,
          selector,
        }),
      stores: [stores.postgres, stores.valkey],
      outside: outside(settings),
    },
    args,
    opts,
    after,
  );
  return {
    middlewares: known({
      [middleware]: forwardAuth(`${url}${checkPath}`, identity),
      [pageLimitName]: pageLimit,
    }),
    guard: () => [`${middleware}@file`],
    guardAdmins: () => [`${middleware}@file`],
    cookies: [cookieName],
    passwords: Object.fromEntries(
      generated.map(({ user, password }) => [user, pulumi.secret(password.result)]),
    ),
    routes,
    egress,
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
