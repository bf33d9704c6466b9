import * as pulumi from "@pulumi/pulumi";

import { autheliaSignIn, type AutheliaArgs } from "./authelia";
import { encryptionKey } from "./authelia/secrets";
import { basicSignIn } from "./basic";
import { oauth2ProxySignIn, type Oauth2ProxyArgs } from "./oauth2-proxy";
import type { SignIn } from "./sign-in";

export { signInSpace } from "./namespace";
export {
  signInNamespace,
  signInPods,
  type Middleware,
  type Person,
  type SignIn,
  type SignInEgress,
  type SignInRoute,
} from "./sign-in";

/** `basic`: a generated password a user, checked by the ingress controller itself. */
export interface BasicArgs {
  kind: "basic";
  /** Everybody who may sign in. */
  users: string[];
}

export type AuthArgs =
  | BasicArgs
  /** Two factors, by Authelia. */
  | ({ kind: "authelia" } & AutheliaArgs)
  /** GitHub or any OpenID issuer, by oauth2-proxy. */
  | ({ kind: "oauth2-proxy" } & Oauth2ProxyArgs);

/** Waiting is not passed on to a component's children by the SDK, so it must be a plain list here. */
export type AuthOptions = Omit<pulumi.ComponentResourceOptions, "dependsOn"> & {
  /** What must be there before sign-in's pods can run: their stores. */
  dependsOn?: pulumi.Resource[];
};

/** Sign-in: who may reach what. Whatever the kind, a host is its owner's alone. */
export class Auth extends pulumi.ComponentResource implements SignIn {
  readonly middlewares: SignIn["middlewares"];
  readonly guard: SignIn["guard"];
  readonly guardAdmins: SignIn["guardAdmins"];
  readonly cookies: SignIn["cookies"];
  readonly passwords: SignIn["passwords"];
  readonly routes: SignIn["routes"];
  readonly egress: SignIn["egress"];

  constructor(name: string, args: AuthArgs, opts: AuthOptions = {}) {
    super("vibecode:auth:Auth", name, {}, opts);
    const signIn = make(name, args, { parent: this }, opts.dependsOn ?? []);
    this.middlewares = signIn.middlewares;
    this.guard = signIn.guard;
    this.guardAdmins = signIn.guardAdmins;
    this.cookies = signIn.cookies;
    this.passwords = signIn.passwords;
    this.routes = signIn.routes;
    this.egress = signIn.egress;
    this.registerOutputs({});
  }
}

function make(
  name: string,
  args: AuthArgs,
  opts: pulumi.CustomResourceOptions,
  after: readonly pulumi.Resource[],
): SignIn {
  if (args.kind !== "authelia") encryptionKey(name, 1, opts);
  switch (args.kind) {
    case "basic":
      return basicSignIn(name, args.users, opts);
    case "authelia":
      return autheliaSignIn(name, args, opts, after);
    case "oauth2-proxy":
      return oauth2ProxySignIn(name, args, opts, after);
  }
}
