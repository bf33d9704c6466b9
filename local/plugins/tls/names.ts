import { isIP } from "node:net";
import { z } from "zod";
import { Name, SubjectAlternativeNameExtension } from "./x509";
import type { Extension } from "./x509";

const part = z.string().optional();

/** The parts of a distinguished name. */
export const subject = z.strictObject({
  commonName: part,
  country: part,
  emailAddress: part,
  locality: part,
  organization: part,
  organizationalUnit: part,
  postalCode: part,
  province: part,
  serialNumber: part,
  streetAddresses: z.array(z.string()).optional(),
});

/** Who a certificate is for. */
export const alternativeNames = {
  dnsNames: z.array(z.string().min(1, "must not be empty")).optional(),
  ipAddresses: z.array(z.string().refine((ip) => isIP(ip) !== 0, "is no IP address")).optional(),
  uris: z.array(z.string().refine((uri) => URL.canParse(uri), "is no URI")).optional(),
};

/** The object identifiers of the parts, in the order in which Go, and so the official provider, writes them. */
const parts = [
  ["country", "2.5.4.6"],
  ["organization", "2.5.4.10"],
  ["organizationalUnit", "2.5.4.11"],
  ["locality", "2.5.4.7"],
  ["province", "2.5.4.8"],
  ["streetAddresses", "2.5.4.9"],
  ["postalCode", "2.5.4.17"],
  ["commonName", "2.5.4.3"],
  ["serialNumber", "2.5.4.5"],
  ["emailAddress", "1.2.840.113549.1.9.1"],
] as const;

// The library reads escapes and quotes in a plain text, but takes a typed one as it is.
function typed(name: string, value: string) {
  if (name === "emailAddress") return { ia5String: value };
  return Name.isPrintableString(value) ? { printableString: value } : { utf8String: value };
}

export function distinguishedName(given: z.infer<typeof subject> = {}): Name {
  const list = parts.flatMap(([name, oid]) => {
    const value = given[name];
    const values = (typeof value === "string" ? [value] : (value ?? [])).filter((text) => text !== "");
    return values.length === 0 ? [] : [{ [oid]: values.map((text) => typed(name, text)) }];
  });
  return new Name(list);
}

export const isEmpty = (name: Name): boolean => name.toString() === "";

interface AlternativeNames {
  dnsNames?: string[] | undefined;
  ipAddresses?: string[] | undefined;
  uris?: string[] | undefined;
}

/** @param critical whether the name says it all: where the distinguished name is empty */
export function alternativeNameExtensions(
  { dnsNames = [], ipAddresses = [], uris = [] }: AlternativeNames,
  critical: boolean,
): Extension[] {
  const names = [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...ipAddresses.map((value) => ({ type: "ip" as const, value })),
    ...uris.map((value) => ({ type: "url" as const, value })),
  ];
  return names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names, critical)];
}
