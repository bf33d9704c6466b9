import * as pulumi from "@pulumi/pulumi";

import { basicSignIn } from "./basic";

export interface AuthArgs {
  /** `basic`: a generated password a user, checked by the ingress controller itself. */
  kind: "basic";
  /** Everybody who may sign in. */
  users: string[];
}

/** A middleware of Traefik's file provider: its type's name and that type's options. */
export type Middleware = Record<string, Record<string, unknown>>;

/** What a way to sign in gives the rest of the platform. A new kind is one more function that returns this. */
export interface SignIn {
  /** Middlewares to add to the ingress controller, by name. Secret where they hold hashes. */
  middlewares: pulumi.Output<Record<string, Middleware>>;
  /** Names of the middlewares that let a request pass only if it comes from `owner`, in order. */
  guard: (owner: string) => string[];
  /** What each user needs for the first sign-in, by name. Secret. */
  passwords: Record<string, pulumi.Output<string>>;
}

/** Sign-in: who may reach what. Whatever the kind, a host is its owner's alone. */
export class Auth extends pulumi.ComponentResource implements SignIn {
  readonly middlewares: SignIn["middlewares"];
  readonly guard: SignIn["guard"];
  readonly passwords: SignIn["passwords"];

  constructor(name: string, args: AuthArgs, opts?: pulumi.ComponentResourceOptions) {
    super("vibecode:auth:Auth", name, {}, opts);
    const signIn = basicSignIn(name, args.users, { parent: this });
    this.middlewares = signIn.middlewares;
    this.guard = signIn.guard;
    this.passwords = signIn.passwords;
    this.registerOutputs({});
  }
}
