import * as pulumi from "@pulumi/pulumi";

import { generatePasswords } from "./passwords";
import type { Middleware, SignIn } from "./sign-in";

const middlewareName = (user: string) => `sign-in-${user}`;

/** HTTP basic authentication, one middleware a user, each of which knows that user alone. */
export function basicSignIn(name: string, users: string[], opts: pulumi.CustomResourceOptions): SignIn {
  const generated = generatePasswords(name, users, undefined, opts);
  const middlewares = generated.map(({ user, password }) =>
    password.bcryptHash.apply((hash) => [middlewareName(user), basicAuth(user, hash)] as const),
  );
  return {
    middlewares: pulumi.secret(
      pulumi.all(middlewares).apply((entries) => Object.fromEntries<Middleware>(entries)),
    ),
    guard: (owner) => [`${middlewareName(owner)}@file`],
    cookies: [],
    passwords: Object.fromEntries(
      generated.map(({ user, password }) => [user, pulumi.secret(password.result)]),
    ),
    routes: [],
    egress: [],
  };
}

function basicAuth(user: string, hash: string): Middleware {
  return {
    basicAuth: {
      users: [`${user}:${hash}`],
      realm: `workspace of ${user}`,
      // What runs in the workspace has no use for the password.
      removeHeader: true,
    },
  };
}
