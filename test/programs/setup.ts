import { ensureTools } from "../../local/toolchain";
import { ensureTestPackages } from "../packages";

/** Installs and builds, before the first test, the real programs that the tests of this folder run without a cluster. */
export default async function setup(): Promise<void> {
  const report = (message: string): void => {
    process.stderr.write(`${message}\n`);
  };
  await ensureTestPackages(report);
  await ensureTools(["traefik", "authelia", "oauth2-proxy", "prometheus"], report);
}
