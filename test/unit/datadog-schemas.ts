import { z } from "zod";

/**
 * The fields that the platform gives Datadog's kinds, with what each may hold, written from the definitions that come with
 * the operator 1.31 and the controller for watermarks 0.9. Strict: a field that is not here is one nobody looked up, and
 * an API server would drop it without a word.
 */
const strict = z.strictObject;
const text = z.string().min(1);
const flag = z.boolean();
const quantity = z.string().regex(/^\d+(?:\.\d+)?(?:[KMGTPE]i|[numkMGTPE])?$/);
const count = z.int().min(1);

const onOff = strict({ enabled: flag });
const resources = strict({
  resources: strict({
    requests: strict({ cpu: quantity, memory: quantity }),
    limits: strict({ cpu: quantity, memory: quantity }),
  }),
});
const variables = z.array(strict({ name: z.string().regex(/^DD_[A-Z_]+$/), value: text })).min(1);
const secretKey = strict({ secretName: text, keyName: text });

/** `datadoghq.com/v2alpha1`, DatadogAgent. */
export const datadogAgent = strict({
  global: strict({
    site: text,
    clusterName: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,78}[a-z0-9]$/),
    tags: z.array(z.string().regex(/^[a-z][^:\s]*:\S+$/)),
    registry: text.optional(),
    credentials: strict({ apiSecret: secretKey, appSecret: secretKey }),
    namespaceLabelsAsTags: z.record(text, text),
    networkPolicy: strict({ create: flag }),
    env: variables,
  }),
  features: strict({
    logCollection: strict({ enabled: flag, containerCollectAll: flag }),
    otlp: strict({
      receiver: strict({
        protocols: strict({
          http: strict({
            enabled: flag,
            endpoint: z.string().regex(/^0\.0\.0\.0:\d+$/),
            hostPortConfig: onOff,
          }),
          grpc: strict({ enabled: flag, hostPortConfig: onOff }),
        }),
      }),
    }),
    apm: strict({
      enabled: flag,
      hostPortConfig: onOff,
      unixDomainSocketConfig: onOff,
      instrumentation: onOff,
    }),
    liveProcessCollection: strict({
      enabled: flag,
      scrubProcessArguments: flag,
      stripProcessArguments: flag,
    }),
    processDiscovery: onOff,
    npm: strict({ enabled: flag, enableConntrack: flag, collectDNSStats: flag }),
    serviceDiscovery: onOff,
    usm: onOff,
    externalMetricsServer: strict({
      enabled: flag,
      wpaController: flag,
      useDatadogMetrics: flag,
      registerAPIService: flag,
    }),
    autoscaling: strict({ workload: onOff }),
    admissionController: strict({
      enabled: flag,
      mutateUnlabelled: flag,
      mutation: onOff,
      validation: onOff,
      failurePolicy: z.enum(["Ignore", "Fail"]),
    }),
    remoteConfiguration: onOff,
    eventCollection: strict({ collectKubernetesEvents: flag, unbundleEvents: flag }),
    kubeStateMetricsCore: onOff,
    clusterChecks: strict({ enabled: flag, useClusterChecksRunners: flag }),
    orchestratorExplorer: onOff,
    liveContainerCollection: onOff,
    controlPlaneMonitoring: onOff,
    dataPlane: onOff,
    dogstatsd: strict({ hostPortConfig: onOff, unixDomainSocketConfig: onOff }),
  }),
  override: strict({
    nodeAgent: strict({
      tolerations: z.array(strict({ operator: z.enum(["Exists", "Equal"]) })),
      env: variables,
      containers: strict({ agent: resources }),
    }),
    clusterAgent: strict({
      nodeSelector: z.record(text, text),
      containers: strict({ "cluster-agent": resources }),
      annotations: z.record(text, text),
      extraConfd: strict({
        configMap: strict({ name: text, items: z.array(strict({ key: text, path: text })) }),
      }),
    }),
  }),
});

const deployment = strict({
  apiVersion: z.literal("apps/v1"),
  kind: z.literal("Deployment"),
  name: z.enum(["traefik", "authelia"]),
});
const selector = strict({ matchLabels: z.record(text, text).optional() });
const marks = { lowWatermark: quantity, highWatermark: quantity };

/** `datadoghq.com/v1alpha1`, WatermarkPodAutoscaler. */
export const watermarkPodAutoscaler = strict({
  scaleTargetRef: deployment,
  minReplicas: count,
  maxReplicas: count,
  algorithm: z.enum(["average", "absolute"]),
  tolerance: quantity,
  upscaleForbiddenWindowSeconds: count,
  upscaleDelayAboveWatermarkSeconds: z.int().min(0),
  scaleUpLimitFactor: quantity,
  downscaleForbiddenWindowSeconds: count,
  downscaleDelayBelowWatermarkSeconds: z.int().min(0),
  scaleDownLimitFactor: quantity,
  readinessDelaySeconds: count,
  metrics: z
    .array(
      z.discriminatedUnion("type", [
        strict({
          type: z.literal("Resource"),
          resource: strict({ name: z.enum(["cpu", "memory"]), metricSelector: selector, ...marks }),
        }),
        strict({
          type: z.literal("External"),
          external: strict({
            metricName: z.string().regex(/^datadogmetric@[a-z0-9-]+:[a-z0-9-]+$/),
            metricSelector: selector,
            ...marks,
          }),
        }),
      ]),
    )
    .min(1),
});

/** `datadoghq.com/v1alpha1`, DatadogMetric. */
export const datadogMetric = strict({ query: text });

const scaling = {
  strategy: z.enum(["Max", "Min", "Disabled"]),
  stabilizationWindowSeconds: z.int().min(0).max(3600),
};

/** `datadoghq.com/v1alpha2`, DatadogPodAutoscaler. */
export const datadogPodAutoscaler = strict({
  targetRef: deployment,
  owner: z.enum(["Local", "Remote"]),
  applyPolicy: strict({
    mode: z.enum(["Apply", "Preview"]),
    update: strict({ strategy: z.enum(["Auto", "Disabled", "TriggerRollout"]) }),
    scaleUp: strict(scaling),
    scaleDown: strict({
      ...scaling,
      rules: z.array(
        strict({
          type: z.enum(["Pods", "Percent"]),
          value: z.int().min(0),
          periodSeconds: z.int().min(1).max(3600),
        }),
      ),
    }),
  }),
  constraints: strict({ minReplicas: count, maxReplicas: count }),
  objectives: z
    .array(
      strict({
        type: z.literal("PodResource"),
        podResource: strict({
          name: z.enum(["cpu", "memory"]),
          value: strict({ type: z.literal("Utilization"), utilization: z.int().min(0).max(100) }),
        }),
      }),
    )
    .min(1),
});

/** The schema of each kind's spec. */
export const specs: Readonly<Record<string, z.ZodType>> = {
  DatadogAgent: datadogAgent,
  WatermarkPodAutoscaler: watermarkPodAutoscaler,
  DatadogMetric: datadogMetric,
  DatadogPodAutoscaler: datadogPodAutoscaler,
};
