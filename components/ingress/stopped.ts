import * as fs from "node:fs";
import * as path from "node:path";

/** The middleware that answers for a workspace which is stopped; it stands last, after sign-in. */
export const stopped = "stopped@file";

/** Traefik's name for the source: its folder below `plugins-local/src` of the process's working directory. */
export const moduleName = "vibecode/stopped";

const source = (file: string) => fs.readFileSync(path.join(__dirname, "stopped-page", file), "utf8");

/** The middleware's source as Traefik looks for it, by the file's name. */
export const stoppedFiles = { ".traefik.yml": source("manifest.yaml"), "stopped.go": source("stopped.go") };
