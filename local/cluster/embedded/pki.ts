import "reflect-metadata";

import * as x509 from "@peculiar/x509";
import {
  createPrivateKey,
  createPublicKey,
  KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from "node:crypto";
import { chmod, mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import * as path from "node:path";

import { UserError } from "../../errors";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const day = 24 * 3600 * 1000;

/** A certificate and its key, PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

interface Authority {
  cert: string;
  parsed: x509.X509Certificate;
  key: webcrypto.CryptoKey;
}

/** Who a certificate is for. */
interface Leaf {
  user: string;
  /** Kubernetes groups of the user. */
  group?: string;
  /** Addresses and names it serves; none for a client only. */
  serves?: string[];
}

/**
 * All the keys of a cluster. Authorities, the service accounts' key and the key that encrypts Secrets in the
 * database are kept in `folder` for as long as the cluster lives. Certificates are issued anew at each start,
 * for a year: that takes milliseconds and none of them ever gets old.
 */
export async function pki(folder: string, node: string, nodeAddress: string, apiService: string) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const ca = await authority(folder, "ca");
  const etcdCa = await authority(folder, "etcd-ca");
  const local = ["127.0.0.1", "localhost"];
  const api = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
  ];
  const certificates: Record<string, [Authority, Leaf]> = {
    etcd: [etcdCa, { user: "etcd", serves: local }],
    "etcd-client": [etcdCa, { user: "kube-apiserver" }],
    apiserver: [ca, { user: "kube-apiserver", serves: [...local, nodeAddress, apiService, ...api] }],
    "apiserver-kubelet-client": [ca, { user: "kube-apiserver", group: "system:masters" }],
    kubelet: [ca, { user: `system:node:${node}`, group: "system:nodes" }],
    "kubelet-server": [ca, { user: node, serves: [node, nodeAddress] }],
    admin: [ca, { user: "admin", group: "system:masters" }],
    "controller-manager": [ca, { user: "system:kube-controller-manager" }],
    scheduler: [ca, { user: "system:kube-scheduler" }],
    "kube-proxy": [ca, { user: "system:kube-proxy" }],
    "kube-router": [ca, { user: "vibecode:kube-router" }],
    storage: [ca, { user: "vibecode:storage" }],
  };
  const pairs = new Map<string, KeyPair>();
  for (const [name, [issuer, leaf]] of Object.entries(certificates)) {
    const pair = await issue(issuer, leaf);
    pairs.set(name, pair);
    await secretFile(path.join(folder, `${name}.crt`), pair.cert);
    await secretFile(path.join(folder, `${name}.key`), pair.key);
  }
  await kept(path.join(folder, "service-accounts.key"), async () => (await newKey()).pem);
  return {
    ca: ca.cert,
    /** The pair issued under this name. */
    pair(name: string): KeyPair {
      const pair = pairs.get(name);
      if (!pair) throw new Error(`no certificate is named ${name}`);
      return pair;
    },
    encryption: await kept(path.join(folder, "encryption.key"), () =>
      Promise.resolve(randomBytes(32).toString("base64")),
    ),
  };
}

/**
 * Reads a file, or makes it with what `make` gives; readable by its owner only. A new one in the place of one that
 * cannot be read would make the cluster's data worthless, so that is an error.
 */
async function kept(file: string, make: () => Promise<string>): Promise<string> {
  const there = await readKept(file);
  if (there !== undefined) return there;
  const text = await make();
  // Whole and on the disk before it has its name: a power cut leaves either nothing or all of it.
  const unfinished = await open(`${file}.new`, "w", 0o600);
  try {
    await unfinished.writeFile(text);
    await unfinished.sync();
  } finally {
    await unfinished.close();
  }
  await rename(`${file}.new`, file);
  return text;
}

/** What the file holds; undefined where there is none. */
async function readKept(file: string): Promise<string | undefined> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    if (typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ENOENT")
      return undefined;
    throw unusable(file, `cannot be read: ${String(cause)}`);
  });
  if (text?.trim() === "") throw unusable(file, "is empty");
  return text;
}

const unusable = (file: string, why: string): UserError =>
  new UserError(
    `the cluster's key ${file} ${why}`,
    "bring it back from a copy, or run `make destroy`, which removes the cluster with all its data",
  );

async function secretFile(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 });
}

async function newKey(): Promise<{ pair: webcrypto.CryptoKeyPair; pem: string }> {
  const pair = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const pem = KeyObject.from(pair.privateKey).export({ type: "sec1", format: "pem" }).toString();
  return { pair, pem };
}

async function authority(folder: string, name: string): Promise<Authority> {
  const keyFile = path.join(folder, `${name}.key`);
  const certFile = path.join(folder, `${name}.crt`);
  // The key is made first: one without a certificate was cut off, the other way round the key is lost.
  if ((await readKept(certFile)) !== undefined && (await readKept(keyFile)) === undefined)
    throw unusable(keyFile, "is gone");
  const pem = await kept(keyFile, async () => (await newKey()).pem);
  const pkcs8 = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  const key = await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
  const cert = await kept(certFile, async () => {
    const publicKey = await publicOf(key);
    const made = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: `01${randomBytes(8).toString("hex")}`,
      name: `CN=vibecode ${name}`,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 3650 * day),
      keys: { privateKey: key, publicKey },
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    return made.toString("pem") + "\n";
  });
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(pem)))
    throw unusable(keyFile, "does not belong to its certificate");
  return { cert, parsed: new x509.X509Certificate(cert), key };
}

async function publicOf(key: webcrypto.CryptoKey): Promise<webcrypto.CryptoKey> {
  const spki = createPublicKey(KeyObject.from(key).export({ type: "pkcs8", format: "pem" }));
  return webcrypto.subtle.importKey("spki", spki.export({ type: "spki", format: "der" }), algorithm, true, [
    "verify",
  ]);
}

async function issue(ca: Authority, leaf: Leaf): Promise<KeyPair> {
  const { pair, pem } = await newKey();
  const serves = (leaf.serves ?? []).map((value): x509.JsonGeneralName => ({
    type: /^[\d.]+$/.test(value) ? "ip" : "dns",
    value,
  }));
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(8).toString("hex")}`,
    subject: [{ CN: [leaf.user] }, ...(leaf.group === undefined ? [] : [{ O: [leaf.group] }])],
    issuer: ca.parsed.subjectName,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 365 * day),
    signingKey: ca.key,
    publicKey: pair.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      // A server's certificate is a client's as well: etcd asks itself with its own.
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.clientAuth,
        ...(serves.length > 0 ? [x509.ExtendedKeyUsage.serverAuth] : []),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.parsed.publicKey),
      ...(serves.length > 0 ? [new x509.SubjectAlternativeNameExtension(serves)] : []),
    ],
  });
  return { cert: cert.toString("pem") + "\n", key: pem };
}
