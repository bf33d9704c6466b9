import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { connects, freePort, start } from "./process";
import { ownFolder, restartable, userCalled, type Store } from "./stores";

/** Somebody in the directory, below `ou=people`. */
export interface Entry {
  uid: string;
  /** Its name there; default `uid=<uid>`. */
  rdn?: string;
  groups: readonly string[];
}

/** A directory on loopback. Stopped and started again, it has its ports and what was stored. */
export interface Directory extends Pick<Store, "start" | "stop"> {
  /** By TLS, for a certificate of `localhost`. */
  url: string;
  /** Without, where it takes no password before StartTLS. */
  plainUrl: string;
  /** What its certificate is checked with, PEM. */
  ca: string;
  baseDn: string;
  /** The one account that may search, and see no password. */
  reader: { dn: string; password: string };
  /** Does what LDIF says, with all rights. */
  change: (ldif: string) => void;
}

const baseDn = "dc=example,dc=com";
const admin = { dn: `cn=admin,${baseDn}`, password: "admin-password" };
const reader = { dn: `cn=sign-in,${baseDn}`, password: "reader-password" };

/** Name of an entry in LDIF. */
export const personDn = (uid: string): string => `uid=${uid},ou=people,${baseDn}`;
export const groupDn = (group: string): string => `cn=${group},ou=groups,${baseDn}`;

/**
 * Debian's slapd (package `slapd`) with people (inetOrgPerson) in groups (groupOfNames). It is started.
 *
 * @param password everybody's
 */
export async function directory(
  folder: string,
  people: readonly Entry[],
  password: string,
): Promise<Directory> {
  // It does not run as root: Debian's package made a user for it.
  const user = process.getuid?.() === 0 ? userCalled("openldap") : undefined;
  const own = ownFolder(folder, "directory", user);
  const file = (name: string) => path.join(own, name);
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: own, stdio: "pipe", ...user });
  const [tls, plain] = [await freePort(), await freePort()];

  certificates(run);
  fs.writeFileSync(file("slapd.conf"), configuration(own));
  fs.writeFileSync(file("people.ldif"), tree(people, password));
  fs.mkdirSync(file("data"));
  if (user !== undefined) fs.chownSync(file("data"), user.uid, user.gid);
  run("/usr/sbin/slapadd", "-f", "slapd.conf", "-l", "people.ldif");

  const url = `ldaps://localhost:${tls}`;
  const plainUrl = `ldap://localhost:${plain}`;
  const control = restartable(() =>
    start({
      folder: own,
      program: "/usr/sbin/slapd",
      // A level of log keeps it in the foreground.
      args: ["-f", file("slapd.conf"), "-h", `${url} ${plainUrl}`, "-d", "stats"],
      user,
      ready: () => Promise.all([connects(tls), connects(plain)]),
    }),
  );
  await control.start();
  return {
    ...control,
    url,
    plainUrl,
    ca: fs.readFileSync(file("ca.crt"), "utf8"),
    baseDn,
    reader,
    change: (ldif) => {
      execFileSync("ldapmodify", ["-H", url, "-x", "-D", admin.dn, "-w", admin.password], {
        input: ldif,
        // It reads `localhost` as the machine's own name.
        env: { ...process.env, LDAPTLS_REQCERT: "never" },
        stdio: "pipe",
      });
    },
  };
}

/** An authority and what it signed for `localhost`. */
function certificates(run: (program: string, ...args: string[]) => void): void {
  const request = (name: string, ...more: string[]) => {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${name}.key`];
    run("openssl", "req", "-x509", ...key, "-out", `${name}.crt`, "-days", "2", ...more);
  };
  request("ca", "-subj", "/CN=Authority of a test");
  const leaf = ["subjectAltName=DNS:localhost", "basicConstraints=critical,CA:FALSE"];
  const extensions = leaf.flatMap((extension) => ["-addext", extension]);
  request("server", "-subj", "/CN=localhost", "-CA", "ca.crt", "-CAkey", "ca.key", ...extensions);
}

function configuration(own: string): string {
  const schemas = ["core", "cosine", "inetorgperson"].map(
    (name) => `include /etc/ldap/schema/${name}.schema`,
  );
  return [
    ...schemas,
    "modulepath /usr/lib/ldap",
    "moduleload back_mdb",
    `TLSCertificateFile ${own}/server.crt`,
    `TLSCertificateKeyFile ${own}/server.key`,
    // No password without TLS.
    "security simple_bind=128",
    "database mdb",
    `suffix ${baseDn}`,
    `directory ${own}/data`,
    // Nothing of a test outlives the machine.
    "dbnosync",
    `rootdn ${admin.dn}`,
    `rootpw ${admin.password}`,
    "access to attrs=userPassword by anonymous auth by * none",
    `access to * by dn.exact="${reader.dn}" read by * none`,
    "",
  ].join("\n");
}

function tree(people: readonly Entry[], password: string): string {
  const nameOf = ({ uid, rdn }: Entry) => (rdn === undefined ? personDn(uid) : `${rdn},ou=people,${baseDn}`);
  const groups = [...new Set(people.flatMap((person) => person.groups))];
  const entries: [string, [string, string][]][] = [
    [
      baseDn,
      [
        ["objectClass", "organization"],
        ["objectClass", "dcObject"],
        ["o", "Example"],
      ],
    ],
    [`ou=people,${baseDn}`, [["objectClass", "organizationalUnit"]]],
    [`ou=groups,${baseDn}`, [["objectClass", "organizationalUnit"]]],
    [
      reader.dn,
      [
        ["objectClass", "organizationalRole"],
        ["objectClass", "simpleSecurityObject"],
        ["userPassword", reader.password],
      ],
    ],
    ...people.map((person): [string, [string, string][]] => [
      nameOf(person),
      [
        ["objectClass", "inetOrgPerson"],
        ["uid", person.uid],
        ["cn", person.uid],
        ["sn", "Doe"],
        ["displayName", `${person.uid} Doe`],
        ["mail", `${person.uid.toLowerCase()}@example.com`],
        ["userPassword", password],
      ],
    ]),
    ...groups.map((group): [string, [string, string][]] => [
      groupDn(group),
      [
        ["objectClass", "groupOfNames"],
        ...people
          .filter((person) => person.groups.includes(group))
          .map((person): [string, string] => ["member", nameOf(person)]),
      ],
    ]),
  ];
  return entries
    .map(([dn, attributes]) =>
      [["dn", dn] as const, ...attributes].map(([key, value]) => `${key}: ${value}\n`).join(""),
    )
    .join("\n");
}
