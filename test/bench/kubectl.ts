import { toolPath } from "../../local/toolchain";
import type { Manifest } from "./platform";
import { run } from "./run";

/**
 * kubectl, for the same objects: applies them, waits until every Deployment is available, and says how many seconds it took.
 */
export function kubectl(kubeconfig: string) {
  const feed = (args: string[], manifests: Manifest[]) =>
    run(toolPath("kubectl"), ["--kubeconfig", kubeconfig, ...args], {
      input: JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests }),
    });
  return async (manifests: Manifest[]): Promise<number> => {
    const began = performance.now();
    await feed(["apply", "--server-side", "--filename=-"], manifests);
    const deployments = manifests.filter(({ kind }) => kind === "Deployment");
    if (deployments.length > 0) {
      await feed(["wait", "--for=condition=Available", "--timeout=300s", "--filename=-"], deployments);
    }
    return (performance.now() - began) / 1000;
  };
}
