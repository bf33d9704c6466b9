import { forwardAuth } from "../forward-auth";
import type { Middleware, Person } from "../sign-in";

const identity = ["X-Auth-Request-User", "X-Auth-Request-Groups", "X-Auth-Request-Email"];

/** No session has it: it is no address. oauth2-proxy takes an empty list for everybody. */
const nobody = "nobody";

/**
 * Lets pass only who signed in with one of these addresses. oauth2-proxy compares them letter by letter.
 *
 * @param service `http://oauth2-proxy.vibecode-auth.svc.cluster.local:4180`
 */
export function allowEmails(service: string, emails: readonly string[]): Middleware {
  for (const email of emails) {
    // A comma would be two addresses, nothing would be everybody.
    if (!/^[^\s,@]+@[^\s,@]+$/.test(email)) throw new Error(`${JSON.stringify(email)} is no e-mail address`);
  }
  const allowed = (emails.length === 0 ? [nobody] : emails).map(encodeURIComponent).join(",");
  return forwardAuth(`${service}/oauth2/auth?allowed_emails=${allowed}`, identity);
}

/**
 * One middleware a user, which names that user alone. The check has one word, no, for strangers and neighbours; so
 * `sign-in` stands before each, and shows who has no session the way to sign in.
 */
export function ownerMiddlewares(service: string, people: readonly Person[]): Record<string, Middleware> {
  const owners = new Map<string, string>();
  for (const { name, email } of people) {
    const other = owners.get(email.toLowerCase());
    if (other !== undefined) throw new Error(`${name} and ${other} have one e-mail address`);
    owners.set(email.toLowerCase(), name);
  }
  return {
    "sign-in": forwardAuth(`${service}/`, []),
    ...Object.fromEntries(
      people.map(({ name, email }) => [`sign-in-${name}`, allowEmails(service, [email])]),
    ),
    // No user's name has two dashes.
    "sign-in--admins": allowEmails(
      service,
      people.filter(({ groups }) => groups.includes("admins")).map(({ email }) => email),
    ),
  };
}

/** Names of the middlewares before a user's host, or before the platform's own. */
export const guardOf = (who: { owner: string } | "admins"): string[] => [
  "sign-in@file",
  `sign-in-${who === "admins" ? "-admins" : who.owner}@file`,
];
