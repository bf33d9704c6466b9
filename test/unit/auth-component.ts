import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

import { Auth, type AuthArgs, type Person, type SignIn } from "../../components/auth";
import { reveal } from "./reveal";

/** One resource as the component registered it. */
export interface Made {
  /** From the type's last colon on: `Deployment`. */
  kind: string;
  name: string;
  inputs: unknown;
  /** Paths of the secret inputs: `stringData`. */
  secrets: string[];
}

export interface Component {
  signIn: SignIn;
  resources: Made[];
  middlewares: Record<string, unknown>;
  passwords: Record<string, string>;
}

/** Two people, one of them an administrator. */
export const people: Person[] = [
  { name: "alice", fullName: "Alice Doe", email: "alice@example.com", groups: ["admins"] },
  { name: "bob", fullName: "bob", email: "bob+dev@example.com", groups: [] },
];

/** Where sign-in runs, in these tests. */
export const place = {
  domain: "dev.example.com",
  httpsPort: 443,
  clusterDomain: "cluster.local",
  namespace: "vibecode-auth",
  ingressNamespace: "vibecode-ingress",
  dns: ["169.254.20.10/32"],
  nodeSelector: { pool: "system" },
};

/** Registers the component with mocked providers. */
export async function make(args: AuthArgs): Promise<Component> {
  const resources: Made[] = [];
  await pulumi.runtime.setMocks(
    {
      call: () => ({}),
      newResource({ type, name, inputs }) {
        const secrets: string[] = [];
        const plain = z.record(z.string(), z.unknown()).parse(reveal(inputs, "", secrets));
        const kind = type.slice(type.lastIndexOf(":") + 1);
        if (kind !== "Auth") resources.push({ kind, name, inputs: plain, secrets });
        const { version } = z.object({ version: z.string().optional() }).parse(plain["keepers"] ?? {});
        // A hash of bcrypt's form; the engine is not here to tell which outputs are secret.
        const generated =
          kind === "RandomPassword"
            ? {
                result: `password of ${name}${version === undefined ? "" : `, version ${version}`}`,
                bcryptHash: `$2a$10$${name.replace(/[^a-z]/g, "").padEnd(53, "x")}`,
              }
            : {};
        return { id: `${name}-id`, state: { ...plain, ...generated } };
      },
    },
    "vibecode",
    "test",
    false,
    "organization",
  );
  const signIn = new Auth("sign-in", args);
  const middlewares = await value(signIn.middlewares);
  const passwords = await value(pulumi.all(signIn.passwords));
  await pulumi.runtime.disconnect();
  return {
    signIn,
    resources,
    middlewares: z.record(z.string(), z.unknown()).parse(middlewares),
    passwords: z.record(z.string(), z.string()).parse(passwords),
  };
}

/** The one resource of that kind and name. */
export function only({ resources }: Component, kind: string, name?: string): Made {
  const found = resources.filter((one) => one.kind === kind && (name === undefined || one.name === name));
  if (found[0] === undefined || found.length > 1) throw new Error(`${found.length} of ${kind} ${name ?? ""}`);
  return found[0];
}

/** An output's value. */
export const value = (output: pulumi.Output<unknown>): Promise<unknown> =>
  new Promise((resolve) => output.apply(resolve));
