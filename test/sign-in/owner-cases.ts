import type { Person } from "../../components/auth";
import type { Claims } from "./issuer";
import type { Question, Visitor } from "./visitor";

/** Who asks: nobody has signed in, the others have, at the issuer. */
export type Who = "nobody" | "alice" | "bob" | "ada";

/** What comes back where a request does not pass: sign in (a program), sign in (a page) or no, no such host. */
export type Refusal = 401 | 403 | 404;

export interface Case extends Question {
  /** The end of a sentence: `alice reaches ...`, `alice does not reach ...`. */
  what: string;
  who: Who;
  /** Absent where the request reaches what is behind sign-in. */
  refusal?: Refusal;
}

/** The stack's users. */
export const people: readonly Person[] = [
  { name: "alice", fullName: "Alice", email: "alice@example.com", groups: ["developers"] },
  { name: "bob", fullName: "Bob", email: "bob+dev@example.com", groups: ["developers"] },
  { name: "ada", fullName: "Ada", email: "ada@example.com", groups: ["admins"] },
  { name: "carol", fullName: "Carol", email: "carol@example.com", groups: ["developers"] },
  { name: "dave", fullName: "Dave", email: "dave@example.com", groups: ["developers"] },
];

/** The issuer's groups whose members may sign in. */
export const allowed = ["team", "platform"];

/** What the issuer says of people, by the name with which they log in there. */
export const accounts = {
  alice: { email: "alice@example.com", email_verified: true, groups: ["team"] },
  bob: { email: "bob+dev@example.com", email_verified: true, groups: ["team", "others"] },
  ada: { email: "ada@example.com", email_verified: true, groups: ["platform"] },
  // Users of the stack, whom the issuer does not vouch for.
  carol: { email: "carol@example.com", email_verified: true, groups: ["others"] },
  dave: { email: "dave@example.com", email_verified: false, groups: ["team"] },
  // No users of the stack.
  erin: { email: "erin@example.com", email_verified: true, groups: ["team"] },
  nameless: { groups: ["team"] },
  two: { email: "alice@example.com,bob+dev@example.com", email_verified: true, groups: ["team"] },
  space: { email: "alice@example.com ", email_verified: true, groups: ["team"] },
  plus: { email: "bob dev@example.com", email_verified: true, groups: ["team"] },
  // Another account whose address differs from bob's by its case alone.
  loud: { email: "BOB+DEV@example.com", email_verified: true, groups: ["team"] },
} satisfies Record<string, Claims>;

