import { ensureImages } from "../../local/images";
import { preparePulumi } from "../../local/pulumi";
import { ensureTools } from "../../local/toolchain";
import { ensureTestPackages } from "../packages";
import { buildCluster, testCluster } from "./instance";

/**
 * Brings the cluster `test` up before the tests that need one, and tells them where it is: VIBECODE_TEST_KUBECONFIG
 * and, for node ports, VIBECODE_TEST_NODE. On PATH they find Pulumi with its plugins. All of it is there already
 * when another project of the same run asked for it.
 */
export default async function setup(): Promise<void> {
  const report = (message: string): void => {
    process.stderr.write(`${message}\n`);
  };
  await ensureTestPackages(report);
  const pulumi = await preparePulumi(report);
  Object.assign(process.env, pulumi.env);
  await ensureTools(
    ["traefik", "kwok", "authelia", "oauth2-proxy", "prometheus", "kube-state-metrics"],
    report,
  );
  await buildCluster(report);
  await ensureImages(
    ["workspace", "traefik", "authelia", "databases", "oauth2-proxy", "monitoring", "kube-state-metrics"],
    report,
  );
  const cluster = testCluster("test");
  await cluster.start(report);
  process.env["VIBECODE_TEST_KUBECONFIG"] = cluster.kubeconfig;
  process.env["VIBECODE_TEST_NODE"] = await cluster.nodeAddress();
}
