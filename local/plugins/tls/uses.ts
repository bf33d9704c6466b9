import { ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension } from "./x509";
import type { Extension } from "./x509";

const flags: Record<string, KeyUsageFlags> = {
  cert_signing: KeyUsageFlags.keyCertSign,
  content_commitment: KeyUsageFlags.nonRepudiation,
  crl_signing: KeyUsageFlags.cRLSign,
  data_encipherment: KeyUsageFlags.dataEncipherment,
  decipher_only: KeyUsageFlags.decipherOnly,
  digital_signature: KeyUsageFlags.digitalSignature,
  encipher_only: KeyUsageFlags.encipherOnly,
  key_agreement: KeyUsageFlags.keyAgreement,
  key_encipherment: KeyUsageFlags.keyEncipherment,
};

/** RFC 5280's extended uses, and four of vendors'. */
const purposes: Record<string, string> = {
  any_extended: "2.5.29.37.0",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  ipsec_end_system: "1.3.6.1.5.5.7.3.5",
  ipsec_tunnel: "1.3.6.1.5.5.7.3.6",
  ipsec_user: "1.3.6.1.5.5.7.3.7",
  microsoft_commercial_code_signing: "1.3.6.1.4.1.311.2.1.22",
  microsoft_kernel_code_signing: "1.3.6.1.4.1.311.61.1.1",
  microsoft_server_gated_crypto: "1.3.6.1.4.1.311.10.3.3",
  netscape_server_gated_crypto: "2.16.840.1.113730.4.1",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
  server_auth: "1.3.6.1.5.5.7.3.1",
  timestamping: "1.3.6.1.5.5.7.3.8",
};

/** What `allowedUses` may hold. */
export const uses = [...Object.keys(flags), ...Object.keys(purposes)].sort();

/** What is wrong with one of `allowedUses`, undefined when nothing is. */
export function useMistake(use: string): string | undefined {
  if (uses.includes(use)) return undefined;
  const snake = use.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  // The documentation of the Pulumi package prints the names in the wrong case.
  return `"${use}" is no use of a key; ${uses.includes(snake) ? `write ${snake}` : `allowed are ${uses.join(", ")}`}`;
}

const hasFlags = (sum: number): sum is KeyUsageFlags => sum !== 0;

export function useExtensions(allowed: readonly string[]): Extension[] {
  const usage = allowed.reduce((sum, use) => sum | (flags[use] ?? 0), 0);
  const oids = allowed.flatMap((use) => purposes[use] ?? []);
  return [
    ...(hasFlags(usage) ? [new KeyUsagesExtension(usage, true)] : []),
    ...(oids.length === 0 ? [] : [new ExtendedKeyUsageExtension(oids)]),
  ];
}
