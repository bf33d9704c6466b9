import { isIP } from "node:net";

import { z } from "zod";

import type { DataArgs } from "../components/data";
import type { Mistake } from "./checks";
import { bytesFrom } from "./floors";
import { bytes, cidr, keys, port } from "./values";

const hostMessage = "must be a DNS name in lower case or an IP address, without scheme and port";
const host = z
  .string({ error: hostMessage })
  .max(253, { error: "must be at most 253 characters" })
  .refine((text) => isIP(text) !== 0 || /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(text), {
    error: hostMessage,
  });

const roleMessage = "must be letters, digits, dots, dashes, underscores and @, at most 63 characters";
/** What servers call roles and databases, less what some file or URL would need quotes for. */
const roleName = z
  .string({ error: roleMessage })
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,62}$/, { error: roleMessage });

const certificateMessage = "must be one certificate or several, PEM";
const certificates = z
  .string({ error: certificateMessage })
  .regex(/^(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/, {
    error: certificateMessage,
  });

/** Lowest and highest number of minute, hour, day, month and weekday. */
const cronFields = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

const cronMessage = 'must be five fields of cron in numbers, such as "17 3 * * *"';
const schedule = z.string({ error: cronMessage }).refine(
  (text) => {
    const fields = text.split(" ");
    return (
      fields.length === cronFields.length &&
      cronFields.every((range, index) => fields[index]?.split(",").every((part) => isCronPart(part, range)))
    );
  },
  { error: cronMessage },
);

/** A star, a number or two with a dash, and perhaps a step: `1-5`, or a star and `/15`. */
function isCronPart(part: string, [low, high]: readonly [number, number]): boolean {
  const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/([1-9]\d?))?$/.exec(part);
  if (match === null) return false;
  const from = Number(match[1] ?? low);
  const to = Number(match[2] ?? match[1] ?? high);
  return low <= from && from <= to && to <= high;
}

const backups = keys({
  schedule: schedule.default("17 3 * * *").describe("When the database is dumped: five fields of cron, UTC"),
  keep: z
    .int()
    .min(1)
    .max(3650)
    .default(14)
    .describe("Days after which a dump goes, once there is a newer one"),
  size: bytes.default("2Gi").describe("Size of the dumps' volume; it can grow"),
});

const passwordVersion = z
  .int()
  .min(1)
  .default(1)
  .describe("Another number makes another password; server and clients restart with it");

/** Where a store is that somebody else runs. */
const external = (defaults: { port: number; username: string }) => ({
  kind: z.literal("external"),
  host,
  port: port.default(defaults.port),
  username: roleName.default(defaults.username),
  tls: z
    .enum(["verify", "off"])
    .default("verify")
    .describe("verify asks for a certificate of that host; off is for networks that encrypt by themselves"),
  ca: certificates
    .optional()
    .describe("Authorities that may have signed the certificate, PEM; the public ones when absent"),
  addresses: z
    .array(cidr, { error: "must be a list of ranges such as 10.1.2.0/24" })
    .min(1, { error: "must name at least one range: sign-in reaches no others" })
    .describe("Where the host's addresses are: sign-in may reach these alone"),
});

/**
 * The least that a server's volume is: Postgres' log alone takes 128 MB at its longest, and Valkey keeps what it holds,
 * 128 MB at most, anew beside the old.
 */
const smallest = "256Mi";

/** The database of what belongs to each server of our own. */
const database = "authelia";

const postgres = z.discriminatedUnion("kind", [
  keys({
    kind: z.literal("own"),
    size: bytesFrom(smallest)
      .default("2Gi")
      .describe(`Size of the database's volume, at least ${smallest}; it can grow`),
    passwordVersion,
    backups: backups.prefault({}),
  }),
  keys({ ...external({ port: 5432, username: database }), database: roleName.default(database) }),
]);

const valkey = z.discriminatedUnion("kind", [
  keys({
    kind: z.literal("own"),
    size: bytesFrom(smallest)
      .default("1Gi")
      .describe(`Size of its volume, at least ${smallest}; it can grow`),
    passwordVersion,
  }),
  keys(external({ port: 6379, username: "default" })),
]);

/** `vibecode:data`: what sign-in remembers, in pods of the stack's own or in servers that somebody else runs. */
export const data = keys({
  postgres: postgres.prefault({ kind: "own" }).describe("Second factors, bans and the like"),
  valkey: valkey.prefault({ kind: "own" }).describe("Who is signed in"),
});

export type Data = z.infer<typeof data>;

/** `vibecode:dataSecrets`: passwords of external stores. Secret as a whole. */
export const dataSecrets = keys({
  postgres: z.string().min(1).optional(),
  valkey: z.string().min(1).optional(),
});

export type DataSecrets = z.infer<typeof dataSecrets>;

const storeNames = ["postgres", "valkey"] as const;
const rawKind = z.looseObject({ kind: z.unknown() });
const rawKeys = z.record(z.string(), z.unknown());

/** External stores without a password, and passwords that belong to no external store. Reads raw values. */
export function dataMistakes(values: Record<string, unknown>): Mistake[] {
  const stores = rawKeys.safeParse(values["data"] ?? {}).data ?? {};
  const secrets = rawKeys.safeParse(values["dataSecrets"] ?? {}).data ?? {};
  return storeNames.flatMap((store): Mistake[] => {
    const isExternal = rawKind.safeParse(stores[store]).data?.kind === "external";
    const hasPassword = secrets[store] !== undefined;
    if (isExternal === hasPassword) return [];
    const message = isExternal
      ? `must be the password of the external server: set it with \`pulumi config set --secret --path 'vibecode:dataSecrets.${store}'\``
      : `must go: it is for data.${store} of kind external, and an own server's password is generated`;
    return [{ path: ["dataSecrets", store], message }];
  });
}

/** The stores as the component takes them; the config was checked before. */
export function storesOf(
  config: Data,
  secrets: DataSecrets,
  images: { postgres: string; valkey: string },
): Pick<DataArgs, "database" | "postgres" | "valkey"> {
  const { postgres, valkey } = config;
  return {
    database,
    postgres:
      postgres.kind === "own"
        ? { ...postgres, image: images.postgres }
        : { ...postgres, password: known(secrets.postgres) },
    valkey:
      valkey.kind === "own"
        ? { ...valkey, image: images.valkey }
        : { ...valkey, password: known(secrets.valkey) },
  };
}

function known(password: string | undefined): string {
  if (password === undefined) throw new Error("dataSecrets were checked before");
  return password;
}
