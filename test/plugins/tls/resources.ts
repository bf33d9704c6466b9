import type { Kind } from "../../../local/plugins/generated/kind";
import { Secret } from "../../../local/plugins/server";
import type { PropertyMap } from "../../../local/plugins/server";
import { kinds } from "../../../local/plugins/tls/kinds";

/** The kind of one resource type, `SelfSignedCert`, by a clock of the test's own. */
export function kind(name: string, now: () => Date = () => new Date()): Kind {
  const type = `tls:index/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;
  const found = kinds(now)[type];
  if (!found) throw new Error(`no ${type}`);
  return found;
}

/** The state with its secrets unwrapped. */
export const open = (state: PropertyMap): PropertyMap =>
  Object.fromEntries(
    Object.entries(state).map(([key, value]) => [key, value instanceof Secret ? value.value : value]),
  );

/** The state of a resource just made, its secrets unwrapped. */
export async function made(name: string, args: PropertyMap, now?: () => Date): Promise<PropertyMap> {
  return open((await kind(name, now).make(args)).state);
}

/** One text of a state. */
export function text(state: PropertyMap, name: string): string {
  const value = state[name];
  if (typeof value !== "string") throw new Error(`${name} is ${typeof value}`);
  return value;
}

export async function privateKey(
  args: PropertyMap = { algorithm: "ECDSA", ecdsaCurve: "P256" },
): Promise<string> {
  return text(await made("PrivateKey", args), "privateKeyPem");
}

/** An authority's key and certificate, as the arguments of what it signs. */
export async function authority(args: PropertyMap = {}, key?: PropertyMap) {
  const caPrivateKeyPem = await privateKey(key);
  const certificate = await made("SelfSignedCert", {
    privateKeyPem: caPrivateKeyPem,
    subject: { commonName: "Test CA", organization: "VibeCode" },
    isCaCertificate: true,
    allowedUses: ["cert_signing", "crl_signing"],
    validityPeriodHours: 240,
    ...args,
  });
  return { caPrivateKeyPem, caCertPem: text(certificate, "certPem") };
}
