import { z } from "zod";

/** What the page says of the stack. None of it is secret: who signs in wrongly sees the same. */
export interface Settings {
  /** Editors are below it. */
  domain: string;
  /** Where messages to people go: by mail, or into a file that `make message` shows. */
  messages: "mail" | "file";
  /** How long "stay signed in" lasts, in words; absent when nobody may. */
  remember: string | undefined;
  /** When a name is locked, in words; absent when never. */
  lock: { tries: number; within: string; lasts: string } | undefined;
}

const time = z.union([z.string(), z.number().transform((seconds) => `${seconds}s`)]);

/** With keys of 4.37.5. Its own defaults, where nothing is said. */
const shown = z.object({
  session: z.object({ domain: z.string(), remember_me_duration: time.default("1M") }),
  notifier: z.object({ filesystem: z.unknown().optional() }),
  regulation: z
    .object({
      max_retries: z.number().default(3),
      find_time: time.default("2m"),
      ban_time: time.default("5m"),
    })
    .prefault({}),
});

/** Reads them from what 4.37.5 is given. */
export function settingsOf(configuration: Readonly<Record<string, unknown>>): Settings {
  const { session, notifier, regulation } = shown.parse(configuration);
  return {
    domain: session.domain,
    messages: notifier.filesystem === undefined ? "mail" : "file",
    // -1 is Authelia's word for never.
    remember: session.remember_me_duration === "-1s" ? undefined : spoken(session.remember_me_duration),
    lock:
      regulation.max_retries === 0
        ? undefined
        : {
            tries: regulation.max_retries,
            within: spoken(regulation.find_time),
            lasts: spoken(regulation.ban_time),
          },
  };
}

const units: Readonly<Record<string, string>> = {
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
  M: "month",
  y: "year",
};

/** `90m` is `90 minutes`. */
function spoken(duration: string): string {
  const parts = [...duration.matchAll(/(\d+) *([smhdwMy])/g)].map(([, number = "", unit = ""]) => {
    const name = units[unit] ?? unit;
    return `${number} ${name}${number === "1" ? "" : "s"}`;
  });
  return parts.length === 0 ? duration : parts.join(" ");
}
