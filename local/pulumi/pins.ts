import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { checkout } from "../paths";

/** The versions that the project's own files ask for. */
export interface Pins {
  /** Which Pulumi command lines may run the project: `>=3.200.0`. */
  required: string;
  /** The one we install where there is none: the SDK's own version. */
  pulumi: string;
  /** Provider plugins by name, each of its SDK's version. */
  plugins: ReadonlyMap<string, string>;
}

const project = z.object({ requiredPulumiVersion: z.string().default(">=0.0.0") });
const manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

/** SDKs that come without a plugin: the core, and a layer on top of another one. */
const withoutPlugin = new Set(["pulumi", "kubernetesx", "policy"]);

export function readPins(folder = checkout): Pins {
  const read = (file: string) => fs.readFileSync(path.join(folder, file), "utf8");
  const { dependencies } = manifest.parse(JSON.parse(read("package.json")));
  const sdks = Object.entries(dependencies).flatMap(([name, version]) =>
    name.startsWith("@pulumi/") ? [[name.slice("@pulumi/".length), version] as const] : [],
  );
  const pulumi = dependencies["@pulumi/pulumi"];
  if (pulumi === undefined) throw new Error("package.json does not depend on @pulumi/pulumi");
  return {
    required: project.parse(parse(read("Pulumi.yaml"))).requiredPulumiVersion,
    pulumi,
    plugins: new Map(sdks.filter(([name]) => !withoutPlugin.has(name))),
  };
}

/** Whether a version like `v3.250.0` meets a range of comparators joined by spaces: `>=3.200.0 <4.0.0`. */
export function satisfies(version: string, range: string): boolean {
  return range.split(/\s+/).every((comparator) => {
    const [, operator = "", wanted = ""] = /^(>=|<=|>|<|=)?v?(\d.*)$/.exec(comparator) ?? [];
    if (wanted === "")
      throw new Error(`Pulumi.yaml: requiredPulumiVersion: "${comparator}" is not understood`);
    const order = compare(version.replace(/^v/, ""), wanted);
    if (operator === ">=") return order >= 0;
    if (operator === "<=") return order <= 0;
    if (operator === ">") return order > 0;
    if (operator === "<") return order < 0;
    return order === 0;
  });
}

function compare(a: string, b: string): number {
  const numbers = (version: string) => version.split(/[-+]/, 1).join().split(".").map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < 3; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
