import { UserError } from "../errors";

/** Patterns in what `go` prints, and what they mean to the person who waits. */
const causes: readonly { says: RegExp; what: string; fix: string }[] = [
  {
    says: /no space left on device/i,
    what: "the disk is full",
    fix: "free some space (`go clean -cache` gives Go's own back)",
  },
  {
    says: /cannot allocate memory|signal: killed/i,
    what: "memory ran out",
    fix: "free some memory: the linker alone takes more than 1 GB",
  },
  {
    says: /checksum mismatch|SECURITY ERROR/,
    what: "a downloaded module is not the one that go.sum pins",
    fix: "clear it by `go clean -modcache` and try again; if it stays, do not trust the registry",
  },
  {
    says: /dial (tcp|udp)|no such host|tls:|x509:|i\/o timeout|context deadline exceeded|connection (refused|reset)|TLS handshake|proxyconnect|network is unreachable|unexpected EOF|reading https?:.*: (40\d|410|5\d\d)|module lookup disabled|40[34] (Not Found|Forbidden)/i,
    what: "Go's module registry is out of reach",
    fix: "check the network, GOPROXY and the proxy settings",
  },
];

/** Turns a failed build into the line a user can act on. */
export function buildFailure(name: string, output: string, log: string): UserError {
  const cause = causes.find(({ says }) => says.test(output));
  return cause === undefined
    ? new UserError(`${name} could not be built`, `read ${log}`)
    : new UserError(`${name} could not be built: ${cause.what}`, `${cause.fix} (Go's own words: ${log})`);
}
