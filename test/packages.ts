import { clusterPackages, ensurePackages, imagePackages, testPackages } from "../local/host";

/** Installs the Debian packages that any test needs, where they are not there yet. */
export async function ensureTestPackages(report: (message: string) => void): Promise<void> {
  await ensurePackages([...clusterPackages, ...imagePackages, ...testPackages], report);
}
