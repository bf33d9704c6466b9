/** What a user's own programs answer at `https://<port>--<host>`. */
export interface Forward {
  /** Whose it is: the name of the route. */
  user: string;
  /** Host of the user's editor: `alice.dev.example.com`. */
  host: string;
  /** The editor, which hands a request on to the port: `http://editor.ws-alice.svc.cluster.local:8080`. */
  service: string;
  /** Middlewares between the internet and the editor, in order: the same as those of the editor's own route. */
  middlewares: readonly string[];
}

/** Routers and services of Traefik's file provider, by name. */
export interface Forwards {
  routers: Record<string, Router>;
  services: Record<string, { loadBalancer: { servers: { url: string }[] } }>;
}

interface Router {
  entryPoints: string[];
  rule: string;
  middlewares: string[];
  service: string;
  tls: Record<string, never>;
}

/** 1024 to 65535 as people write them: no program without rights listens below, and no port has a leading zero. */
const port = [
  "102[4-9]|10[3-9][0-9]|1[1-9][0-9]{2}|[2-9][0-9]{3}",
  "[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]",
].join("|");

/** The hosts of a user's forwarded ports, and no others. Traefik compares in lower case and without the port. */
export function forwardedHosts(host: string): string {
  return `^(?:${port})--${host.toLowerCase().replace(/[^a-z0-9-]/g, "\\$&")}$`;
}

/**
 * One route a user, for all ports: an Ingress cannot match hosts by a pattern, and the editor itself looks for the
 * port within its pod, so that no other port of the pod is open to anybody.
 */
export function forwards(list: readonly Forward[]): Forwards {
  const named = list.map((forward) => [`ports-${forward.user}`, forward] as const);
  return {
    routers: Object.fromEntries(
      named.map(([name, { host, middlewares }]) => [
        name,
        {
          entryPoints: ["websecure"],
          // `!Host` excludes nothing: in a rule without a host's name Traefik sees a mistake, and says so at every change.
          rule: `HostRegexp(\`${forwardedHosts(host)}\`) && !Host(\`${host}\`)`,
          middlewares: [...middlewares],
          service: name,
          tls: {},
        },
      ]),
    ),
    services: Object.fromEntries(
      named.map(([name, { service }]) => [name, { loadBalancer: { servers: [{ url: service }] } }]),
    ),
  };
}