/** Who gets where, and all ways we know to get elsewhere. */
export function cases(domain: string): Case[] {
  const alice = `alice.${domain}`;
  const bob = `bob.${domain}`;
  const json = { accept: "application/json" };
  const reaches = (who: Who, what: string, host: string, path?: string): Case => ({ who, what, host, path });
  const refused = (who: Who, what: string, asked: Question, refusal: Refusal): Case => ({
    who,
    what,
    ...asked,
    refusal,
  });
  /** Alice asks for bob's, and lies about it. */
  const lie = (what: string, headers: Record<string, string>): Case =>
    refused("alice", what, { host: bob, headers }, 403);
  const basic = `Basic ${Buffer.from("bob:right").toString("base64")}`;

  return [
    reaches("alice", "her own editor", alice),
    reaches("alice", "her own editor, by its port's number too", `${alice}:443`),
    reaches("alice", "her own editor in upper case", `ALICE.${domain}`),
    reaches("alice", "her own editor by a path that looks like bob's host", alice, `/?//${bob}/`),
    reaches("alice", "her own editor by a path of sign-in's", alice, "/oauth2/../"),
    reaches("bob", "his own editor", bob),
    reaches("ada", "an administrator's own editor", `ada.${domain}`),

    refused("nobody", "a page", { host: alice }, 403),
    refused("nobody", "a forwarded port", { host: `3000--${alice}` }, 403),
    refused("nobody", "an answer to a program", { host: alice, headers: json }, 401),
    refused("nobody", "what a form sends", { host: alice, method: "POST" }, 403),
    refused("nobody", "the check's own path on a user's host", { host: alice, path: "/oauth2/auth" }, 403),
    refused("nobody", "a path that needs no sign-in elsewhere", { host: alice, path: "/ping" }, 403),
    refused("nobody", "a page for robots", { host: alice, path: "/robots.txt" }, 403),
    refused("nobody", "what a browser asks before", { host: alice, method: "OPTIONS" }, 403),
    refused(
      "nobody",
      "a page with somebody's name in its headers",
      { host: alice, headers: { "x-auth-request-email": "alice@example.com", "x-forwarded-user": "alice" } },
      403,
    ),
    refused(
      "nobody",
      "a page with an unsigned token",
      { host: alice, headers: { authorization: "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9." } },
      403,
    ),
    refused("ada", "alice's editor", { host: alice }, 403),
    refused("ada", "alice's forwarded port", { host: `3000--${alice}` }, 403),

    refused("alice", "bob's editor", { host: bob }, 403),
    refused("alice", "bob's editor by its port's number too", { host: `${bob}:443` }, 403),
    refused("alice", "an answer from bob's editor to a program", { host: bob, headers: json }, 403),
    refused("alice", "bob's forwarded port", { host: `3000--${bob}` }, 403),
    refused("alice", "bob's editor in upper case", { host: `BOB.${domain}` }, 403),
    refused(
      "alice",
      "bob's editor by a path that looks like her host",
      { host: bob, path: `//${alice}/` },
      403,
    ),
    refused("alice", "bob's editor by a path that goes up", { host: bob, path: `/..//@${alice}/` }, 403),
    refused(
      "alice",
      "bob's editor by the check's own question",
      { host: bob, path: "/oauth2/auth?allowed_emails=alice%40example.com" },
      403,
    ),
    refused("bob", "alice's editor", { host: alice }, 403),
    refused("alice", "a label before her own", { host: `x.${alice}` }, 404),
    refused("alice", "her own label before bob's", { host: `alice.${bob}` }, 404),
    refused("alice", "a system port of her own", { host: `80--${alice}` }, 404),
    refused("alice", "a port of a port", { host: `3000--3000--${alice}` }, 404),
    refused("alice", "a longer name than her own", { host: `aliceb.${domain}` }, 404),
    refused("alice", "the domain itself", { host: domain }, 404),
    refused("alice", "her own name on another domain", { host: "alice.example.org" }, 404),

    lie("bob's editor as X-Forwarded-Host", { "x-forwarded-host": alice }),
    lie("bob's editor as X-Forwarded-Uri", {
      "x-forwarded-uri": `/oauth2/auth?allowed_emails=alice%40example.com`,
    }),
    lie("bob's editor as X-Original-URL", { "x-original-url": `https://${alice}/` }),
    lie("bob's editor as Forwarded", { forwarded: `host=${alice}` }),
    lie("bob's editor as X-Auth-Request-Email", { "x-auth-request-email": "bob+dev@example.com" }),
    lie("bob's editor as X-Auth-Request-User", {
      "x-auth-request-user": "bob",
      "x-auth-request-groups": "team",
    }),
    lie("bob's editor as X-Forwarded-Email", { "x-forwarded-email": "bob+dev@example.com" }),
    lie("bob's editor by bob's password", { authorization: basic }),
    lie("bob's editor by bob's password to a proxy", { "proxy-authorization": basic }),
    lie("bob's editor by GAP-Auth", { "gap-auth": "bob+dev@example.com" }),
  ];
}

/** Signs everybody of the cases in, each with a browser of their own. */
export async function arrivals(arriving: () => Visitor): Promise<Record<Who, Visitor>> {
  const arrive = async (login: string): Promise<Visitor> => {
    const who = arriving();
    const { status, body } = await who.signIn(login);
    if (status !== 302) throw new Error(`${login} cannot sign in: ${status} ${body}`);
    return who;
  };
  return {
    nobody: arriving(),
    alice: await arrive("alice"),
    bob: await arrive("bob"),
    ada: await arrive("ada"),
  };
}
