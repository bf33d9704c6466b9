/** The services that may have more pods than one. A workspace is one or none, and is never among them. */
export const scalable = ["traefik", "authelia"] as const;
export type Scalable = (typeof scalable)[number];

/** Between which values of one pod nothing is done; above the higher there will be more pods, below the lower fewer. */
export interface Watermarks {
  /** Kubernetes quantities: `250m` of CPU, `200Mi` of memory, `40` requests a second. */
  low: string;
  high: string;
}

/** Watermarks of whatever Datadog can be asked. */
export interface MetricWatermarks extends Watermarks {
  /** The sum over all pods: `sum:traefik.requests{*}.as_rate()`. */
  query: string;
}

/** Who decides about the pods of one service; one of them, since two would undo each other's decisions. */
export type Decision =
  | {
      kind: "watermark";
      cpu?: Watermarks | undefined;
      memory?: Watermarks | undefined;
      metric?: MetricWatermarks | undefined;
    }
  /** Datadog's own autoscaler. The target is the part of the pods' asked CPU in use, in percent. */
  | { kind: "datadog"; cpu: number };

/** The Deployment of one of these services. */
export interface Target {
  service: Scalable;
  namespace: string;
  /** Name of the Deployment. */
  name: string;
  /** Labels that find its pods. */
  pods: Record<string, string>;
  replicas: { min: number; max: number };
  decision: Decision;
}

/** An object to be made beside the target. */
export interface Manifest {
  apiVersion: string;
  kind: "WatermarkPodAutoscaler" | "DatadogMetric" | "DatadogPodAutoscaler";
  metadata: { name: string; namespace: string };
  spec: Record<string, unknown>;
}

/**
 * The objects that keep one service's replicas where they should be.
 *
 * @throws where the target is no shared service: a workspace belongs to one person, and is one pod or none
 */
export function autoscaler(target: Target): Manifest[] {
  const { service, namespace, name, decision } = target;
  if (!scalable.some((known) => known === service) || !/^vibecode-/.test(namespace))
    throw new Error(`${namespace}/${name} is no service that may have several pods`);
  const metadata = { name, namespace };
  if (decision.kind === "datadog")
    return [
      {
        apiVersion: "datadoghq.com/v1alpha2",
        kind: "DatadogPodAutoscaler",
        metadata,
        spec: byDatadog(target, decision),
      },
    ];
  const { metric } = decision;
  return [
    ...(metric === undefined
      ? []
      : [
          {
            apiVersion: "datadoghq.com/v1alpha1",
            kind: "DatadogMetric" as const,
            metadata,
            spec: { query: metric.query },
          },
        ]),
    {
      apiVersion: "datadoghq.com/v1alpha1",
      kind: "WatermarkPodAutoscaler",
      metadata,
      spec: byWatermarks(target, decision),
    },
  ];
}

const deployment = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name });

/** Where several metrics are given, the one that asks for most pods counts. */
function byWatermarks(target: Target, decision: Extract<Decision, { kind: "watermark" }>) {
  const { cpu, memory, metric } = decision;
  const metricSelector = { matchLabels: target.pods };
  const resource = (name: string, marks: Watermarks | undefined) =>
    marks === undefined
      ? []
      : [{ type: "Resource", resource: { name, metricSelector, ...watermarks(marks) } }];
  const external =
    metric === undefined
      ? []
      : [
          {
            type: "External",
            external: {
              metricName: `datadogmetric@${target.namespace}:${target.name}`,
              metricSelector: {},
              ...watermarks(metric),
            },
          },
        ];
  return {
    scaleTargetRef: deployment(target.name),
    minReplicas: target.replicas.min,
    maxReplicas: target.replicas.max,
    // What all pods use is divided by their number; the other algorithm compares their sum.
    algorithm: "average",
    tolerance: "100m",
    // A pod that goes cuts the WebSockets that pass through it: quick to add, slow to take away.
    upscaleForbiddenWindowSeconds: 60,
    upscaleDelayAboveWatermarkSeconds: 30,
    scaleUpLimitFactor: "100",
    downscaleForbiddenWindowSeconds: 1800,
    downscaleDelayBelowWatermarkSeconds: 900,
    scaleDownLimitFactor: "30",
    readinessDelaySeconds: 30,
    metrics: [...resource("cpu", cpu), ...resource("memory", memory), ...external],
  };
}

const watermarks = ({ low, high }: Watermarks) => ({ lowWatermark: low, highWatermark: high });

function byDatadog(target: Target, { cpu }: Extract<Decision, { kind: "datadog" }>) {
  return {
    targetRef: deployment(target.name),
    owner: "Local",
    applyPolicy: {
      mode: "Apply",
      // What a pod asks for is the stack's to say.
      update: { strategy: "Disabled" },
      scaleUp: { strategy: "Max", stabilizationWindowSeconds: 30 },
      scaleDown: {
        strategy: "Max",
        stabilizationWindowSeconds: 900,
        rules: [{ type: "Pods", value: 1, periodSeconds: 1800 }],
      },
    },
    constraints: { minReplicas: target.replicas.min, maxReplicas: target.replicas.max },
    objectives: [
      { type: "PodResource", podResource: { name: "cpu", value: { type: "Utilization", utilization: cpu } } },
    ],
  };
}
