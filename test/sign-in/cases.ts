import { visitor, type Portal, type Target, type Visitor } from "./portal";

/** Who asks: nobody has signed in, `password` is alice with one factor, the others have two. */
export type Who = "nobody" | "password" | "alice" | "ada" | "guest";

/** What the check answers: yes, sign in (a page, a form), sign in (a program), no. */
export type Answer = 200 | 302 | 303 | 401 | 403;

export interface Case extends Target {
  /** The end of a sentence: `alice reaches ...`, `alice does not reach ...`. */
  what: string;
  who: Who;
  /** Whether the request may reach what is behind sign-in. */
  passes: boolean;
  /**
   * What the check answers when it is asked itself. Absent where only Traefik can judge: the check believes what
   * stands in X-Forwarded-*, since Traefik writes it.
   */
  check?: Answer;
}

/** Names of the people of the cases: alice and bob are developers, ada is in `admins`, `guest` in `guests`. */
export const people = {
  alice: ["developers"],
  bob: ["developers"],
  ada: ["admins"],
  guest: ["guests"],
} as const;

/** Host, below the domain, that members of `admins` reach. */
export const adminHost = "grafana";

/** Who gets where, and all ways we know to get elsewhere. All but `passes` is what was seen with 4.37.5. */
export function cases(domain: string): Case[] {
  const alice = `alice.${domain}`;
  const bob = `bob.${domain}`;
  const json = { accept: "application/json" };
  const allowed = (who: Who, what: string, host: string, path?: string): Case => ({
    who,
    what,
    host,
    path,
    passes: true,
    check: 200,
  });
  const refused = (who: Who, what: string, target: Target, check: Exclude<Answer, 200>): Case => ({
    who,
    what,
    ...target,
    passes: false,
    check,
  });
  /** Alice asks for bob's, and lies about it in what Traefik does not hand on. */
  const lie = (what: string, target: Partial<Target>): Case => ({
    who: "alice",
    what,
    host: bob,
    ...target,
    passes: false,
  });
  const basic = `Basic ${Buffer.from("bob:right").toString("base64")}`;

  return [
    allowed("alice", "her own editor", alice),
    allowed("alice", "her own editor, by its port's number too", `${alice}:443`),
    allowed("alice", "her own editor with doubled slashes", alice, "//"),
    allowed("alice", "her own editor by a path that looks like bob's host", alice, `//${bob}/`),
    allowed("alice", "her own forwarded port", `3000--${alice}`),
    allowed("alice", "the highest of her own ports", `65535--${alice}`),
    allowed("ada", "an administrator's own editor", `ada.${domain}`),
    allowed("ada", "the administrators' host", `${adminHost}.${domain}`),

    refused("nobody", "a page", { host: alice }, 302),
    refused("nobody", "a forwarded port", { host: `3000--${alice}` }, 302),
    refused("nobody", "an answer to a program", { host: alice, headers: json }, 401),
    refused("nobody", "an answer to a script of a page", { host: alice, headers: xhr }, 401),
    refused("nobody", "what a form sends", { host: alice, method: "POST" }, 303),
    refused("password", "her own editor", { host: alice }, 302),
    refused("password", "her own forwarded port", { host: `3000--${alice}` }, 302),
    refused("password", "an answer to a program", { host: alice, headers: json }, 401),
    refused("password", "bob's editor", { host: bob }, 403),
    refused("guest", "an editor of the guest's own name", { host: `guest.${domain}` }, 403),
    refused("guest", "the administrators' host", { host: `${adminHost}.${domain}` }, 403),
    refused("ada", "alice's editor", { host: alice }, 403),
    refused("ada", "alice's forwarded port", { host: `3000--${alice}` }, 403),

    refused("alice", "bob's editor", { host: bob }, 403),
    refused("alice", "bob's editor by its port's number too", { host: `${bob}:443` }, 403),
    refused("alice", "bob's forwarded port", { host: `3000--${bob}` }, 403),
    refused("alice", "bob's editor in upper case", { host: `BOB.${domain}` }, 403),
    refused("alice", "her own editor in upper case", { host: `ALICE.${domain}` }, 403),
    refused("alice", "bob's editor with a dot at the end", { host: `${bob}.` }, 401),
    refused("alice", "her own editor with a dot at the end", { host: `${alice}.` }, 401),
    refused("alice", "a label before her own", { host: `x.${alice}` }, 403),
    refused("alice", "her own label before bob's", { host: `alice.${bob}` }, 403),
    refused("alice", "bob's label before her own", { host: `bob.${alice}` }, 403),
    refused(
      "alice",
      "bob's editor by a path that looks like her host",
      { host: bob, path: `//${alice}/` },
      403,
    ),
    refused("alice", "bob's editor by a path that goes up", { host: bob, path: `/..//@${alice}/` }, 403),
    refused("alice", "a system port of her own", { host: `80--${alice}` }, 403),
    refused("alice", "a port of six digits", { host: `123456--${alice}` }, 403),
    refused("alice", "a port of a port", { host: `3000--3000--${alice}` }, 403),
    refused("alice", "a longer name than her own", { host: `aliceb.${domain}` }, 403),
    refused("alice", "the administrators' host", { host: `${adminHost}.${domain}` }, 403),
    refused("alice", "the domain itself", { host: domain }, 403),
    refused("alice", "a domain that ends like the platform's", { host: `alice.evil${domain}` }, 403),
    refused("alice", "her own name on another domain", { host: "alice.example.org" }, 401),
    refused("alice", "two hosts in one", { host: `${alice}, ${bob}` }, 401),
    refused("alice", "a host with an escaped dot", { host: `alice%2e${domain}` }, 401),

    lie("bob's editor as X-Forwarded-Host", { headers: { "x-forwarded-host": alice } }),
    lie("bob's editor as X-Forwarded-Uri", { headers: { "x-forwarded-uri": `@${alice}/` } }),
    lie("bob's editor as X-Original-URL", { headers: { "x-original-url": `https://${alice}/` } }),
    lie("bob's editor as X-Authelia-URL", { headers: { "x-authelia-url": `https://${alice}/` } }),
    lie("bob's editor as Forwarded", { headers: { forwarded: `host=${alice}` } }),
    lie("bob's editor as Remote-User", { headers: { "remote-user": "bob", "remote-groups": "admins" } }),
    lie("bob's editor as Session-Username", { headers: { "session-username": "bob" } }),
    lie("bob's editor by bob's password alone", { headers: { authorization: basic } }),
    lie("bob's editor by bob's password to a proxy", { headers: { "proxy-authorization": basic } }),
    // The check puts scheme, host and path together and reads the whole: what stands before an @ is a name there.
    lie("bob's host before an @", { host: `${bob}:1@${alice}` }),
    lie("bob's editor by a path before whose @ is bob's host", { path: `x:@${alice}/` }),
    lie("bob's editor by a path that begins with @", { path: `@${alice}/` }),
  ];
}

const xhr = { "x-requested-with": "XMLHttpRequest" };

/** Signs everybody of the cases in. @param host of sign-in's own pages */
export async function arrivals(
  portal: Portal,
  host: string,
  passwordOf: (name: keyof typeof people) => string,
): Promise<Record<Who, Visitor>> {
  const arrive = async (name: keyof typeof people): Promise<Visitor> => {
    const arriving = visitor(portal, host);
    await arriving.signIn(name, passwordOf(name));
    return arriving;
  };
  const password = visitor(portal, host);
  if (!(await password.firstFactor("alice", passwordOf("alice"))))
    throw new Error("alice's password is not right");
  // One after the other: there is one place for messages.
  const alice = await arrive("alice");
  const ada = await arrive("ada");
  return { nobody: visitor(portal, host), password, alice, ada, guest: await arrive("guest") };
}

/** Whether each of some passwords lets somebody in, tried in order. */
export async function tries(
  portal: Portal,
  host: string,
  name: string,
  passwords: readonly string[],
): Promise<boolean[]> {
  const trying = visitor(portal, host);
  const outcomes: boolean[] = [];
  for (const password of passwords) outcomes.push(await trying.firstFactor(name, password));
  return outcomes;
}
