import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { Secret } from "../../../local/plugins/server";
import { kind, made, text } from "./resources";

const all = [
  ["RSA", { algorithm: "RSA" }, "RSA PRIVATE KEY", "ssh-rsa"],
  ["RSA 3072", { algorithm: "RSA", rsaBits: 3072 }, "RSA PRIVATE KEY", "ssh-rsa"],
  ["P256", { algorithm: "ECDSA", ecdsaCurve: "P256" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp256"],
  ["P384", { algorithm: "ECDSA", ecdsaCurve: "P384" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp384"],
  ["P521", { algorithm: "ECDSA", ecdsaCurve: "P521" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp521"],
  ["ED25519", { algorithm: "ED25519" }, "PRIVATE KEY", "ssh-ed25519"],
] as const;

const execute = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "vibecode-keys-"));
});
afterAll(() => fs.rm(folder, { recursive: true }));

describe.each(all)("a key of %s", (name, args, label, type) => {
  test("is the same key in every format, and its id the hash of its public half", async () => {
    const state = await made("PrivateKey", args);
    const pem = text(state, "privateKeyPem");
    expect(pem).toMatch(new RegExp(`^-----BEGIN ${label}-----\n(.|\n)*\n-----END ${label}-----\n$`));
    expect(text(state, "privateKeyPemPkcs8")).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);

    const message = Buffer.from("signed by one, checked by the other");
    const digest = name === "ED25519" ? null : "sha256";
    const signature = sign(digest, message, createPrivateKey(text(state, "privateKeyPemPkcs8")));
    expect(verify(digest, message, createPublicKey(text(state, "publicKeyPem")), signature)).toBe(true);
    const der = createPublicKey(pem).export({ type: "spki", format: "der" });
    expect(state["id"]).toBe(createHash("sha1").update(der).digest("hex"));
    expect(state).toMatchObject({
      rsaBits: 2048,
      ecdsaCurve: "P224",
      ...args,
      __meta: '{"schema_version":"1"}',
    });
  });

  // ssh-keygen reads the key as OpenSSH would, and prints what we must have printed.
  test("is read by OpenSSH", async () => {
    const state = await made("PrivateKey", args);
    const file = path.join(folder, name);
    await fs.writeFile(file, text(state, "privateKeyOpenssh"), { mode: 0o600 });
    const openssh = text(state, "publicKeyOpenssh");
    expect(openssh.startsWith(`${type} AAAA`)).toBe(true);
    const found = await execute("ssh-keygen", ["-y", "-P", "", "-f", file]);
    expect(found.stdout).toBe(openssh);
    const fingerprint = async (hash: string) =>
      (await execute("ssh-keygen", ["-l", "-E", hash, "-f", file])).stdout.split(" ")[1];
    expect(await fingerprint("md5")).toBe(`MD5:${text(state, "publicKeyFingerprintMd5")}`);
    expect(await fingerprint("sha256")).toBe(state["publicKeyFingerprintSha256"]);
  });
});

test("a key on the curve P224, the default, has no OpenSSH format", async () => {
  const state = await made("PrivateKey", { algorithm: "ECDSA" });
  expect(createPrivateKey(text(state, "privateKeyPem")).asymmetricKeyDetails?.namedCurve).toBe("secp224r1");
  expect(state).toMatchObject({
    ecdsaCurve: "P224",
    privateKeyOpenssh: "",
    publicKeyOpenssh: "",
    publicKeyFingerprintMd5: "",
    publicKeyFingerprintSha256: "",
  });
});

test("every private format is secret", async () => {
  const { state } = await kind("PrivateKey").make({ algorithm: "ED25519" });
  const secrets = Object.keys(state).filter((name) => state[name] instanceof Secret);
  expect(secrets.sort()).toEqual(["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"]);
});

test.each([
  [{ algorithm: "DSA" }, "algorithm", "must be one of RSA, ECDSA, ED25519"],
  [{ algorithm: "ECDSA", ecdsaCurve: "P-256" }, "ecdsaCurve", "must be one of P224, P256, P384, P521"],
  [{ algorithm: "RSA", rsaBits: 8 }, "rsaBits", "must be at least 512"],
  [
    { algorithm: "RSA", opensshComment: "x" },
    "opensshComment",
    "the offline plugin does not support this argument",
  ],
])("%j is refused", (args, property, reason) => {
  expect(kind("PrivateKey").mistakes(args)).toEqual([{ property, reason }]);
});
