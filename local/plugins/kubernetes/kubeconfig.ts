import { existsSync, readFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const clusterFields = z.looseObject({
  server: z.string(),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.string().optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": z.string().optional(),
});

const userFields = z.looseObject({
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.string().optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.string().optional(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
});

const contextFields = z.looseObject({
  cluster: z.string(),
  user: z.string().optional(),
  namespace: z.string().optional(),
});

const kubeconfigFile = z.looseObject({
  clusters: z.array(z.looseObject({ name: z.string(), cluster: clusterFields })).nullish(),
  users: z.array(z.looseObject({ name: z.string(), user: userFields.nullish() })).nullish(),
  contexts: z.array(z.looseObject({ name: z.string(), context: contextFields })).nullish(),
  "current-context": z.string().nullish(),
});

/** What is needed to talk to one cluster as one user. */
export interface Cluster {
  server: string;
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  /** The `Authorization` header. */
  authorization?: string;
  insecure: boolean;
  servername?: string;
  /** The context's own namespace. */
  namespace?: string;
}

/** Nothing says where the cluster is. */
export class NoCluster extends Error {}

export interface Choice {
  /** A path, or the content itself. Default: `KUBECONFIG`, then `~/.kube/config`. */
  kubeconfig?: string | undefined;
  /** Default: the file's current context. */
  context?: string | undefined;
  /** Default: the context's cluster. */
  cluster?: string | undefined;
}

/** A kubeconfig names files relative to its own folder. */
interface Source {
  text: string;
  folder: string;
  name: string;
}

function source(kubeconfig: string | undefined): Source {
  if (kubeconfig !== undefined && /[\n{]/.test(kubeconfig))
    return { text: kubeconfig, folder: process.cwd(), name: "the kubeconfig" };
  const fallback = path.join(os.homedir(), ".kube", "config");
  const given = kubeconfig ?? (process.env["KUBECONFIG"]?.split(path.delimiter).find(existsSync) || fallback);
  const file = given.startsWith("~/") ? path.join(os.homedir(), given.slice(2)) : given;
  if (!existsSync(file)) {
    const asked = kubeconfig === undefined ? "no cluster is configured" : "the kubeconfig is missing";
    throw new NoCluster(`${asked}: there is no file ${file}; set kubernetes:kubeconfig or KUBECONFIG`);
  }
  return { text: readFileSync(file, "utf8"), folder: path.dirname(file), name: file };
}

function find<T extends { name: string }>(
  list: T[] | null | undefined,
  name: string,
  what: string,
  file: string,
): T {
  const found = list?.find((item) => item.name === name);
  if (found) return found;
  const there = list?.map((item) => item.name).join(", ");
  throw new Error(`${file} has no ${what} "${name}"; it has ${there ?? "none"}`);
}

/** Reads the kubeconfig and picks context, cluster and user as kubectl does. */
export function loadCluster(choice: Choice): Cluster {
  const { text, folder, name: file } = source(choice.kubeconfig);
  const content = kubeconfigFile.safeParse(parse(text));
  if (!content.success) throw new Error(`${file} is not a kubeconfig: ${z.prettifyError(content.error)}`);
  const config = content.data;
  const contextName = choice.context ?? config["current-context"] ?? "";
  const context =
    contextName === "" ? undefined : find(config.contexts, contextName, "context", file).context;
  const clusterName = choice.cluster ?? context?.cluster;
  if (clusterName === undefined) throw new Error(`${file} has no current context; set kubernetes:context`);
  const cluster = find(config.clusters, clusterName, "cluster", file).cluster;
  const user = context?.user === undefined ? {} : (find(config.users, context.user, "user", file).user ?? {});
  for (const method of ["exec", "auth-provider"])
    if (method in user)
      throw new Error(
        `${file} signs in by "${method}", which the offline plugin does not support; use a token`,
      );

  const bytes = (data: string | undefined, from: string | undefined) =>
    data !== undefined
      ? Buffer.from(data, "base64")
      : from === undefined
        ? undefined
        : readFileSync(path.resolve(folder, from));
  const token = user.token ?? bytes(undefined, user.tokenFile)?.toString("utf8").trim();
  const basic = Buffer.from(`${user.username ?? ""}:${user.password ?? ""}`).toString("base64");
  const authorization =
    token !== undefined ? `Bearer ${token}` : user.username !== undefined ? `Basic ${basic}` : undefined;
  const ca = bytes(cluster["certificate-authority-data"], cluster["certificate-authority"]);
  const cert = bytes(user["client-certificate-data"], user["client-certificate"]);
  const key = bytes(user["client-key-data"], user["client-key"]);
  return {
    server: cluster.server.replace(/\/+$/, ""),
    insecure: cluster["insecure-skip-tls-verify"] ?? false,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(authorization !== undefined && { authorization }),
    ...(cluster["tls-server-name"] !== undefined && { servername: cluster["tls-server-name"] }),
    ...(context?.namespace !== undefined && { namespace: context.namespace }),
  };
}
