import { containerSecurity } from "../../security";

/** The operator's release; the chart's labels for its pod are made of it. */
export const operatorRelease = "datadog-operator";

/** The release of the controller that keeps replicas between watermarks. */
export const watermarkRelease = "watermarkpodautoscaler";

const resources = (cpu: string, memory: string, limit: string) => ({
  requests: { cpu, memory },
  limits: { cpu: "1", memory: limit },
});

interface ChartArgs {
  /** Registry with Datadog's images; Datadog's own when absent. */
  registry?: string | undefined;
  /** Labels of the nodes that may run it. */
  nodeSelector: Record<string, string>;
}

/** Values of the operator's chart. It looks after its own namespace and does nothing besides the agents. */
export function operatorValues({ registry, nodeSelector }: ChartArgs) {
  const off = { enabled: false };
  return {
    ...(registry === undefined ? {} : { image: { repository: `${registry}/operator` } }),
    installCRDs: true,
    datadogCRDs: {
      crds: {
        datadogAgents: true,
        datadogAgentInternals: true,
        datadogMetrics: true,
        datadogPodAutoscalers: true,
        // What is at Datadog is made by the stack itself, with a plan before it.
        datadogMonitors: false,
        datadogSLOs: false,
        datadogDashboards: false,
        datadogGenericResources: false,
        datadogAgentProfiles: false,
        datadogCSIDrivers: false,
        datadogInstrumentations: false,
        datadogPodAutoscalerClusterProfiles: false,
      },
    },
    datadogCSIDriver: off,
    remoteConfiguration: off,
    // These two would need the keys in the operator as well.
    operatorMetricsEnabled: "false",
    collectOperatorMetrics: false,
    containerSecurityContext: containerSecurity,
    resources: resources("20m", "128Mi", "256Mi"),
    nodeSelector: { "kubernetes.io/os": "linux", ...nodeSelector },
  };
}

/** Values of the chart of the controller for watermarks. */
export function watermarkValues({ registry, nodeSelector }: ChartArgs) {
  return {
    ...(registry === undefined ? {} : { image: { repository: `${registry}/watermarkpodautoscaler` } }),
    // What it looks after is in the namespaces of the services.
    watchAllNamespaces: true,
    securityContext: containerSecurity,
    resources: resources("20m", "64Mi", "256Mi"),
    nodeSelector,
  };
}
