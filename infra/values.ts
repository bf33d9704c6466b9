import { z } from "zod";

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
  });

/** A positive Kubernetes quantity. The grammar is that of apimachinery's resource.Quantity, less exponents. */
export const quantity = z
  .string({ error: 'must be a quantity in quotes such as "500m", "2" or "10Gi"' })
  .regex(/^(?:\d+(?:\.\d+)?|\.\d+)(?:m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/, {
    error: "must be a quantity such as 500m, 2 or 10Gi",
  })
  .refine((text) => Number.parseFloat(text) > 0, { error: "must be more than zero" });

/** `[host[:port]/]name[:tag][@digest]`, as containerd reads it; `latest`, spelled out or not, is refused. */
export const imageReference = z
  .string()
  .regex(/^[a-z0-9]+(?:[._:/-]+[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/i, {
    error: "must be an image reference such as registry.example.com/workspace:1.2.3@sha256:...",
  })
  .refine((reference) => /@sha256:|:[^/:@]+$/.test(reference) && !/:latest(@|$)/.test(reference), {
    error: "must have a tag other than latest, or a digest",
  });
