import { stringify } from "yaml";

/** Where a Service and its pods are. */
export interface Place {
  service: { name: string; namespace: string };
  /** Labels of its pods. */
  pods: Record<string, string>;
  /** The port of its pods. */
  port: number;
}

/** Metrics in Prometheus' format, of each pod of a Service. */
export interface MetricsCheck extends Place {
  /** `traefik`. */
  name: string;
  /** What the names of all metrics begin with, at Datadog. */
  namespace: string;
  /** As the program names them; without `_total`. */
  metrics: readonly string[];
  /** Labels that would be mistaken for tags of Datadog's own: what they are called there. */
  renamed?: Record<string, string>;
}

/** For how long the ingress's certificate is valid. */
export interface CertificateCheck extends Place {
  /** The host whose certificate is asked for. */
  host: string;
  /** Full name of the Service, and its own port. */
  server: { name: string; port: number };
}

export interface Checks {
  metrics: readonly MetricsCheck[];
  certificate: CertificateCheck;
}

/** A file that tells the agents of one check. */
export interface CheckFile {
  /** Its key in the ConfigMap. */
  key: string;
  /** Where the agent looks for it; the folder names the check. */
  path: string;
  content: string;
}

/**
 * Files for the cluster agent, which hands each check to an agent. They name Services: nothing is gathered from a pod
 * that merely asks for it, for a workspace could send a billion series. The agents' environment sees to that.
 */
export function checkFiles({ metrics, certificate }: Checks): CheckFile[] {
  const file = (check: string, name: string, content: object) => ({
    key: `${name}.yaml`,
    path: `${check}.d/${name}.yaml`,
    content: stringify({ cluster_check: true, ...content }),
  });
  return [
    ...metrics.map(({ name, service, port, namespace, metrics: names, renamed }) =>
      file("openmetrics", name, {
        advanced_ad_identifiers: [{ kube_endpoints: { ...service, resolve: "ip" } }],
        init_config: {},
        instances: [
          {
            openmetrics_endpoint: `http://%%host%%:${port}/metrics`,
            namespace,
            metrics: [...names],
            ...(renamed === undefined ? {} : { rename_labels: renamed }),
          },
        ],
      }),
    ),
    file("tls", "certificate", {
      init_config: {},
      instances: [
        {
          server: certificate.server.name,
          port: certificate.server.port,
          server_hostname: certificate.host,
          // How long it is valid is what is asked; an authority of the stack's own is nothing to the agent.
          tls_verify: false,
        },
      ],
    }),
  ];
}

/** All that the agents must reach for the checks. */
export const placesOf = ({ metrics, certificate }: Checks): Place[] => [...metrics, certificate];
