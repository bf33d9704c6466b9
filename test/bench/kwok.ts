import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { toolPath } from "../../local/toolchain";
import type { Api } from "./api";
import type { ControlPlane } from "./control-plane";

/** A node that nobody runs. */
export interface FakeNode {
  name: string;
  labels: Record<string, string>;
  taints?: { key: string; value: string; effect: string }[];
  cpu: string;
  memory: string;
}

/**
 * The real scheduler, and nodes that kwok plays: their pods become ready without running. Whoever asks for a volume
 * of the class `bench` gets one once the scheduler chose a node, and every Ingress gets an address.
 */
export async function startNodes(cluster: ControlPlane, api: Api, nodes: readonly FakeNode[]): Promise<void> {
  await cluster.start(toolPath("kube-scheduler"), "scheduler", {
    "leader-elect": "false",
    "secure-port": "0",
  });
  await cluster.start(toolPath("kwok"), "admin", {
    config: path.join(__dirname, "kwok-stages.yaml"),
    "manage-all-nodes": "true",
    "node-lease-duration-seconds": "40",
  });
  await api.call("POST", "/apis/storage.k8s.io/v1/storageclasses", {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "bench" },
    provisioner: "kwok.x-k8s.io/volume",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  for (const { name, labels, taints, cpu, memory } of nodes) {
    const room = { cpu, memory, pods: "110", "ephemeral-storage": "100Gi" };
    await api.call("POST", "/api/v1/nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels },
      spec: { taints },
      status: { allocatable: room, capacity: room },
    });
  }
  await until(30, async () => {
    const ready = (await api.list("/api/v1/nodes", node)).filter(({ status }) =>
      status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
    );
    return ready.length === nodes.length ? true : undefined;
  });
}

const conditions = z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]);
const node = z.looseObject({ status: z.looseObject({ conditions }) });

/** Asks four times a second until there is an answer. */
export async function until<T>(seconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const limit = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > limit) throw new Error(`no answer in ${seconds} s`);
    await sleep(250);
  }
}
