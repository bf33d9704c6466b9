import { transformSync } from "@swc/core";
import * as fs from "node:fs";
import * as path from "node:path";

import { checkout } from "../paths";
import { folderKey, wordsKey } from "./key";

/** The program and its page. */
const source = path.join(checkout, "local", "sign-in");

/** What it needs at run time of a package, its license among it. */
const packages: Readonly<Record<string, RegExp>> = {
  yaml: /^(package\.json|LICENSE|dist\/.*\.js)$/,
  zod: /^(package\.json|LICENSE|.*\.cjs)$/,
};

const packageFolder = (name: string) => path.join(checkout, "node_modules", name);

/** The key of all that `writeSignIn` writes. */
export const signInKey = () =>
  folderKey(
    source,
    wordsKey(
      ...[...Object.keys(packages), "uqr", "@swc/core"].map((name) =>
        fs.readFileSync(path.join(packageFolder(name), "package.json"), "utf8"),
      ),
    ),
  );

/** Writes the program of local/sign-in as Node runs it: `main.js`, its page, and the packages that it needs. */
export function writeSignIn(folder: string): void {
  fs.cpSync(path.join(source, "page"), path.join(folder, "page"), { recursive: true });
  // The browser's own module: it draws the code that an authenticator reads.
  fs.copyFileSync(path.join(packageFolder("uqr"), "dist", "index.mjs"), path.join(folder, "page", "uqr.mjs"));
  for (const name of fs.readdirSync(source).filter((name) => name.endsWith(".ts"))) {
    const { code } = transformSync(fs.readFileSync(path.join(source, name), "utf8"), {
      filename: name,
      // No settings of a folder above.
      swcrc: false,
      jsc: { target: "es2023", parser: { syntax: "typescript" } },
      module: { type: "commonjs" },
    });
    fs.writeFileSync(path.join(folder, name.replace(/\.ts$/, ".js")), code);
  }
  for (const [name, needed] of Object.entries(packages)) {
    const from = packageFolder(name);
    for (const file of fs.readdirSync(from, { recursive: true, encoding: "utf8" })) {
      if (!needed.test(file)) continue;
      const to = path.join(folder, "node_modules", name, file);
      fs.mkdirSync(path.dirname(to), { recursive: true });
      fs.copyFileSync(path.join(from, file), to);
    }
  }
}
