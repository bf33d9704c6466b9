import { isIP } from "node:net";

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

/**
 * What sign-in's own secrets are called beside people's passwords, of whatever kind it is: a stack that moves from one
 * kind to another would take the one for the other.
 */
const signInSecrets = /^(?:(?:session|reset-password|cookie)-secret|encryption-key-\d+)$/;

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
  .refine((name) => !signInSecrets.test(name), {
    error:
      "is what a secret of sign-in's own is called, as this user's password would be: choose another name",
  })
  .describe("The workspace is at https://<name>.<domain>");

export const groupName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: "must be lower case letters, digits and dashes, at most 63 characters",
});

export const email = z.email({ error: "must be an e-mail address" });

/** What a person is called in commits: anything but what would break a line of git's configuration. */
export const fullName = z.string().regex(/^[^\p{C}"\\]{1,100}$/u, {
  error: "must be a name of at most 100 characters, without quotes, backslashes and control characters",
});

/** A range of addresses in CIDR notation, IPv4 or IPv6; a single address has /32 or /128. */
export const cidr = z
  .string({ error: "must be a range of addresses such as 10.244.0.0/16" })
  .refine((text) => rangeOf(text) !== undefined, {
    error: "must be a range of addresses such as 10.244.0.0/16 or fd00:10::/56",
    abort: true,
  })
  // The API server refuses a policy with such a range.
  .refine((text) => rangeOf(text)?.isExact === true, {
    error: "must begin with the range's first address: 10.244.0.0/16, not 10.244.1.2/16",
  });

function rangeOf(text: string): { isExact: boolean } | undefined {
  const [address = "", size = "", ...rest] = text.split("/");
  const version = isIP(address);
  const length = version === 4 ? 32 : 128;
  if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(size) || Number(size) > length) return undefined;
  return { isExact: !bitsOf(address, version).slice(Number(size)).includes("1") };
}

/** An address as zeros and ones. */
function bitsOf(address: string, version: number): string {
  if (version === 4)
    return address
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  // A URL's host is written in groups of 16 bits, without an IPv4 part and in the shortest form.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array<string>(zeros).fill("0"), ...groups(tail ?? "")]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0"))
    .join("");
}

export const port = z.int().min(1).max(65535);

/** An extension of the editor, as galleries name it; a version after the @ pins it. */
export const extensionId = z
  .string({ error: "must be an extension such as golang.go" })
  .regex(/^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*(?:@\d+\.\d+\.\d+(?:-[0-9a-z.-]+)?)?$/i, {
    error: "must be an extension such as golang.go, or golang.go@0.50.0 to pin it",
  });

/** The name of an environment variable that a workspace does not set by itself. */
export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, {
    error: "must be letters, digits and underscores, and begin with no digit",
  })
  .refine((name) => !taken.test(name), { error: "is taken by the workspace itself: choose another name" });

/** Names that the pod sets, or that move or silence code-server, which keeps GITHUB_TOKEN from terminals too. */
const taken = new RegExp(
  `^(${[
    "HOME|PATH|SHELL|USER|PORT|LD_.*|NODE_OPTIONS|WORKSPACE_.*|ANTHROPIC_(BASE_URL|AUTH_TOKEN)|CLAUDE_MANAGED_SETTINGS",
    "EXTENSIONS_GALLERY|VSCODE_.*|CODE_SERVER_.*|CS_.*|PASSWORD|HASHED_PASSWORD|GITHUB_TOKEN|id_ed25519",
  ].join("|")})$`,
);

/** Where a repository is cloned from: before an editor starts nobody is there to trust an SSH host. */
export const gitUrl = z
  .string({ error: "must be the URL of a git repository" })
  .regex(/^https:\/\/[\w.-]+(?::\d+)?\/[\w./~+-]+$/, {
    error: "must be the URL of a git repository, by https:// and without a password in it",
  });

/** An address of HTTP; plain HTTP is for services inside the cluster. */
export const httpUrl = z
  .string({ error: "must be a URL" })
  .regex(/^https?:\/\/[a-z0-9.[\]:-]+(?:\/[^\s"'\\]*)?$/i, {
    error: "must be a URL with http:// or https://",
  });

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
