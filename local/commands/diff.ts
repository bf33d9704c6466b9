import * as fs from "node:fs";

import { z } from "zod";

import { namespace, type Place } from "../../infra/config";
import { UserError } from "../errors";
import { readStackFile } from "../stack";
import { checkWithoutSecrets } from "../stack-config";
import { differences, type Difference, type Side } from "../stack-diff";
import { printTable } from "../table";

/** Says in what two stacks differ, defaults included, and why each difference may be. */
export function diff(a: string, b: string): void {
  if (a === "" || b === "")
    throw new UserError("two stacks are needed", "name them: `make diff A=staging B=production`");
  const found = differences(side(a), side(b));
  if (found.length === 0) {
    console.log(`${a} and ${b} say the same.`);
    return;
  }
  const rows = (list: readonly Difference[]) =>
    list.map(({ key, values: [left = "-", right = "-"], reason }) => [
      key,
      cut(left, 36),
      cut(right, 36),
      cut(reason ?? "", 72),
    ]);
  const [open, explained] = [false, true].map((has) =>
    found.filter(({ reason }) => (reason !== undefined) === has),
  );
  if (open !== undefined && open.length > 0) {
    console.log("Nobody says why. A comment above the key, in either file, does:");
    printTable(["KEY", a, b], rows(open));
    console.log();
  }
  console.log("These may differ:");
  printTable(["KEY", a, b, "WHY"], rows(explained ?? []));
}

const cut = (text: string, length: number) =>
  text.length > length ? `${text.slice(0, length - 3)}...` : text;

const object = z.record(z.string(), z.unknown());
const entry = z.union([z.string().transform((name) => ({ name })), z.looseObject({ name: z.string() })]);

/** A stack's config with its defaults; people only with what is said of them, since the rest follows from other keys. */
function side(name: string): Side {
  const { path, config: file } = readStackFile(name);
  const { config } = checkWithoutSecrets(name, { ...file, ...machine(file) });
  const users = z.array(entry).parse(file[`${namespace}:users`]);
  const { places, ...common } = config;
  return { name, text: fs.readFileSync(path, "utf8"), config: { ...common, ...clustersOf(places), users } };
}

/** The cluster of a stack, or each of several with what is asked for there. */
function clustersOf(places: readonly Place[]): Record<string, unknown> {
  const [only] = places;
  if (only?.name === undefined) return { cluster: only?.cluster };
  return {
    clusters: Object.fromEntries(
      places.map(({ name = "", domain, cluster, workspace, storage, ingress, certificates, dns }) => [
        name,
        { domain, cluster, workspace, storage, ingress, certificates, dns },
      ]),
    ),
  };
}

/** What a stack of one machine is told by the command that starts it. */
function machine(file: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const add = (key: string, always: Record<string, unknown>) => {
    const own = object.safeParse(file[`${namespace}:${key}`]).data;
    return [`${namespace}:${key}`, { ...always, ...own }] as const;
  };
  const cluster = object.safeParse(file[`${namespace}:cluster`]).data;
  const isNamed = cluster?.["kubeconfig"] !== undefined || cluster?.["context"] !== undefined;
  return isNamed || file[`${namespace}:clusters`] !== undefined
    ? {}
    : Object.fromEntries([
        add("cluster", { context: "of this machine" }),
        add("images", { workspace: "localhost/built-here:1" }),
      ]);
}
