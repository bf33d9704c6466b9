/** What a browser keeps, and where it sends it. */
export interface Cookies {
  /** Takes in the Set-Cookie lines of an answer. */
  keep: (url: string, lines: readonly string[] | undefined) => void;
  /** The Cookie header for that address; undefined where nothing belongs there. */
  header: (url: string) => string | undefined;
  /** The whole line that set a cookie, while it is kept. */
  line: (name: string) => string | undefined;
  /** A browser of its own that has the same. */
  copy: () => Cookies;
}

interface Cookie {
  name: string;
  value: string;
  domain: string;
  /** No Domain was said: it is for that one host. */
  hostOnly: boolean;
  path: string;
  secure: boolean;
  line: string;
}

/** A browser's cookies, as RFC 6265 has them; the default path is `/`. */
export function cookies(kept = new Map<string, Cookie>()): Cookies {
  return {
    keep: (url, lines = []) => {
      for (const line of lines) {
        const cookie = read(new URL(url), line);
        if (cookie === undefined) continue;
        const key = `${cookie.name};${cookie.domain};${cookie.path}`;
        if (isOver(line)) kept.delete(key);
        else kept.set(key, cookie);
      }
    },
    header: (url) => {
      const { hostname, pathname, protocol } = new URL(url);
      const sent = [...kept.values()].filter(
        ({ domain, hostOnly, path, secure }) =>
          (hostOnly ? hostname === domain : isBelow(hostname, domain)) &&
          (pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`)) &&
          (!secure || protocol === "https:"),
      );
      // The one whose path says more comes first.
      sent.sort((a, b) => b.path.length - a.path.length);
      return sent.length === 0 ? undefined : sent.map(({ name, value }) => `${name}=${value}`).join("; ");
    },
    line: (name) => [...kept.values()].find((cookie) => cookie.name === name)?.line,
    copy: () => cookies(new Map(kept)),
  };
}

const isBelow = (host: string, domain: string) => host === domain || host.endsWith(`.${domain}`);

function read({ hostname, protocol }: URL, line: string): Cookie | undefined {
  const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
  if (name === undefined || value === undefined) return undefined;
  const attribute = (wanted: string) => new RegExp(`;\\s*${wanted}=([^;]*)`, "i").exec(line)?.[1]?.trim();
  const domain = attribute("domain")?.replace(/^\./, "");
  const secure = /;\s*secure\s*(;|$)/i.test(line);
  // A browser drops what is another's, and a name that promises what the line does not hold.
  if (domain !== undefined && !isBelow(hostname, domain)) return undefined;
  if (secure ? protocol !== "https:" : name.startsWith("__Secure-")) return undefined;
  if (name.startsWith("__Host-") && (!secure || domain !== undefined)) return undefined;
  return {
    name,
    value,
    domain: domain ?? hostname,
    hostOnly: domain === undefined,
    path: attribute("path") ?? "/",
    secure,
    line,
  };
}

function isOver(line: string): boolean {
  const age = /;\s*max-age=(-?\d+)/i.exec(line)?.[1];
  if (age !== undefined) return Number(age) <= 0;
  const expires = /;\s*expires=([^;]+)/i.exec(line)?.[1];
  return expires !== undefined && Date.parse(expires) <= Date.now();
}
