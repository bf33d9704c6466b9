import type { Middleware } from "../auth";
import { localPlugins } from "./plugins";
import { sessionCookieMiddleware } from "./session-cookie";

/** Ports on which Traefik's process listens; the Service maps 80 and 443 to the first two. */
export const ports = { web: 8000, websecure: 8443, ping: 8082, metrics: 8084 };

/** What Traefik watches. The kubelet changes all of it in one step, when one of its parts did. */
export const dynamicFolder = "/etc/traefik/dynamic";

export interface RateLimit {
  /** Requests a second that one client may make on average. */
  average: number;
  /** Requests that one client may make at once: an editor asks for hundreds of files when it opens. */
  burst: number;
}

export interface StaticArgs {
  namespace: string;
  ingressClass: string;
  /** The port people type, where it is not 443: plain HTTP is redirected to it. */
  httpsPort: number;
  /** Where one request in ten tells its course, by OTLP: `http://collector:4318/v1/traces`; nowhere when absent. */
  traces?: string | undefined;
  /** The address that Ingresses show: that of a Service `<namespace>/<name>`, or a host name. */
  endpoint: { publishedService: string } | { hostname: string };
}

/**
 * How long a connection may be silent between requests. It does not touch WebSockets: Go lifts all time-outs from a
 * connection that is taken over by another protocol, so they last as long as both sides like.
 */
const idleTimeout = "3h";
/** How long a client may take to send one request: an upload of a large file through a slow line. */
const readTimeout = "15m";

/** A trace has a request's host and path, who sent it and with what browser; no query, and no other header. */
export const tracing = (endpoint: string) => ({
  serviceName: "traefik",
  sampleRate: 0.1,
  otlp: { http: { endpoint } },
});

/** Traefik's static configuration: what it reads once, at its start. */
export function staticConfig(args: StaticArgs) {
  return {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: "INFO", format: "json" },
    ping: { entryPoint: "ping" },
    // A service a route; routers would be the same once more.
    metrics: {
      prometheus: {
        entryPoint: "metrics",
        addEntryPointsLabels: true,
        addServicesLabels: true,
        addRoutersLabels: false,
      },
    },
    ...(args.traces === undefined ? {} : { tracing: tracing(args.traces) }),
    entryPoints: {
      ping: { address: `:${ports.ping}` },
      metrics: { address: `:${ports.metrics}` },
      web: {
        address: `:${ports.web}`,
        http: {
          redirections: { entryPoint: { to: `:${args.httpsPort}`, scheme: "https", permanent: true } },
        },
      },
      websecure: {
        address: `:${ports.websecure}`,
        // On the entry point, so that no route can leave them out.
        http: { tls: {}, middlewares: ["rate-limit@file", "headers@file", "retry@file"] },
        transport: {
          respondingTimeouts: { readTimeout, writeTimeout: "0s", idleTimeout },
          // A pod that goes stays reachable until the load balancer knows.
          lifeCycle: { requestAcceptGraceTimeout: "5s", graceTimeOut: "10s" },
        },
      },
    },
    providers: {
      providersThrottleDuration: "500ms",
      file: { directory: dynamicFolder, watch: true },
      kubernetesIngress: {
        namespaces: [args.namespace],
        ingressClass: args.ingressClass,
        ingressEndpoint: args.endpoint,
        // Routes are ExternalName Services beside Traefik; only this namespace is watched.
        allowExternalNameServices: true,
      },
    },
    // Should one ever not load, whatever has a plugin before it answers 404.
    experimental: { localPlugins },
  };
}

/** What the editor believes about who is there and which host was asked: nobody outside may send it. */
const believedHeaders = [
  // In place of Host, to a program that believes it; Traefik itself sees to the X-Forwarded-* of the address.
  "Forwarded",
  "Remote-User",
  "Remote-Groups",
  "Remote-Name",
  "Remote-Email",
  "X-Auth-Request-User",
  "X-Auth-Request-Groups",
  "X-Auth-Request-Email",
  "X-Auth-Request-Preferred-Username",
  "X-Auth-Request-Access-Token",
  "X-Forwarded-User",
  "X-Forwarded-Groups",
  "X-Forwarded-Email",
  "X-Forwarded-Preferred-Username",
  "X-Forwarded-Access-Token",
];

/**
 * Traefik's dynamic configuration besides sign-in: certificate, TLS options and the common middlewares.
 *
 * @param cookies names of sign-in's cookies
 */
export function dynamicConfig(rateLimit: RateLimit, cookies: readonly string[]) {
  return {
    tls: {
      stores: {
        default: {
          defaultCertificate: {
            certFile: `${dynamicFolder}/tls/tls.crt`,
            keyFile: `${dynamicFolder}/tls/tls.key`,
          },
        },
      },
      options: { default: { minVersion: "VersionTLS12" } },
    },
    http: {
      middlewares: {
        "rate-limit": { rateLimit: { average: rateLimit.average, burst: rateLimit.burst, period: "1s" } },
        headers: {
          headers: {
            stsSeconds: 31_536_000,
            contentTypeNosniff: true,
            // VS Code shows its own pages in frames of the same host.
            customFrameOptionsValue: "SAMEORIGIN",
            referrerPolicy: "same-origin",
            permissionsPolicy: "camera=(), microphone=(), geolocation=()",
            customRequestHeaders: Object.fromEntries(believedHeaders.map((header) => [header, ""])),
            customResponseHeaders: { Server: "", "X-Powered-By": "" },
          },
        },
        // A pod that was just replaced is ready a moment before every node knows its address. Only connections that
        // were never made are tried again, for about 5 s together.
        retry: { retry: { attempts: 7, initialInterval: "250ms" } },
        stopped: { plugin: { stopped: {} } },
        ...sessionCookieMiddleware(cookies),
      } satisfies Record<string, Middleware>,
    },
  };
}
