import { embedded, type Cluster } from "../../local/cluster";
import { embeddedTools } from "../../local/cluster/embedded";
import type { Report } from "../../local/errors";
import { ensureImages } from "../../local/images";
import { ensureTools, toolPath } from "../../local/toolchain";

/** Builds what an embedded cluster is made of, where it is not there yet: minutes the first time. */
export async function buildCluster(report: Report): Promise<void> {
  await ensureTools(embeddedTools, report);
}

/** An embedded cluster for tests; `parent` keeps it in a folder of its own. */
export function testCluster(name: string, parent?: string): Cluster {
  return embedded({
    name,
    why: "tests always use it",
    bin: toolPath,
    images: (report) => ensureImages(["pause", "coredns"], report),
    ...(parent === undefined ? {} : { parent }),
  });
}
