import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as fc from "fast-check";

import { images } from "../../components/images";
import { looksSecret, namesSecret } from "../../policy/looks-secret";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const from = (alphabet: string, minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...Array.from(alphabet, (letter) => letter)), minLength, maxLength });
const small = "abcdefghijklmnopqrstuvwxyz";
const hex = from("0123456789abcdef", 64);
// What Kubernetes draws its suffixes from.
const suffix = from("bcdfghjklmnpqrstvwxz2456789", 10);
const word = from(small, 1, 12);
const around = fc.tuple(fc.constantFrom("", "x: ", '{"a":"', "--flag="), fc.constantFrom("", '"}', "\nb: 2"));

/** That no value of a kind is taken for a secret, whatever stands around it. */
function open(values: fc.Arbitrary<string>): void {
  fc.assert(
    fc.property(values, around, (value, [before, after]) => {
      expect(looksSecret(`${before}${value}${after}`)).toBeUndefined();
    }),
  );
}

describe("what everybody may read is no secret:", () => {
  test("UUIDs", () => {
    open(fc.uuid());
    open(fc.uuid().map((id) => id.toUpperCase()));
  });

  test("digests of images, and commits", () => {
    open(hex.map((digest) => `registry.example.com/team/workspace:v1.2.3@sha256:${digest}`));
    open(from("0123456789abcdef", 40));
    for (const image of Object.values(images)) expect(looksSecret(image)).toBeUndefined();
  });

  test("certificates and public keys", () => {
    const body = bytes(700).map((raw) => Buffer.from(raw).toString("base64").replaceAll(/.{64}/g, "$&\n"));
    const pem = (kind: string) =>
      body.map((text) => `-----BEGIN ${kind}-----\n${text}\n-----END ${kind}-----`);
    open(pem("CERTIFICATE"));
    open(pem("PUBLIC KEY"));
    open(fc.tuple(pem("CERTIFICATE"), pem("CERTIFICATE")).map((both) => both.join("\n")));
    open(bytes(51).map((raw) => `ssh-ed25519 AAAA${Buffer.from(raw).toString("base64")} alice@example.com`));
  });

  test("names of Kubernetes, of hosts and of files", () => {
    const words = (between: string) =>
      fc.array(word, { minLength: 1, maxLength: 6 }).map((all) => all.join(between));
    open(fc.tuple(words("-"), suffix, from(small, 5)).map((parts) => parts.join("-")));
    open(words(".").map((host) => `https://${host}:8443/api/authz/forward-auth`));
    open(words("/").map((path) => `/${path}/config.d/10-default.yaml`));
    open(words("_").map((name) => name.toUpperCase()));
  });

  test("names that programs give: camels, headers, options", () => {
    const camel = fc
      .array(from(small, 2, 10), { minLength: 2, maxLength: 7 })
      .map((all) => all.map((each) => each.charAt(0).toUpperCase() + each.slice(1)));
    open(camel.map((parts) => parts.join("")));
    open(camel.map((parts) => parts.join("-")));
    open(camel.map((parts) => `V1${parts.join("")}2`));
  });

  test.each([
    "--proxy-domain={{port}}--alice.dev.example.com",
    "--client-id=Ov23liA1b2C3d4E5f6G7",
    "client_id: 0oa1b2C3d4E5f6G7h8i9",
    "postgres://user@db.example.com:5432/authelia",
    "redis://${USER}:${PASSWORD}@valkey:6379",
    "argon2id, 3 iterations, 64 MiB",
    "sha512-Qm3yJ0oL8n1xW2vB4kZ6tY9sR7pD5fH3gA1cE0iU8wTqXzVbNmKlJhGfDsAqWeRtYuIoPlKjHgFdSaZxCvBnMQ==",
  ])("%s", (text) => {
    expect(looksSecret(text)).toBeUndefined();
  });

  test("the platform's own files", () => {
    for (const file of [
      "data/postgres/postgresql.conf",
      "data/postgres/prepare.sh",
      "data/valkey/valkey.conf",
      "ingress/stopped-page/stopped.go",
    ])
      expect(looksSecret(readFileSync(join(__dirname, "../../components", file), "utf8"))).toBeUndefined();
  });
});

// Of a thousand drawn some look written and are let through: of 20000 it was 0, 1.5, 2.4, 8, 31 and 7 in a thousand.
const missed = (make: () => string): number =>
  Array.from({ length: 1000 }, () => `key: ${make()}`).filter((text) => looksSecret(text) === undefined)
    .length;
const draw = (alphabet: string, length: number) =>
  Array.from(randomBytes(length), (byte) => alphabet.charAt(byte % alphabet.length)).join("");
const letters = `${small}${small.toUpperCase()}`;

test.each([
  ["32 bytes, hexadecimal", () => randomBytes(32).toString("hex"), 0],
  ["32 bytes, base64", () => randomBytes(32).toString("base64"), 15],
  ["32 bytes, base64 of URLs", () => randomBytes(32).toString("base64url"), 15],
  ["32 letters and digits, as passwords are generated here", () => draw(`${letters}0123456789`, 32), 30],
  ["40 letters", () => draw(letters, 40), 70],
  ["32 small letters and digits", () => draw(`${small}0123456789`, 32), 30],
])("a generated token is one: %s", (_, make, most) => {
  expect(missed(make)).toBeLessThanOrEqual(most);
});

test.each([
  ["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r"],
  ["one of another kind", "-----BEGIN PRIVATE KEY-----"],
  ["a password's hash", "alice:$2y$10$abcdefghijklmnopqrstuv"],
  ["another hash", "password: $argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"],
  ["a web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlMTIz"],
  ["GitHub's", `ghp_${"a".repeat(36)}`],
  ["GitLab's", `glpat-${"b".repeat(20)}`],
  ["Slack's", "xoxb-1234567890-abcdef"],
  ["AWS's", "AKIAIOSFODNN7EXAMPLE"],
  ["Google's", `AIza${"c".repeat(35)}`],
  ["Claude's", `sk-ant-${"d".repeat(24)}`],
  ["Stripe's", `sk_live_${"e".repeat(24)}`],
  ["Vault's", `hvs.${"f".repeat(24)}`],
  ["an address with a password", "postgres://authelia:hunter22@db.example.com/authelia"],
])("%s is a secret by its beginning", (_, text) => {
  expect(looksSecret(`x: "${text}"`)).toEqual(expect.any(String));
});

test("a variable's name says that it is a secret at its end", () => {
  const names = [
    "PASSWORD",
    "DB_PASSWORD",
    "client_secret",
    "GITHUB_TOKEN",
    "OPENAI_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
  ];
  expect(names.filter((name) => !namesSecret(name))).toEqual([]);
  const others = ["DB_PASSWORD_FILE", "TOKENIZER", "KEYBOARD", "SECRETARY", "PASSWORD_POLICY", "PUBLIC_KEY"];
  expect(others.filter(namesSecret)).toEqual([]);
});
