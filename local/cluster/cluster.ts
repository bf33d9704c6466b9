import type { Report } from "../errors";

/** A container image on disk: `archive` is an OCI archive which holds `ref`. */
export interface ImageArchive {
  ref: string;
  archive: string;
}

/** One process of a cluster, as `make status` shows it. */
export interface Component {
  name: string;
  running: boolean;
  /** Seconds since its start; 0 when it is not running. */
  uptime: number;
  /** Resident memory in bytes; 0 where it is not known. */
  memory: number;
  restarts: number;
  /** How its last run ended; empty when there was no other run. */
  ended: string;
}

export interface ClusterStatus {
  running: boolean;
  /** One line for a person: `answers at https://10.201.3.2:6443`. */
  detail: string;
  components: Component[];
}

/** A Kubernetes cluster the platform can be put into, whatever it is made of. */
export interface Cluster {
  kind: "embedded" | "kind" | "existing";
  /** Why this one was chosen, in one sentence. */
  why: string;
  /** Path of the kubeconfig; undefined means kubectl's own rules (KUBECONFIG, then ~/.kube/config). */
  kubeconfig: string | undefined;
  /** Context in the kubeconfig; undefined means its current one. */
  context: string | undefined;
  /** Brings it up and waits for a node that takes pods. Does nothing to one that is up. */
  start(report: Report): Promise<void>;
  /** Puts images where its nodes find them; those that are there already are left out. */
  loadImages(images: ImageArchive[], report: Report): Promise<void>;
  /** Ends its compute and keeps its data. */
  stop(report: Report): Promise<void>;
  /** Removes it with its data. */
  destroy(report: Report): Promise<void>;
  status(): Promise<ClusterStatus>;
  /** Address at which node ports answer from this machine, once it runs; undefined where that is not known. */
  nodeAddress(): Promise<string | undefined>;
}
