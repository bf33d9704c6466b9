/** What somebody must have shown: nothing, a password, a password and a second factor; or no way in. */
export type Policy = "bypass" | "one_factor" | "two_factor" | "deny";

/** A rule of a stack's config. */
export interface Rule {
  /** `workspaces`: each user's own editor and ports; or first labels of the platform's own hosts: `["grafana"]`. */
  hosts: "workspaces" | readonly string[];
  /** The path and all below it: `["/api"]`. Empty: every path. */
  paths: readonly string[];
  /** Members of one of them. Empty: everybody who signed in. */
  groups: readonly string[];
  /** Where the request comes from, as CIDRs. Empty: anywhere. */
  networks: readonly string[];
  policy: Policy;
}

export interface AccessArgs {
  /** The stack's domain. */
  domain: string;
  /** Everybody who has a workspace. */
  users: readonly string[];
  /** First labels of the hosts that members of `admins` reach, with two factors. */
  adminHosts: readonly string[];
  /** Whose members reach their own workspace. */
  workspaceGroups: readonly string[];
  /** Networks from which one factor is enough for one's own workspace, as CIDRs. */
  internalNetworks: readonly string[];
  /** Rules that come before all others; the first that matches decides. */
  rules: readonly Rule[];
}

/** A rule as Authelia reads it. */
export interface AccessRule {
  domain?: string[];
  domain_regex?: string[];
  resources?: string[];
  subject?: string[][];
  networks?: string[];
  policy: Policy;
}

export interface AccessControl {
  default_policy: "deny";
  rules: AccessRule[];
}

/**
 * Who reaches what. What no rule matches is denied.
 *
 * A rule either has the pattern of the users' hosts, whose group `User` must be the name of whoever asks, or it names
 * hosts in full, none of which is a user's: so no rule, in whatever order, can open one user's host to another.
 */
export function accessControl(args: AccessArgs): AccessControl {
  const { domain, users } = args;
  const workspaces = { domain_regex: [ownerPattern(domain, users)] };
  const members = groups(args.workspaceGroups);
  const hosts = (labels: readonly string[]) => ({ domain: labels.map((label) => platformHost(label, args)) });
  const rules: AccessRule[] = [
    ...args.rules.map((rule): AccessRule => {
      refuseOpen(rule);
      return {
        ...(typeof rule.hosts === "string" ? workspaces : hosts(rule.hosts)),
        ...(rule.paths.length === 0 ? {} : { resources: rule.paths.map(pathPattern) }),
        ...networks(rule.networks),
        // A rule lowers or raises what must be shown; who has a workspace is said in one place.
        ...(rule.groups.length === 0 && typeof rule.hosts === "string" ? members : groups(rule.groups)),
        policy: rule.policy,
      };
    }),
    ...(args.internalNetworks.length === 0
      ? []
      : [{ ...workspaces, ...networks(args.internalNetworks), ...members, policy: "one_factor" as const }]),
    { ...workspaces, ...members, policy: "two_factor" },
    ...(args.adminHosts.length === 0
      ? []
      : [{ ...hosts(args.adminHosts), ...groups(["admins"]), policy: "two_factor" as const }]),
  ];
  return {
    default_policy: "deny",
    // A pattern without a name in it would be of whoever has none.
    rules: users.length === 0 ? rules.filter((rule) => rule.domain_regex === undefined) : rules,
  };
}

/**
 * The users' editors and forwarded ports. Ports have four or five digits: Traefik has routes from 1024 to 65535. It is
 * always written as a list, for a comma in a plain string would cut it in two.
 *
 * Each user is named in it: a directory has accounts of any name, and one called `grafana` would own that host of the
 * platform if every name were somebody's own host.
 *
 * @param users at least one
 */
function ownerPattern(domain: string, users: readonly string[]): string {
  // Sorted: the order of a stack's users changes nothing.
  const names = [...users].sort().map(escape).join("|");
  return `^(?:\\d{4,5}--)?(?P<User>${names})\\.${escape(domain)}$`;
}

/** The path itself, what lies below it, and the same with a query: Authelia matches path and query together. */
function pathPattern(path: string): string {
  // No `.*` at the end: a dot matches no line break, and a path with one would slip past a rule that denies.
  return `^${escape(path.replace(/\/+$/, ""))}(?:[/?]|$)`;
}

function platformHost(label: string, { domain, users }: AccessArgs): string {
  // A star, or {user}, would be a pattern to Authelia.
  if (!/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(label)) throw new Error(`${label} is no label of a host`);
  if (users.includes(label)) throw new Error(`${label} is a user's own host`);
  // An editor's port would be somebody's too.
  if (/^\d{4,5}--/.test(label)) throw new Error(`${label} is a forwarded port`);
  return `${label}.${domain}`;
}

function refuseOpen({ hosts, policy, groups: members }: Rule): void {
  if (policy !== "bypass") return;
  if (hosts === "workspaces") throw new Error("a workspace is never open to everybody");
  if (members.length > 0) throw new Error("a rule that asks nobody who they are cannot ask for a group");
}

function groups(names: readonly string[]): { subject?: string[][] } {
  // Each list inside is one alternative.
  return names.length === 0 ? {} : { subject: names.map((name) => [`group:${name}`]) };
}

function networks(cidrs: readonly string[]): { networks?: string[] } {
  return cidrs.length === 0 ? {} : { networks: [...cidrs] };
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
