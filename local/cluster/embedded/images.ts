import { run } from "../../host/run";
import type { Report } from "../../errors";
import { UserError } from "../../errors";
import type { ImageArchive } from "../cluster";

/** Where containerd listens, seen from the host. The path is short however deep the instance's folder is. */
export const socket = (first: number): string => `/proc/${String(first)}/root/run/containerd/containerd.sock`;

/** Runs containerd's own command line in the namespace of Kubernetes. */
const ctr = (first: number, ...args: string[]) =>
  run("ctr", ["--address", socket(first), "-n", "k8s.io", ...args]);

/**
 * Puts images into the instance's containerd, and removes their earlier ones which no container is made of. A ref
 * that is there is left alone: refs name their content.
 * @param first PID, on the host, of the node's first process: its /run holds the socket
 */
export async function loadImages(first: number, images: ImageArchive[], report: Report): Promise<void> {
  const there = await loaded(first);
  const missing = images.filter((image) => !there.has(image.ref));
  for (const image of missing) {
    report(`loading ${image.ref}`);
    const ran = await ctr(first, "images", "import", image.archive);
    if (ran.code !== 0) {
      throw new UserError(
        `image ${image.ref} cannot be loaded from ${image.archive}: ${ran.stderr.trim().split("\n").at(-1) ?? ""}`,
        "remove the file and run `make up` again, which builds it anew",
      );
    }
  }
  const now = missing.length === 0 ? there : await loaded(first);
  const lost = missing.find((image) => !now.has(image.ref));
  if (lost) throw new Error(`${lost.archive} does not hold ${lost.ref}`);
  await removeEarlier(first, images, now);
}

/** Digests of the images that are there, by their refs. */
async function loaded(first: number): Promise<Map<string, string>> {
  return new Map(await table(first, "images", 2));
}

/** The first column of what `ctr … ls` prints, with another one. */
async function table(first: number, what: "images" | "containers", column: number) {
  const ran = await ctr(first, what, "ls");
  if (ran.code !== 0) throw new Error(`containerd's ${what}: ${ran.stderr}`);
  const rows = ran.stdout.split("\n").slice(1);
  return rows.flatMap((row): [string, string][] => {
    const words = row.split(/\s+/);
    const [name = "", value = ""] = [words[0], words[column]];
    return name === "" ? [] : [[name, value]];
  });
}

/**
 * Kubelet removes no image here, so a machine would keep every workspace image it ever had. Kubernetes also lists
 * each image under a name made of its ID: all names of a digest go, or none.
 */
async function removeEarlier(first: number, images: ImageArchive[], there: Map<string, string>) {
  const nameOf = (ref: string): string => ref.slice(0, ref.lastIndexOf(":"));
  const names = new Set(images.map(({ ref }) => nameOf(ref)));
  const wanted = new Set(images.map(({ ref }) => there.get(ref)));
  const inUse = new Set((await table(first, "containers", 1)).map(([, ref]) => there.get(ref)));
  const earlier = new Set(
    [...there]
      .filter(([ref]) => ref.startsWith("localhost/vibecode/") && names.has(nameOf(ref)))
      .map(([, digest]) => digest)
      .filter((digest) => !wanted.has(digest) && !inUse.has(digest)),
  );
  const refs = [...there].filter(([, digest]) => earlier.has(digest)).map(([ref]) => ref);
  // What cannot be removed now can be the next time.
  if (refs.length > 0) await ctr(first, "images", "rm", ...refs);
}
