import { podSecurity } from "../../security";

/** cert-manager's images, each with tag or digest. */
export interface ChartImages {
  controller: string;
  webhook: string;
  cainjector: string;
  startupapicheck: string;
}

export interface ChartArgs {
  images: ChartImages;
  namespace: string;
  /** Labels of the nodes that may run cert-manager. */
  nodeSelector: Record<string, string>;
  /** Of the controller's ServiceAccount: as whom the DNS provider knows it. */
  annotations: Record<string, string>;
}

/** The release; the chart's labels for pods are made of it. */
export const releaseName = "cert-manager";

/** The user in cert-manager's images. */
const id = 1000;

/** The chart's values. What they leave out is restricted by default: no capabilities, a root that cannot be written. */
export function chartValues({ images, namespace, nodeSelector, annotations }: ChartArgs) {
  const part = (image: string, cpu: string, memory: { request: string; limit: string }) => ({
    image: imageValues(image),
    // With a group of their own the pods may read the token by which a cloud knows them.
    securityContext: podSecurity(id),
    resources: {
      requests: { cpu, memory: memory.request },
      limits: { cpu: "1", memory: memory.limit },
    },
  });
  return {
    // Without its kinds none of the stack's objects could be made. They stay when the chart goes: with them would go
    // every certificate in the cluster.
    crds: { enabled: true, keep: true },
    global: {
      commonLabels: { "app.kubernetes.io/part-of": "vibecode" },
      nodeSelector,
      // The chart's own choice is kube-system, where some clouds let nobody in.
      leaderElection: { namespace },
    },
    ...part(images.controller, "20m", { request: "64Mi", limit: "512Mi" }),
    serviceAccount: { annotations },
    webhook: part(images.webhook, "10m", { request: "32Mi", limit: "256Mi" }),
    // It keeps every Secret's and webhook's metadata in memory.
    cainjector: part(images.cainjector, "10m", { request: "64Mi", limit: "512Mi" }),
    // Waits until the webhook answers, so that the issuer which comes next is not refused.
    startupapicheck: part(images.startupapicheck, "10m", { request: "32Mi", limit: "128Mi" }),
  };
}

/** `registry.example.com/cert-manager:1@sha256:...` as the chart wants it. */
function imageValues(reference: string) {
  const [, repository = "", tag, digest] =
    /^(.+?)(?::([\w][\w.-]*))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(reference) ?? [];
  return {
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}
