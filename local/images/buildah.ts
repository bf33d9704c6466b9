import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Ran, RunOptions } from "../host/run";
import { runContained } from "./contained";
import { programFailure } from "./failure";
import { imagesFolder, workFolder } from "./store";

/** buildah keeps its layers here, apart from those of the machine's other programs. */
const storage = path.join(imagesFolder, "storage");

/** What of the storage is mounted; must not outlive a boot. */
const state = path.join(
  "/run/vibecode",
  `images-${createHash("sha256").update(storage).digest("hex").slice(0, 12)}`,
);

/** Neither needs a container runtime, a bridge or a name server of its own. */
export const isolation = ["--isolation", "chroot", "--network", "host"];

/** Runs buildah on our storage. It ends when this process ends. */
export function buildah(
  args: readonly string[],
  onLine?: (line: string) => void,
  env: RunOptions["env"] = {},
): Promise<Ran> {
  return runContained("buildah", ["--root", storage, "--runroot", state, ...args], {
    // Beside the storage, since /var/tmp may be small.
    env: { TMPDIR: workFolder, ...env },
    ...(onLine === undefined ? {} : { onLine }),
  });
}

/** Runs buildah for one image and gives its standard output; a failure becomes a line for the user. */
export async function mustBuildah(
  image: string,
  args: readonly string[],
  onLine?: (line: string) => void,
  env?: RunOptions["env"],
): Promise<string> {
  const ran = await buildah(args, onLine, env);
  if (ran.code !== 0) throw programFailure(image, ran);
  return ran.stdout.trim();
}

/**
 * Takes away what an interrupted build left, and layers older than so many days: they would keep Debian's updates
 * out of the next image. Untagged ones stay until then, since they spare an edit of the last stage all others.
 */
export async function tidyStorage(days = 14): Promise<void> {
  if (!fs.existsSync(storage)) return;
  await buildah(["rm", "--all"]);
  const listed = await buildah(["images", "--all", "--format", "{{.ID}} {{.CreatedAtRaw}}"]);
  const limit = Date.now() - days * 86_400_000;
  const old = listed.stdout.split("\n").flatMap((line) => {
    const [id, day] = line.split(/\s+/);
    return id !== undefined && day !== undefined && Date.parse(day) < limit ? [id] : [];
  });
  if (old.length > 0) await buildah(["rmi", "--force", ...old]);
}
