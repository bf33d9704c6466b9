import { backupLate } from "./backups";
import { datadogShare, down, share } from "./requests";
import { most, objects, select, scope, taken } from "./select";
import { bruteForce, signInErrors } from "./sign-in";
import type { Draft, Sign, Watched } from "./watch";

/** What everybody needs: sign-in, the ingress with its certificate, the nodes, backups. */
export function sharedWatches(options: Watched): Draft[] {
  return [
    signInErrors(options),
    bruteForce(options),
    certificateExpiry(options),
    ingressErrors(options),
    nodePressure(options),
    backupLate(options),
  ];
}

function certificateExpiry(options: Watched): Draft {
  const { certificate } = options.thresholds;
  // Of what one Traefik has under these names the newest: the one before stays in its metrics. Of all Traefiks the
  // oldest: one may have missed the change.
  const valid = most("sans, instance", select("traefik_tls_certs_not_after", { job: "traefik" }));
  return {
    id: "certificate-expiry",
    group: "shared",
    severity: "ticket",
    summary: "The certificate of {sans} is valid for {value} days",
    description: `After that no browser opens https://${options.domain} any more. With certificates of kind local-ca run \`pulumi up\`; with cert-manager see \`kubectl describe certificates,challenges --all-namespaces\`.`,
    for: 3600,
    by: ["sans"],
    signs: [
      {
        expr: `(min by (sans) (${valid}) - time()) / 86400 < ${certificate}`,
        datadog: [
          {
            query: `min(last_1h):min:tls.days_left${scope(options)} by {server_hostname}`,
            comparator: "<",
            critical: certificate,
            names: { sans: "{{server_hostname.name}}" },
          },
        ],
        differs: `Datadog asks for the certificate of the domain, of one Traefik at a time: one that missed the change may stay unseen.`,
      },
    ],
  };
}

function ingressErrors(options: Watched): Draft {
  const { errors } = options.thresholds;
  const requests = (code?: RegExp) =>
    select("traefik_service_requests_total", { job: "traefik", ...(code && { code }) });
  return {
    id: "ingress-errors",
    group: "shared",
    severity: "page",
    summary: "{value} % of all requests are answered by an error",
    description: `Several workspaces are affected, or all. See \`kubectl --namespace ${options.ingressNamespace} get pods\` and \`kubectl --namespace ${options.ingressNamespace} logs deployment/traefik\`.`,
    for: 600,
    by: [],
    signs: [
      {
        // One workspace that is down does not count: it has an alert of its own.
        expr: `(${share(requests)} > ${errors} and count(sum by (service) (rate(${requests(/5../)}[5m])) > 0) > 1)`,
        datadog: [
          {
            query: datadogShare(options, "last_15m", "vibecode.traefik_service_requests.count"),
            comparator: ">",
            critical: errors,
          },
        ],
        differs: "Datadog tells where one service alone fails, too: a workspace whose tabs ask all the time.",
      },
      ...down(options, { namespace: options.ingressNamespace, deployments: ["traefik"] }),
    ],
  };
}

function nodePressure(options: Watched): Draft {
  const condition = (name: RegExp, status: RegExp) =>
    `${most("node, condition", objects("kube_node_status_condition", { condition: name, status }))} > 0`;
  const ofNode = (metric: string, more = {}) => select(`node_${metric}`, { job: "node", ...more });
  const file = { mountpoint: /\/|\/var(\/lib(\/[a-z]+)?)?/ };
  const measured = (part: string, name: string, vector: string, datadog: string, percent: number): Sign => ({
    expr: `label_replace(${most("node", vector)} > ${percent}, "condition", "${name}", "", "")`,
    datadog: [
      {
        part,
        query: `min(last_5m):${datadog}${scope(options)} by {host}`,
        comparator: ">",
        critical: percent,
        names: { node: "{{host.name}}", condition: name },
      },
    ],
  });
  const datadog = (...filters: string[]) =>
    ({
      query: `min(last_5m):max:kubernetes_state.node.by_condition${scope(options, ...filters)} by {node,condition}`,
      comparator: ">=",
      critical: 1,
    }) as const;
  return {
    id: "node-pressure",
    group: "shared",
    severity: "page",
    summary: "The node {node} is in trouble: {condition}",
    description:
      "The kubelet ends pods on it, or has lost it, and workspaces with them. See `kubectl describe node {node}`; `kubectl drain {node} --ignore-daemonsets --delete-emptydir-data` moves what runs there.",
    for: 300,
    by: ["node", "condition"],
    signs: [
      {
        expr: condition(/(Memory|Disk|PID)Pressure|NetworkUnavailable/, /true/),
        datadog: [
          datadog("condition IN (memorypressure,diskpressure,pidpressure,networkunavailable)", "status:true"),
        ],
      },
      {
        expr: condition(/Ready/, /false|unknown/),
        datadog: [{ part: "not-ready", ...datadog("condition:ready", "status IN (false,unknown)") }],
      },
      measured(
        "disk",
        "disk almost full",
        taken(ofNode("filesystem_avail_bytes", file), ofNode("filesystem_size_bytes", file)),
        "100 * max:kubernetes.node.filesystem.usage_pct",
        90,
      ),
      measured(
        "memory",
        "memory almost used up",
        taken(ofNode("memory_MemAvailable_bytes"), ofNode("memory_MemTotal_bytes")),
        "100 - 100 * min:system.mem.pct_usable",
        95,
      ),
    ],
  };
}
