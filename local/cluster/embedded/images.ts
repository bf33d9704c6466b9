import { run } from "../../host/run";
import type { Report } from "../../errors";
import { UserError } from "../../errors";
import type { ImageArchive } from "../cluster";

/** Where containerd listens, seen from the host. The path is short however deep the instance's folder is. */
export const socket = (first: number): string => `/proc/${String(first)}/root/run/containerd/containerd.sock`;

/**
 * Puts images into the instance's containerd. A ref that is there is left alone: refs name their content.
 * @param first PID, on the host, of the node's first process: its /run holds the socket
 */
export async function loadImages(first: number, images: ImageArchive[], report: Report): Promise<void> {
  const ctr = (...args: string[]) =>
    run("ctr", [
      "--address",
      `/proc/${String(first)}/root/run/containerd/containerd.sock`,
      "-n",
      "k8s.io",
      ...args,
    ]);
  const listed = async (): Promise<Set<string>> =>
    new Set((await ctr("images", "ls", "-q")).stdout.split("\n"));
  let there = await listed();
  const missing = images.filter((image) => !there.has(image.ref));
  for (const image of missing) {
    report(`loading ${image.ref}`);
    const ran = await ctr("images", "import", image.archive);
    if (ran.code !== 0) {
      throw new UserError(
        `image ${image.ref} cannot be loaded from ${image.archive}: ${ran.stderr.trim().split("\n").at(-1) ?? ""}`,
        "remove the file and run `make up` again, which builds it anew",
      );
    }
  }
  if (missing.length === 0) return;
  there = await listed();
  const lost = missing.find((image) => !there.has(image.ref));
  if (lost) throw new Error(`${lost.archive} does not hold ${lost.ref}`);
}
