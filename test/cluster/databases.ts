import * as fs from "node:fs";
import * as path from "node:path";

import type { Report } from "../../local/errors";
import { baseKey, ensureBase } from "../../local/images/base";
import { isolation, mustBuildah } from "../../local/images/buildah";
import { wordsKey } from "../../local/images/key";
import { packFolder } from "../../local/images/oci";
import { imagesFolder, storedImage, storeImage, workFolder, type BuiltImage } from "../../local/images/store";
import { withLock } from "../../local/toolchain/lock";

const name = "databases";

/**
 * What the official images promise, in one image: Postgres's programs and `valkey-*` on PATH, the user 999 that is
 * `postgres`, a shell with coreutils and findutils, SIGINT as the signal to stop. Debian's versions are older: 15 for
 * 17, and Redis 7.0 for Valkey 9.
 */
const containerfile = (base: string) => `
FROM ${base}
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres
RUN apt-get update \\
 && apt-get install -y --no-install-recommends postgresql-common \\
 && sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \\
 && apt-get install -y --no-install-recommends postgresql-15 redis-server \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/* \\
 && ln -s /usr/bin/redis-server /usr/local/bin/valkey-server \\
 && ln -s /usr/bin/redis-cli /usr/local/bin/valkey-cli
ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/lib/postgresql/15/bin
STOPSIGNAL SIGINT
`;

/** Builds Debian's Postgres and Redis as an image for the pods of both, where this machine has not got it yet. */
export async function databasesImage(report: Report): Promise<BuiltImage> {
  const key = wordsKey(containerfile(""), baseKey());
  const there = storedImage(name, key);
  if (there !== undefined) return there;
  fs.mkdirSync(imagesFolder, { recursive: true });
  return withLock(path.join(imagesFolder, "lock"), `the image ${name}`, report, async () => {
    const meanwhile = storedImage(name, key);
    if (meanwhile !== undefined) return meanwhile;
    fs.rmSync(workFolder, { recursive: true, force: true });
    fs.mkdirSync(workFolder);
    try {
      report(`${name} image`);
      const ref = `localhost/vibecode/${name}:${key}`;
      const file = path.join(workFolder, "Containerfile");
      fs.writeFileSync(file, containerfile(await ensureBase(workFolder, report)));
      await mustBuildah(name, ["bud", ...isolation, "--file", file, "--tag", ref, workFolder]);
      const pushed = path.join(workFolder, "pushed");
      const plain = ["--quiet", "--disable-compression", "--format", "oci"];
      await mustBuildah(name, ["push", ...plain, ref, `dir:${pushed}`]);
      const archive = path.join(workFolder, "archive.tar");
      return storeImage(name, key, {
        ref,
        file: archive,
        ...(await packFolder(pushed, ref, workFolder, archive)),
      });
    } finally {
      fs.rmSync(workFolder, { recursive: true, force: true });
    }
  });
}
