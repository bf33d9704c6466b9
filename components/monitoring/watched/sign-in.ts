import { datadogShare, down, share } from "./requests";
import { scope, select } from "./select";
import type { Draft, Sign, Watched } from "./watch";

export function signInErrors(options: Watched): Draft {
  return {
    id: "sign-in-errors",
    group: "shared",
    severity: "page",
    summary: "Sign-in fails: {value} % of what it is asked",
    description: `Nobody can sign in, and editors that are open answer errors. See \`kubectl --namespace ${options.signInNamespace} get pods\`, and restart what hangs: \`kubectl --namespace ${options.signInNamespace} rollout restart deployment\`.`,
    for: 300,
    by: [],
    signs: [
      ...(options.authelia ? [autheliaErrors(options)] : []),
      pageErrors(options),
      ...down(options, {
        namespace: options.signInNamespace,
        // Of every kind that runs in pods.
        deployments: ["authelia", "oauth2-proxy"],
        statefulSets: ["postgres", "valkey"],
      }),
    ],
  };
}

/** Of all that Authelia is asked: its pages, and before each request to a workspace whether it may pass. */
function autheliaErrors(options: Watched): Sign {
  const { errors } = options.thresholds;
  const requests = (code?: RegExp) => select("authelia_request", { job: "authelia", ...(code && { code }) });
  return {
    expr: `${share(requests)} > ${errors}`,
    datadog: [
      {
        query: datadogShare(options, "last_10m", "vibecode.authelia_request.count"),
        comparator: ">",
        critical: errors,
      },
    ],
  };
}

/** Of sign-in's own host, as Traefik counts, whatever the kind. */
function pageErrors(options: Watched): Sign {
  const { errors } = options.thresholds;
  // Traefik's name for a route: where the Ingress lies, its name and its port, of which Datadog takes the sign away.
  const route = `${options.ingressNamespace}-sign-in-`;
  const requests = (code?: RegExp) =>
    select("traefik_service_requests_total", {
      job: "traefik",
      service: `${route}http@kubernetes`,
      ...(code && { code }),
    });
  return {
    expr: `${share(requests)} > ${errors}`,
    datadog: [
      {
        part: "pages",
        query: datadogShare(
          options,
          "last_10m",
          "vibecode.traefik_service_requests.count",
          `traefik_service:${route}*`,
        ),
        comparator: ">",
        critical: errors,
      },
    ],
  };
}

/**
 * By how much a counter grew in five minutes. A series that begins within them counts in full, where its process is
 * older: the first wrong password makes the series, and a fast attack is over before it is read twice.
 */
function grown(metric: string, job: string, more: Record<string, string>): string {
  const counter = select(metric, { job, ...more });
  const older = `on (instance) ${select("up", { job })} offset 5m == 1`;
  return `sum((${counter} unless ${counter} offset 5m and ${older}) or increase(${counter}[5m]))`;
}

export function bruteForce(options: Watched): Draft {
  const what = options.authelia
    ? `Authelia bans whom it counts: \`kubectl --namespace ${options.signInNamespace} logs deployment/authelia | grep -i unsuccessful\` names users and addresses.`
    : 'The dashboard "VibeCode: ingress and sign-in" shows since when.';
  return {
    id: "sign-in-brute-force",
    group: "shared",
    severity: "ticket",
    summary: "{value} sign-ins failed within five minutes",
    description: `Somebody may be guessing passwords. ${what} Block the address before the load balancer.`,
    for: 0,
    by: [],
    signs: [...(options.authelia ? [wrongPasswords(options)] : []), refusals(options)],
  };
}

/** First and second factors, as Authelia counts. */
function wrongPasswords(options: Watched): Sign {
  const { failedSignIns } = options.thresholds;
  const wrong = (metric: string) => `(${grown(metric, "authelia", { success: "false" })} or vector(0))`;
  const datadog = (counter: string) =>
    ({
      query: `sum(last_5m):sum:vibecode.${counter}.count${scope(options, "success:false")}.as_count()`,
      comparator: ">",
      critical: failedSignIns,
    }) as const;
  return {
    expr: `${wrong("authelia_authn")} + ${wrong("authelia_authn_second_factor")} > ${failedSignIns}`,
    datadog: [
      datadog("authelia_authn"),
      { part: "second-factor", ...datadog("authelia_authn_second_factor") },
    ],
    differs: "Datadog counts first and second factors each by themselves.",
  };
}

/** Requests that were refused; an editor whose session has ended asks again and again, so that there may be more. */
function refusals(options: Watched): Sign {
  const critical = 15 * options.thresholds.failedSignIns;
  return {
    expr: `${grown("traefik_entrypoint_requests_total", "traefik", { code: "401" })} > ${critical}`,
    datadog: [
      {
        part: "refused",
        query: `sum(last_5m):sum:vibecode.traefik_entrypoint_requests.count${scope(options, "code:401")}.as_count()`,
        comparator: ">",
        critical,
      },
    ],
  };
}
