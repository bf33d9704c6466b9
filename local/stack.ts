import * as fs from "node:fs";
import * as path from "node:path";

import { parse, YAMLParseError } from "yaml";
import { z } from "zod";

import { UserError } from "./errors";
import { checkout } from "./paths";

/** A cluster as a stack's file names it; neither where that is encrypted. */
export interface Named {
  kubeconfig?: string | undefined;
  context?: string | undefined;
}

/** What the commands need to know of a stack's file before the program checks all of it. */
export interface StackFile {
  /** `local` in `stacks/Pulumi.local.yaml`. */
  name: string;
  path: string;
  /** The cluster that the file names, if it names one. */
  cluster: Named | undefined;
  /** The clusters that the file names where it names several, by their names. */
  clusters: ReadonlyMap<string, Named>;
  /** Ports of this machine at which a local platform is reached; 80 and 443 where the file does not say. */
  ports: { http: number; https: number };
  /** The config as it is written, by key. */
  config: Readonly<Record<string, unknown>>;
}

const folder = path.join(checkout, "stacks");

const named = z.object({
  kubeconfig: z.string().optional().catch(undefined),
  context: z.string().optional().catch(undefined),
});
const several = z.record(z.string(), z.object({ cluster: named }).catch({ cluster: {} })).catch({});

// Only what the commands need, and without judging it: the program's own check says what is wrong, all at once.
const shape = z.looseObject({
  config: z
    .looseObject({
      "vibecode:cluster": z
        .looseObject({ kubeconfig: z.string().optional(), context: z.string().optional() })
        .optional()
        .catch(undefined),
      "vibecode:ingress": z
        .looseObject({ httpPort: z.number().default(80), httpsPort: z.number().default(443) })
        .prefault({})
        .catch({ httpPort: 80, httpsPort: 443 }),
    })
    .default({ "vibecode:cluster": undefined, "vibecode:ingress": { httpPort: 80, httpsPort: 443 } }),
});

/** @throws {UserError} when there is no such file, or it is not the YAML of a stack */
export function readStackFile(name: string): StackFile {
  const file = path.join(folder, `Pulumi.${name}.yaml`);
  if (!fs.existsSync(file)) {
    throw new UserError(`there is no stack ${name}`, `name one of these: ${stackNames().join(", ")}`);
  }
  let document: unknown;
  try {
    document = parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const [firstLine = ""] = error.message.split("\n");
    throw new UserError(`stacks/Pulumi.${name}.yaml is not YAML: ${firstLine}`, "correct that line");
  }
  const parsed = shape.safeParse(document);
  if (!parsed.success) {
    throw new UserError(
      `stacks/Pulumi.${name}.yaml is not a stack's file: ${z.prettifyError(parsed.error)}`,
      "compare it with stacks/Pulumi.local.yaml",
    );
  }
  const { config } = parsed.data;
  const { "vibecode:cluster": cluster, "vibecode:ingress": ingress } = config;
  const clusters = new Map(
    Object.entries(several.parse(config["vibecode:clusters"])).map(([key, entry]) => [key, entry.cluster]),
  );
  return {
    name,
    path: file,
    cluster,
    clusters,
    ports: { http: ingress.httpPort, https: ingress.httpsPort },
    config,
  };
}

function stackNames(): string[] {
  return fs
    .readdirSync(folder)
    .map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined);
}
