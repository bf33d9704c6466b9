import { randomBytes } from "node:crypto";
import { z } from "zod";
import { output } from "../process";
import { Stack } from "../engine";
import type { StackArgs } from "../engine";

/** The cluster the plugin is tried on. */
export function kubeconfig(): string {
  const file = process.env["VIBECODE_TEST_KUBECONFIG"];
  if (file === undefined)
    throw new Error("VIBECODE_TEST_KUBECONFIG must name the kubeconfig of a cluster to test on");
  return file;
}

const anything = z.record(z.string(), z.unknown());

/** Another pair of hands on the cluster. */
export function kubectl(...args: string[]): Promise<string> {
  return output("kubectl", ["--kubeconfig", kubeconfig(), ...args]);
}

export async function get(...args: string[]): Promise<Record<string, unknown>> {
  return anything.parse(JSON.parse(await kubectl("get", "-o", "json", ...args)));
}

/** Whether there is such an object. */
export async function exists(...args: string[]): Promise<boolean> {
  return (await kubectl("get", "--ignore-not-found", "-o", "name", ...args)) !== "";
}

export async function apply(...objects: object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  await output("kubectl", ["--kubeconfig", kubeconfig(), "apply", "-f", "-"], { input });
}

/** A name no other test uses. */
export const fresh = (): string => `plugin-${randomBytes(4).toString("hex")}`;

/** What the programs of the tests begin with: one explicit provider, as `opts`, and a namespace's name. */
const preamble = `
  const namespace = config.get("namespace");
  const provider = new k8s.Provider("k8s", { kubeconfig: config.require("kubeconfig"), ...config.getObject("provider") });
  const opts = { provider };
`;

export interface ProgramArgs extends Omit<StackArgs, "program"> {
  /** Known as `namespace` in the program. Default none. */
  namespace?: string;
  /** Options of the provider. Default none. */
  provider?: object;
}

export const program = (body: string): string => preamble + body;

/** A stack whose program has `opts` and `namespace`. */
export function stackOf(body: string, { namespace, provider = {}, config = {}, ...rest }: ProgramArgs = {}) {
  return Stack.create({
    program: program(body),
    config: {
      kubeconfig: kubeconfig(),
      provider: JSON.stringify(provider),
      ...(namespace !== undefined && { namespace }),
      ...config,
    },
    ...rest,
  });
}

const made: string[] = [];

/** A namespace that goes with {@link removeNamespaces}. */
export async function namespace(): Promise<string> {
  const name = fresh();
  await kubectl("create", "namespace", name);
  made.push(name);
  return name;
}

export async function removeNamespaces(): Promise<void> {
  if (made.length > 0)
    await kubectl("delete", "namespace", "--wait=false", "--ignore-not-found", ...made.splice(0));
}
