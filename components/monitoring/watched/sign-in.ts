import { datadogDown, datadogShare, down, share } from "./requests";
import { scope, select } from "./select";
import type { Draft, Watched } from "./watch";

export function signInErrors(options: Watched): Draft {
  const { errors } = options.thresholds;
  const requests = (code?: RegExp) => select("authelia_request", { job: "authelia", ...(code && { code }) });
  return {
    id: "sign-in-errors",
    group: "shared",
    severity: "page",
    summary: "Sign-in fails: {value} % of what it is asked",
    description: `Nobody can sign in, and editors that are open answer errors. See \`kubectl --namespace ${options.signInNamespace} get pods\`, and restart what hangs: \`kubectl --namespace ${options.signInNamespace} rollout restart deployment\`.`,
    for: 300,
    by: [],
    expr: `${share(requests)} > ${errors} or ${down(options.signInNamespace)}`,
    datadog: [
      {
        query: datadogShare(options, "last_10m", "vibecode.authelia_request.count"),
        comparator: ">",
        critical: errors,
      },
      ...datadogDown(options, options.signInNamespace),
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
  const { failedSignIns } = options.thresholds;
  const wrong = (metric: string) => `(${grown(metric, "authelia", { success: "false" })} or vector(0))`;
  const refused = grown("traefik_entrypoint_requests_total", "traefik", { code: "401" });
  // An editor whose session has ended asks again and again, so that of these there may be more.
  const refusals = 15 * failedSignIns;
  return {
    id: "sign-in-brute-force",
    group: "shared",
    severity: "ticket",
    summary: "{value} sign-ins failed within five minutes",
    description: `Somebody may be guessing passwords. Authelia bans whom it counts: \`kubectl --namespace ${options.signInNamespace} logs deployment/authelia | grep -i unsuccessful\` names users and addresses. Block the address before the load balancer.`,
    for: 0,
    by: [],
    expr: `${wrong("authelia_authn")} + ${wrong("authelia_authn_second_factor")} > ${failedSignIns} or ${refused} > ${refusals}`,
    datadog: [
      {
        query: `sum(last_5m):sum:vibecode.authelia_authn.count${scope(options, "success:false")}.as_count()`,
        comparator: ">",
        critical: failedSignIns,
      },
      {
        part: "second-factor",
        query: `sum(last_5m):sum:vibecode.authelia_authn_second_factor.count${scope(options, "success:false")}.as_count()`,
        comparator: ">",
        critical: failedSignIns,
      },
      {
        part: "refused",
        query: `sum(last_5m):sum:vibecode.traefik_entrypoint_requests.count${scope(options, "code:401")}.as_count()`,
        comparator: ">",
        critical: refusals,
      },
    ],
  };
}
