import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";

import { most, select } from "../watched/select";
import { dashboard } from "./dashboard";
import { authelia, orZero, percentiles, rate, traefik } from "./expressions";
import { graph, number } from "./panels";

/** Everything that comes in, and who is let in. */
export function ingressAndSignIn(): Dashboard {
  const entry = (metric: string, more = {}) =>
    traefik(`entrypoint_${metric}`, { entrypoint: "websecure", ...more });
  const services = (more = {}) => traefik("service_requests_total", more);
  const failed = (vector: string, of: string) => `100 * ${orZero(`sum(${rate(vector)})`)} / sum(${rate(of)})`;
  const perMinute = (counter: string, by: string) => `60 * sum by (${by}) (${rate(counter)})`;
  const within = (counter: string) => orZero(`sum(increase(${counter}[1d]))`);
  const postgres = (metric: string) => select(`pg_${metric}`, { job: "postgres" });
  const valkey = (metric: string) => select(`redis_${metric}`, { job: "valkey" });
  const valid = most("sans, instance", traefik("tls_certs_not_after"));
  return dashboard({
    name: "ingress-and-sign-in",
    title: "VibeCode: ingress and sign-in",
    description: "Requests, errors and latency of all that comes in; who signs in, who fails, who is banned.",
    from: "6h",
    sections: {
      Now: [
        number({
          title: "Open connections",
          width: 6,
          unit: "none",
          queries: { open: `sum(${traefik("open_connections", { entrypoint: "websecure" })})` },
        }),
        number({
          title: "Errors of workspaces and pages",
          width: 6,
          unit: "percent",
          decimals: 2,
          queries: { errors: failed(services({ code: /5../ }), services()) },
          warnFrom: 1,
          badFrom: 5,
        }),
        number({
          title: "Failed sign-ins within a day",
          width: 6,
          unit: "none",
          decimals: 0,
          queries: {
            failed: `${within(authelia("authn", { success: "false" }))} + ${within(authelia("authn_second_factor", { success: "false" }))}`,
          },
          warnFrom: 50,
          badFrom: 500,
        }),
        number({
          title: "Until the certificate expires",
          width: 6,
          unit: "s",
          queries: { left: `min(${valid}) - time()` },
        }),
      ],
      Ingress: [
        graph({
          title: "Requests by status",
          width: 12,
          unit: "reqps",
          stacked: true,
          queries: { "{{code}}": `sum by (code) (${rate(entry("requests_total"))})` },
        }),
        graph({
          title: "Errors",
          description: "Of what workspaces and pages answered. A stopped workspace's page does not count.",
          width: 12,
          unit: "percent",
          queries: { "server errors": failed(services({ code: /5../ }), services()) },
          badFrom: 5,
        }),
        graph({
          title: "Latency",
          description: "Of plain requests, sign-in's part included: a WebSocket is open for hours.",
          width: 12,
          unit: "s",
          queries: percentiles(entry("request_duration_seconds_bucket", { protocol: "http" })),
        }),
        graph({
          title: "Services with errors",
          width: 12,
          unit: "reqps",
          queries: {
            "{{service}}": `topk(10, sum by (service) (${rate(services({ code: /5../ }))}) > 0)`,
          },
        }),
        graph({
          title: "Traffic",
          width: 12,
          unit: "binBps",
          queries: {
            received: `sum(${rate(entry("requests_bytes_total"))})`,
            sent: `sum(${rate(entry("responses_bytes_total"))})`,
          },
        }),
        graph({
          title: "Open connections",
          width: 12,
          unit: "none",
          queries: { "{{entrypoint}}": `sum by (entrypoint) (${traefik("open_connections")})` },
        }),
      ],
      "Sign-in": [
        graph({
          title: "First factor, a minute",
          width: 8,
          unit: "none",
          queries: {
            "success {{success}}, banned {{banned}}": perMinute(authelia("authn"), "success, banned"),
          },
        }),
        graph({
          title: "Second factor, a minute",
          width: 8,
          unit: "none",
          queries: {
            "{{type}}, success {{success}}": perMinute(authelia("authn_second_factor"), "type, success"),
          },
        }),
        graph({
          title: "Banned, a minute",
          description: "Sign-ins that were refused unread, after too many wrong ones.",
          width: 8,
          unit: "none",
          queries: {
            "first factor": orZero(`60 * sum(${rate(authelia("authn", { banned: "true" }))})`),
            "second factor": orZero(`60 * sum(${rate(authelia("authn_second_factor", { banned: "true" }))})`),
          },
        }),
        graph({
          title: "Requests that were judged, by the answer",
          description: "200 is let in, 302 and 401 are sent to sign-in, 403 is somebody else's.",
          width: 8,
          unit: "reqps",
          stacked: true,
          queries: { "{{code}}": `sum by (code) (${rate(authelia("authz"))})` },
        }),
        graph({
          title: "Latency of Authelia",
          width: 8,
          unit: "s",
          queries: percentiles(authelia("request_duration_bucket")),
        }),
        graph({
          title: "Errors of Authelia",
          width: 8,
          unit: "percent",
          queries: { errors: failed(authelia("request", { code: /5../ }), authelia("request")) },
          badFrom: 5,
        }),
      ],
      "What sign-in remembers": [
        graph({
          title: "Postgres: connections",
          width: 6,
          unit: "none",
          queries: {
            open: `sum(${postgres("stat_activity_count")})`,
            "at most": `max(${postgres("settings_max_connections")})`,
          },
        }),
        graph({
          title: "Postgres: size",
          width: 6,
          unit: "bytes",
          queries: { "{{datname}}": `max by (datname) (${postgres("database_size_bytes")})` },
        }),
        graph({
          title: "Valkey: memory",
          width: 6,
          unit: "bytes",
          queries: {
            used: `max(${valkey("memory_used_bytes")})`,
            "at most": `max(${valkey("memory_max_bytes")} > 0)`,
          },
        }),
        graph({
          title: "Valkey: keys, and those that had to go",
          description: "A key that goes for want of memory is somebody's session.",
          width: 6,
          unit: "none",
          queries: {
            keys: `sum(${valkey("db_keys")})`,
            "had to go, a minute": `60 * sum(${rate(valkey("evicted_keys_total"))})`,
          },
        }),
      ],
    },
  });
}
