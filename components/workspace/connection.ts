import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

import { parse } from "yaml";
import { z } from "zod";

/** Which cluster, as a stack's config and the Kubernetes provider name it. */
export interface ClusterArgs {
  /** A path, or the content itself. Default: `KUBECONFIG`, then `~/.kube/config`. */
  kubeconfig?: string | undefined;
  /** Default: the kubeconfig's current one. */
  context?: string | undefined;
}

/** A way to one cluster, as one user. */
export interface Connection {
  server: string;
  /** Certificates, and whether the server's is checked. */
  tls: https.RequestOptions;
  /** The header of that name. */
  authorization?: string | undefined;
}

const optional = z.string().nullish();

const clusterFields = z.object({
  server: z.string(),
  "certificate-authority": optional,
  "certificate-authority-data": optional,
  "insecure-skip-tls-verify": z.boolean().nullish(),
  "tls-server-name": optional,
});

const execFields = z.object({
  apiVersion: z.string(),
  command: z.string(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});

const userFields = z.object({
  "client-certificate": optional,
  "client-certificate-data": optional,
  "client-key": optional,
  "client-key-data": optional,
  token: optional,
  tokenFile: optional,
  username: optional,
  password: optional,
  exec: execFields.nullish(),
});

type Entry = { name: string; folder: string } & Record<string, unknown>;

const list = z.array(z.looseObject({ name: z.string() })).nullish();
const kubeconfigFile = z.looseObject({
  "current-context": optional,
  contexts: list,
  clusters: list,
  users: list,
});

/** Where the kubeconfig's content comes from, as kubectl looks for it, and the folder its paths start from. */
function sources(kubeconfig: string | undefined): { text: string; folder: string }[] {
  if (kubeconfig !== undefined && /[\n{]/.test(kubeconfig))
    return [{ text: kubeconfig, folder: process.cwd() }];
  const named = kubeconfig?.replace(/^~(?=\/)/, os.homedir());
  const files = named === undefined ? process.env["KUBECONFIG"]?.split(path.delimiter) : [named];
  return (files ?? [path.join(os.homedir(), ".kube", "config")])
    .filter((file) => named !== undefined || fs.existsSync(file))
    .map((file) => ({ text: fs.readFileSync(file, "utf8"), folder: path.dirname(path.resolve(file)) }));
}

/** What `exec` of a kubeconfig's user prints: how people sign in to the clouds' clusters. */
const credential = z.object({
  status: z.object({
    token: optional,
    clientCertificateData: optional,
    clientKeyData: optional,
  }),
});

async function signInBy({ apiVersion, command, args, env }: z.infer<typeof execFields>) {
  const request = { apiVersion, kind: "ExecCredential", spec: { interactive: false } };
  const { stdout } = await promisify(execFile)(command, args ?? [], {
    env: {
      ...process.env,
      ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(request),
    },
    timeout: 60_000,
  });
  return credential.parse(JSON.parse(stdout)).status;
}

/** Reads the kubeconfig, and signs in where it says how. */
export async function connect({ kubeconfig, context }: ClusterArgs): Promise<Connection> {
  const files = sources(kubeconfig).map(({ text, folder }) => ({
    folder,
    content: kubeconfigFile.parse(parse(text)),
  }));
  const entry = (kind: "contexts" | "clusters" | "users", name: string): Entry => {
    for (const { folder, content } of files) {
      const found = content[kind]?.find((item) => item.name === name);
      if (found !== undefined) return { ...found, folder };
    }
    throw new Error(`the kubeconfig has no ${name} among its ${kind}`);
  };
  const current = files.map(({ content }) => content["current-context"]).find((name) => Boolean(name));
  const chosen = z
    .object({ cluster: z.string(), user: z.string() })
    .parse(entry("contexts", context ?? current ?? "")["context"]);

  const { folder: clusterFolder, cluster: clusterEntry } = entry("clusters", chosen.cluster);
  const cluster = clusterFields.parse(clusterEntry);
  const { folder: userFolder, user: userEntry } = entry("users", chosen.user);
  const user = userFields.parse(userEntry ?? {});
  const signedIn = user.exec ? await signInBy(user.exec) : undefined;
  const token =
    signedIn?.token ?? user.token ?? bytes(undefined, user.tokenFile, userFolder)?.toString().trim();
  const basic = user.username ? `${user.username}:${user.password ?? ""}` : undefined;
  return {
    server: cluster.server.replace(/\/+$/, ""),
    tls: {
      ca: bytes(cluster["certificate-authority-data"], cluster["certificate-authority"], clusterFolder),
      cert:
        signedIn?.clientCertificateData ??
        bytes(user["client-certificate-data"], user["client-certificate"], userFolder),
      key: signedIn?.clientKeyData ?? bytes(user["client-key-data"], user["client-key"], userFolder),
      rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
      ...(cluster["tls-server-name"] ? { servername: cluster["tls-server-name"] } : {}),
    },
    authorization: token ? `Bearer ${token}` : basic && `Basic ${Buffer.from(basic).toString("base64")}`,
  };
}

function bytes(data: string | null | undefined, file: string | null | undefined, folder: string) {
  if (data) return Buffer.from(data, "base64");
  return file ? fs.readFileSync(path.resolve(folder, file)) : undefined;
}

export interface Answer {
  status: number;
  /** The object it answers with. */
  body: unknown;
}

/** One request to the API server; 10 seconds is what it may take. */
export function request(
  { server, tls, authorization }: Connection,
  method: "GET" | "PATCH",
  path: string,
  patch?: unknown,
): Promise<Answer> {
  const { request: open } = server.startsWith("http:") ? http : https;
  return new Promise((resolve, reject) => {
    const sent = open(
      `${server}${path}`,
      {
        ...tls,
        method,
        agent: false,
        signal: AbortSignal.timeout(10_000),
        headers: {
          accept: "application/json",
          "content-type": "application/merge-patch+json",
          ...(authorization === undefined ? {} : { authorization }),
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (text += part));
        response.on("error", reject);
        response.on("end", () => {
          try {
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
          } catch {
            resolve({ status: response.statusCode ?? 0, body: { message: text.trim() } });
          }
        });
      },
    );
    sent.on("error", reject);
    sent.end(patch === undefined ? undefined : JSON.stringify(patch));
  });
}
