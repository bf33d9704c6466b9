import { setTimeout as sleep } from "node:timers/promises";

import { retainedLabel } from "../components/workspace/retention";
import type { Cluster } from "./cluster";
import { UserError, type Report } from "./errors";
import { fedToCluster, inCluster } from "./kubectl";
import type { Identity, Retained } from "./retained";

/** A volume of a cloud takes its minutes. */
const patience = 300_000;

/**
 * Removes what is kept of a user: the namespace with all that is in it, and waits for its volumes' end.
 *
 * @param look looks at it again; asked right before anything is removed, and throws where it must stay
 * @returns names of the volumes that outlive their claims, since their storage class retains them
 */
export async function removeRetained(
  cluster: Cluster,
  look: () => Promise<Retained>,
  report: Report,
): Promise<string[]> {
  let kept = await look();
  const { name } = kept.namespace;
  if (kept.since === undefined && !kept.isLeaving) {
    // An `up` that takes the namespace over takes the mark away, and so changes what is about to be removed.
    const today = new Date().toISOString().slice(0, 10);
    await inCluster(cluster, "label", "namespace", name, `${retainedLabel}=${today}`);
    kept = await look();
  }
  const volumes = await policies(cluster, kept);
  if (!kept.isLeaving) {
    report(`removing ${name}`);
    await removeUnchanged(cluster, kept.namespace);
  }
  const going = volumes.filter(({ policy }) => policy === "Delete").map((volume) => volume.name);
  await untilGone(cluster, name, going, report);
  return volumes.filter(({ policy }) => policy !== "Delete").map((volume) => volume.name);
}

/** What becomes of each volume when its claim goes. */
async function policies(
  cluster: Cluster,
  { volumes }: Retained,
): Promise<{ name: string; policy: string }[]> {
  const bound = volumes.map(({ name }) => name).filter((name) => name !== "");
  if (bound.length === 0) return [];
  const columns = "custom-columns=NAME:.metadata.name,POLICY:.spec.persistentVolumeReclaimPolicy";
  const words = ["get", "persistentvolumes", ...bound, "--ignore-not-found", "--no-headers", "-o", columns];
  return (await inCluster(cluster, ...words))
    .split("\n")
    .map((line) => line.split(/\s+/))
    .flatMap(([name = "", policy = ""]) => (name === "" ? [] : [{ name, policy }]));
}

/** Removes a namespace if it is still the one that was looked at, as it was then. */
async function removeUnchanged(cluster: Cluster, { name, uid, resourceVersion }: Identity): Promise<void> {
  const options = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    preconditions: { uid, resourceVersion },
  };
  const words = ["delete", "--raw", `/api/v1/namespaces/${name}`, "--filename", "-"];
  try {
    await fedToCluster(cluster, JSON.stringify(options), ...words);
  } catch (error) {
    if (!(error instanceof UserError) || !error.message.includes("(Conflict)")) throw error;
    throw new UserError(
      `${name} was changed meanwhile, and nothing was removed`,
      "see whether its user is back, and try again",
      { cause: error },
    );
  }
}

async function untilGone(
  cluster: Cluster,
  namespace: string,
  volumes: readonly string[],
  report: Report,
): Promise<void> {
  const left = async (kind: string, names: readonly string[]) => {
    if (names.length === 0) return [];
    const text = await inCluster(cluster, "get", kind, ...names, "--ignore-not-found", "-o", "name");
    return text.split("\n").filter((line) => line !== "");
  };
  const end = Date.now() + patience;
  for (;;) {
    const rest = [...(await left("namespaces", [namespace])), ...(await left("persistentvolumes", volumes))];
    if (rest.length === 0) return;
    report(`waiting for the end of ${rest.join(", ")}`);
    if (Date.now() > end) {
      const messages = `jsonpath={range .status.conditions[?(@.status=="True")]}{.message}{"\\n"}{end}`;
      const why = await inCluster(
        cluster,
        "get",
        "namespaces",
        namespace,
        "--ignore-not-found",
        "-o",
        messages,
      );
      const text = why.trim() === "" ? "" : `:\n${why.trim()}`;
      throw new UserError(
        `${rest.join(", ")} will not go${text}`,
        "the cluster goes on with it; the same command waits again",
      );
    }
    await sleep(1000);
  }
}
