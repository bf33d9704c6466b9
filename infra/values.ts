import { z } from "zod";

import { quantityGrammar } from "./quantity";

/** Hosts below the domain that the platform keeps for itself, and names that would mislead. */
export const reservedNames = [
  "admin",
  "api",
  "app",
  "auth",
  "authelia",
  "dashboard",
  "docs",
  "grafana",
  "help",
  "ingress",
  "kube",
  "kubernetes",
  "ldap",
  "localhost",
  "login",
  "logout",
  "mail",
  "manager",
  "metrics",
  "monitoring",
  "oauth",
  "prometheus",
  "root",
  "sign-in",
  "sso",
  "status",
  "support",
  "system",
  "traefik",
  "vibecode",
  "workspace",
  "www",
];

/** At most 32, so that `<port>--<user>` fits a DNS label and `ws-<user>` a namespace with room to spare. */
const maxUserName = 32;

/** An object which has these keys and no others. Its mistakes name them. */
export function keys<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `has no place here: the keys are ${known}`
        : `must be an object with the keys ${known}`,
  });
}

/** Where a value is wrong, the message says what would be right; the path and the value are put before it. */
export const userName = z
  .string({ error: "must be a name, or an object with a name" })
  .max(maxUserName, { error: `must be at most ${maxUserName} characters` })
  .regex(/^[a-z](?:-?[a-z0-9])*$/, {
    error: "must be lower case letters, digits and single dashes, and begin with a letter",
  })
  .refine((name) => !reservedNames.includes(name), {
    error: "is reserved for the platform: choose another name",
  })
  .describe("The workspace is at https://<name>.<domain>");

export const groupName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: "must be lower case letters, digits and dashes, at most 63 characters",
});

export const email = z.email({ error: "must be an e-mail address" });

/** A DNS name of at least two labels. 200 leave room for `<port>--<user>.` below the 253 that DNS allows. */
export const domain = z
  .string({ error: "must be a DNS name" })
  .max(200, { error: "must be at most 200 characters" })
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/, {
    error: "must be a DNS name in lower case with at least one dot, without scheme, port or wildcard",
  })
  .refine((name) => !/\.\d+$/.test(name), { error: "must be a DNS name, not an IP address" });

/** A positive Kubernetes quantity, of CPU for one. */
export const quantity = z
  .string({ error: 'must be a quantity in quotes such as "500m", "2" or "10Gi"' })
  .regex(quantityGrammar, { error: "must be a quantity such as 500m, 2 or 10Gi", abort: true })
  .refine((text) => Number.parseFloat(text) > 0, { error: "must be more than zero" });

/** A positive quantity of memory or storage. */
export const bytes = quantity.refine((text) => !text.endsWith("m"), {
  error: "must be bytes such as 512Mi or 10Gi: m is a thousandth of one",
});

const imageMessage =
  "must be an image reference in lower case such as registry.example.com/workspace:1.2.3@sha256:...";

/** `[host[:port]/]name[:tag][@digest]`, as containerd reads it; `latest`, spelled out or not, is refused. */
export const imageReference = z
  .string({ error: imageMessage })
  .regex(/^[a-z0-9]+(?:[._:/-]+[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/, {
    error: imageMessage,
    abort: true,
  })
  .refine((reference) => /@sha256:|:[^/:@]+$/.test(reference) && !/:latest(@|$)/.test(reference), {
    error: "must have a tag other than latest, or a digest",
  });
