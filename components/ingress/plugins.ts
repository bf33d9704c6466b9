import * as fs from "node:fs";
import * as path from "node:path";

interface Plugin {
  /** Traefik's name for the source: its folder below `plugins-local/src` of the process's working directory. */
  moduleName: string;
  /** The source as Traefik looks for it, by the file's name. */
  files: Readonly<Record<string, string>>;
}

const source = (folder: string, file: string) => fs.readFileSync(path.join(__dirname, folder, file), "utf8");

const plugin = (name: string, folder: string): Plugin => ({
  moduleName: `vibecode/${name}`,
  files: {
    ".traefik.yml": source(folder, "manifest.yaml"),
    [`${name}.go`]: source(folder, `${name}.go`),
  },
});

/** Middlewares of our own, by the name of their Go package: Traefik reads their source at its start, and runs it. */
export const plugins = {
  session: plugin("session", "session-cookie"),
  stopped: plugin("stopped", "stopped-page"),
} as const satisfies Record<string, Plugin>;

const key = (name: string, file: string) => (file.startsWith(".") ? `${name}${file}` : file);

/** All their files, for a ConfigMap: `session.traefik.yml`, `session.go`. */
export const pluginFiles: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(plugins).flatMap(([name, { files }]) =>
    Object.entries(files).map(([file, text]) => [key(name, file), text] as const),
  ),
);

/** Where a pod finds them: one volume a plugin. */
export const pluginVolumes = Object.entries(plugins).map(([name, { moduleName, files }]) => ({
  name,
  path: `plugins-local/src/${moduleName}`,
  items: Object.keys(files).map((file) => ({ key: key(name, file), path: file })),
}));

/** What Traefik's static configuration says of them. */
export const localPlugins = Object.fromEntries(
  Object.entries(plugins).map(([name, { moduleName }]) => [name, { moduleName }]),
);
