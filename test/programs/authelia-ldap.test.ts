import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { auth } from "../../infra/auth";
import { authelia, type Authelia } from "../sign-in/authelia";
import { directory, groupDn, personDn, type Directory } from "../sign-in/directory";
import { visitor, type Visitor } from "../sign-in/portal";
import { mounted, password } from "../sign-in/stack";

jest.setTimeout(60_000);

const domain = "dev.example.com";
const portal = `auth.${domain}`;
const root = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-ldap-"));
const folder = () => fs.mkdtempSync(path.join(root, "authelia-"));

let people: Directory;
let one: Authelia;
const running: { stop: () => Promise<void> }[] = [];

const backend = () => ({
  type: "ldap",
  address: people.url,
  baseDn: people.baseDn,
  user: people.reader.dn,
});
const tree = z.looseObject({ authentication_backend: z.looseObject({}) });

/** Authelia with what a stack would have mounted, but for how long it believes what the directory said. */
async function withDirectory(said: object = {}, ca = people.ca, refresh = "1s"): Promise<Authelia> {
  const own = folder();
  const authorities = path.join(own, "authorities");
  fs.mkdirSync(authorities);
  fs.writeFileSync(path.join(authorities, "authorities.crt"), ca);
  const stack = await mounted(domain, 443, { backend: { ...backend(), ...said } });
  const configuration = tree.parse(stack.configuration);
  expect(configuration.authentication_backend).toMatchObject({ refresh_interval: "1m" });
  const started = await authelia({
    folder: own,
    configuration: {
      ...configuration,
      certificates_directory: authorities,
      authentication_backend: { ...configuration.authentication_backend, refresh_interval: refresh },
    },
    users: "",
    secrets: { AUTHENTICATION_BACKEND_LDAP_PASSWORD: people.reader.password },
  });
  running.push(started);
  return started;
}

const lets = (name: string, word: string, to = one): Promise<boolean> =>
  visitor(to, portal).firstFactor(name, word);

async function arrive(name: string): Promise<Visitor> {
  const arriving = visitor(one, portal);
  await arriving.signIn(name, password);
  return arriving;
}

const status = async (who: Visitor, label: string) => (await who.ask({ host: `${label}.${domain}` })).status;

/** Waits until the check answers this, longer than the directory's word is believed. */
async function sees(who: Visitor, label: string, expected: number): Promise<void> {
  const end = Date.now() + 20_000;
  for (;;) {
    const seen = await status(who, label);
    if (seen === expected) return;
    if (Date.now() > end) throw new Error(`${label} answers ${seen}, not ${expected}`);
    await sleep(200);
  }
}

beforeAll(async () => {
  people = await directory(
    root,
    [
      { uid: "alice", groups: ["developers", "staff"] },
      // As some directories write names.
      { uid: "BOB", groups: ["developers"] },
      { uid: "admin", groups: ["admins"] },
      { uid: "guest", groups: ["guests"] },
      { uid: "carol", groups: [] },
      // In the directory, and not among the stack's users.
      { uid: "dave", groups: ["developers"] },
      { uid: "grafana", groups: ["developers"] },
      // A name that is a pattern where it is not escaped.
      { uid: "eve", rdn: "cn=*", groups: [] },
    ],
    password,
  );
  running.push(people);
  one = await withDirectory();
}, 1_800_000);
afterAll(async () => {
  await Promise.all(running.map(({ stop }) => stop()));
  fs.rmSync(root, { recursive: true, force: true });
});

describe("a password", () => {
  test.each([
    ["alice", password, true],
    ["ALICE", password, true],
    ["bob", password, true],
    ["carol", password, true],
    ["alice", "wrong", false],
    ["alice", "", false],
    ["alice", "\0", false],
    ["nobody", password, false],
    ["", password, false],
    ["sign-in", "reader-password", false],
    ["cn=sign-in,dc=example,dc=com", "reader-password", false],
    ["alice@example.com", password, false],
    // What would find alice, or somebody, were it not escaped.
    ["*", password, false],
    ["al*", password, false],
    ["al*ce", password, false],
    ["alice)(uid=*", password, false],
    [")(uid=*", password, false],
    ["alice)(objectClass=*", password, false],
    ["x)(|(uid=alice", password, false],
    ["alice))(|(uid=x", password, false],
    ["\\61lice", password, false],
    ["alice\0", password, false],
    ["uid=alice,ou=people,dc=example,dc=com", password, false],
  ])("of %j: %j is right: %p", async (name, word, right) => {
    expect(await lets(name, word)).toBe(right);
  });
});

