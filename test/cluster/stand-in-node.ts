import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { openApi } from "../bench/api";

/** Before the API is watched anew, in milliseconds. */
const pace = 100;

const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  deletionTimestamp: z.string().optional(),
});
const pod = z.looseObject({
  metadata,
  spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string(), image: z.string() })) }),
});
const ingress = z.looseObject({
  metadata,
  status: z
    .object({ loadBalancer: z.object({ ingress: z.array(z.unknown()).optional() }).optional() })
    .optional(),
});

/**
 * Plays scheduler, kubelet and ingress controller: gives every pod a node and calls it ready, ends it when it is to
 * end, and gives every Ingress an address. So a figure holds what the engine and the API server need, and nothing else.
 */
export async function standInNode(kubeconfig: string): Promise<{ stop(): Promise<void> }> {
  const { call, watch, close } = await openApi("--kubeconfig", kubeconfig);
  const patch = (path: string, status: object) =>
    call("PATCH", `${path}/status`, { status }, "application/merge-patch+json");

  // A Service has no endpoints on a node that is not there.
  await call("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "bench" } });
  // Claims of this class wait for ever, and nobody waits for them: no volume is needed where no pod runs.
  await call("POST", "/apis/storage.k8s.io/v1/storageclasses", {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "bench" },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
  });

  const placed = new Set<string>();
  let addresses = 0;
  const place = async ({ metadata, spec }: z.infer<typeof pod>) => {
    const { name, namespace, uid, deletionTimestamp } = metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    if (deletionTimestamp !== undefined) await call("DELETE", path, { gracePeriodSeconds: 0 });
    else if (!placed.has(uid)) {
      const target = { kind: "Node", name: "bench" };
      await call("POST", `${path}/binding`, {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name },
        target,
      });
      addresses += 1;
      await patch(path, running(spec.containers, `10.1.${addresses >> 8}.${addresses & 255}`));
      placed.add(uid);
    }
  };
  const address = async ({ metadata, status }: z.infer<typeof ingress>) => {
    if (status?.loadBalancer?.ingress) return;
    const path = `/apis/networking.k8s.io/v1/namespaces/${metadata.namespace}/ingresses/${metadata.name}`;
    await patch(path, { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } });
  };

  const stopped = new AbortController();
  const { signal } = stopped;
  const follow = async <T>(path: string, shape: z.ZodType<T>, act: (found: T) => Promise<void>) => {
    while (!signal.aborted) {
      try {
        for await (const found of watch(path, shape, signal)) await act(found);
      } catch {
        // What changed under our hands is looked at again: a new watch begins with all there is.
      }
      await sleep(pace);
    }
  };
  const loops = [
    follow("/api/v1/pods", pod, place),
    follow("/apis/networking.k8s.io/v1/ingresses", ingress, address),
  ];
  return {
    stop: async () => {
      stopped.abort();
      await Promise.all(loops);
      close();
    },
  };
}

function running(containers: { name: string; image: string }[], podIP: string): object {
  const now = new Date().toISOString().replace(/\.\d+Z/, "Z");
  const types = ["PodScheduled", "Initialized", "ContainersReady", "Ready"];
  return {
    phase: "Running",
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: now,
    conditions: types.map((type) => ({ type, status: "True", lastTransitionTime: now })),
    containerStatuses: containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: now } },
    })),
  };
}
