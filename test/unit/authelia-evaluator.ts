import { BlockList } from "node:net";
import { posix } from "node:path";

import type { AccessControl, AccessRule, Policy } from "../../components/auth/authelia/rules";

/** Who asks. Without a name it is somebody who did not sign in. */
export interface Subject {
  name: string;
  groups: readonly string[];
  address: string;
}

/** What is asked for. */
export interface Target {
  host: string;
  /** Path and query. */
  path: string;
}

/**
 * What Authelia decides, as its documentation and the source of its matchers say: the first rule that matches, or the
 * default. Who did not sign in matches every subject, so that the answer is a sign-in page. That it is so,
 * test/programs/sign-in-gateway.test.ts asks the real one.
 */
export function decide({ rules, default_policy }: AccessControl, subject: Subject, target: Target): Policy {
  return rules.find((rule) => matches(rule, subject, target))?.policy ?? default_policy;
}

function matches(rule: AccessRule, subject: Subject, target: Target): boolean {
  const anonymous = subject.name === "" && subject.groups.length === 0;
  const some = <Item>(items: readonly Item[] | undefined, is: (item: Item) => boolean) =>
    items === undefined || items.length === 0 || items.some(is);
  const domains = [
    ...(rule.domain ?? []).map((domain) => isDomain(domain, subject, target.host, anonymous)),
    ...(rule.domain_regex ?? []).map((pattern) => isOwn(pattern, subject, target.host, anonymous)),
  ];
  return (
    (domains.length === 0 || domains.includes(true)) &&
    some(rule.resources, (pattern) => isOwn(pattern, subject, meant(target.path), anonymous)) &&
    some(rule.networks, (cidr) => contains(cidr, subject.address)) &&
    (anonymous || some(rule.subject, (all) => all.every((one) => isSubject(one, subject))))
  );
}

/** A path without its detours and escapes; a query stays as it is. */
function meant(target: string): string {
  const [, path = "", query = ""] = /^([^?]*)(.*)$/s.exec(target) ?? [];
  return posix.normalize(decodeURIComponent(path)) + query;
}

function isDomain(domain: string, subject: Subject, host: string, anonymous: boolean): boolean {
  const name = domain.toLowerCase();
  if (name.startsWith("*.")) return host.endsWith(name.slice(1));
  if (name.startsWith("{user}")) {
    const rest = name.slice("{user}".length);
    return (anonymous && host.endsWith(rest)) || host === `${subject.name}${rest}`;
  }
  return host.toLowerCase() === name;
}

/** A pattern with a group `User` or `Group` matches only who is called so, or is in it. */
function isOwn(pattern: string, subject: Subject, text: string, anonymous: boolean): boolean {
  // Go's name for a group; the rest of what the rules use means the same to both.
  const found = new RegExp(pattern.replaceAll("(?P<", "(?<"), "u").exec(text);
  if (found === null) return false;
  if (anonymous) return true;
  const { User, Group } = found.groups ?? {};
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  return (
    (User === undefined || same(User, subject.name)) &&
    (Group === undefined || subject.groups.some((group) => same(group, Group)))
  );
}

function isSubject(one: string, subject: Subject): boolean {
  const [kind, ...rest] = one.split(":");
  const value = rest.join(":").trim();
  if (kind === "user") return subject.name === value;
  return kind === "group" && subject.groups.includes(value);
}

function contains(cidr: string, address: string): boolean {
  const [network = "", bits = "32"] = cidr.split("/");
  const list = new BlockList();
  list.addSubnet(network, Number(bits), "ipv4");
  return list.check(address, "ipv4");
}