describe("who reaches what", () => {
  test.each<[string, string, number]>([
    ["alice", "alice", 200],
    ["alice", "3000--alice", 200],
    ["alice", "bob", 403],
    ["alice", "grafana", 403],
    ["ALICE", "alice", 200],
    ["ALICE", "bob", 403],
    ["bob", "bob", 200],
    ["bob", "alice", 403],
    ["admin", "grafana", 200],
    ["admin", "alice", 403],
    ["guest", "guest", 403],
    ["carol", "carol", 403],
    ["carol", "alice", 403],
    ["eve", "eve", 403],
    ["dave", "dave", 403],
    ["dave", "3000--dave", 403],
    ["dave", "alice", 403],
    // A host of the platform's own is nobody's editor, whatever the directory calls people.
    ["grafana", "grafana", 403],
  ])("%s at %s: %d", async (name, label, answer) => {
    expect(await status(await arrive(name), label)).toBe(answer);
  });

  test("a name typed in upper case is the directory's own name afterwards", async () => {
    const alice = await (await arrive("ALICE")).ask({ host: `alice.${domain}` });
    expect(alice.headers).toMatchObject({ "remote-user": "alice", "remote-groups": "developers,staff" });
    const bob = await (await arrive("bob")).ask({ host: `bob.${domain}` });
    expect(bob.headers).toMatchObject({ "remote-user": "BOB", "remote-groups": "developers" });
  });
});

describe("somebody signed in", () => {
  const member = (how: "add" | "delete", uid: string, group: string) => {
    people.change(`dn: ${groupDn(group)}\nchangetype: modify\n${how}: member\nmember: ${personDn(uid)}\n`);
  };

  test("loses the workspace with the group, and has it again with the group, by the same session", async () => {
    const alice = await arrive("alice");
    expect(await status(alice, "alice")).toBe(200);
    member("delete", "alice", "developers");
    await sees(alice, "alice", 403);
    member("add", "alice", "developers");
    await sees(alice, "alice", 200);
  });

  test("gains and loses the platform's hosts with the group of administrators", async () => {
    const alice = await arrive("alice");
    member("add", "alice", "admins");
    await sees(alice, "grafana", 200);
    expect(await status(alice, "bob")).toBe(403);
    member("delete", "alice", "admins");
    await sees(alice, "grafana", 403);
  });

  test("is signed out when gone from the directory, for good", async () => {
    const bob = await arrive("bob");
    const entry = personDn("BOB");
    const moved = (from: string, rdn: string) =>
      `dn: ${from}\nchangetype: modrdn\nnewrdn: ${rdn}\ndeleteoldrdn: 1\n`;
    people.change(moved(entry, "uid=gone"));
    // What the check first finds, it answers with 401; afterwards it is somebody who has not signed in.
    await sees(bob, "bob", 302);
    people.change(moved(personDn("gone"), "uid=BOB"));
    await sleep(1_500);
    expect(await status(bob, "bob")).toBe(302);
  });

  // Of 4.37.5: from 4.38 on, sessions last while the directory is away, with the groups that were last heard of.
  test("is believed until the next question, and not longer while the directory is away", async () => {
    // Long enough for what is asked in between.
    const patient = await withDirectory({}, people.ca, "12s");
    const alice = visitor(patient, portal);
    const until = Date.now() + 12_000;
    await alice.signIn("alice", password);
    await people.stop();
    try {
      expect(await lets("carol", password)).toBe(false);
      expect(await lets("carol", password, patient)).toBe(false);
      expect(await status(alice, "alice")).toBe(200);
      await sees(alice, "alice", 302);
      expect(Date.now()).toBeGreaterThanOrEqual(until);
    } finally {
      await people.start();
    }
    await sees(alice, "alice", 200);
    expect(await lets("carol", password)).toBe(true);
  });
});

describe("the way to the directory", () => {
  const started = async (said: object, ca = people.ca) => {
    const another = await withDirectory(said, ca);
    return lets("carol", password, another);
  };

  test("may begin without TLS where StartTLS follows", async () => {
    expect(await started({ address: people.plainUrl, startTls: true })).toBe(true);
  });

  test("has no TLS that another authority signed", async () => {
    const other = fs.mkdtempSync(path.join(root, "other-"));
    const { ca, stop } = await directory(other, [], password);
    await stop();
    await expect(started({}, ca)).rejects.toThrow("certificate signed by unknown authority");
    const plain = { address: people.plainUrl, startTls: true };
    await expect(started(plain, ca)).rejects.toThrow("certificate signed by unknown authority");
  });

  test("has no TLS of another name", async () => {
    const address = people.url.replace("localhost", "127.0.0.1");
    await expect(started({ address })).rejects.toThrow("cannot validate certificate for 127.0.0.1");
  });

  test.each([
    "ldap://ldap.example.com",
    "ldap://ldap.example.com:636",
    "LDAP://ldap.example.com",
    "ldapi:///x",
  ])("is never %s alone: the stack's config is refused", (address) => {
    const said = { kind: "authelia", backend: { ...backend(), address } };
    expect(auth.safeParse(said).success).toBe(false);
    expect(auth.safeParse({ ...said, backend: backend() }).success).toBe(true);
  });
});
