import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { kubeconfig } from "../../local/cluster/embedded/kubeconfig";
import { apiService, serviceNetwork } from "../../local/cluster/embedded/network";
import { pki } from "../../local/cluster/embedded/pki";
import { run } from "../../local/host/run";
import { toolPath } from "../../local/toolchain";

export interface ControlPlane {
  kubeconfig: string;
  context: string;
  /** Starts one program more, which ends with the rest, as one of the cluster's own users: `scheduler`. */
  start(command: string, as: string, options: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
}

const flags = (all: Record<string, string>) =>
  Object.entries(all).map(([name, value]) => `--${name}=${value}`);

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a socket without a port");
  return address.port;
}

/**
 * A real API server with its database and the real controllers, on loopback, and no node: what the engine waits for
 * is the API, not fifty editors that share this machine's processors.
 *
 * @param nodes whether nodes will report to it. Default no: then nobody may miss them
 */
export async function startControlPlane(folder: string, nodes = false): Promise<ControlPlane> {
  const file = (...parts: string[]) => path.join(folder, ...parts);
  const keys = await pki(file("pki"), "bench", "127.0.0.1", apiService);
  const [etcd, peer, api, controllers] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const url = (port: number) => `http://127.0.0.1:${port}`;
  const server = `https://127.0.0.1:${api}`;
  const access = async (user: string) => {
    await fs.writeFile(file(user), kubeconfig("bench", server, keys.ca, keys.pair(user)));
    return file(user);
  };

  const admin = await access("admin");
  const accounts = file("pki", "service-accounts.key");
  const commands: [string, Record<string, string>][] = [
    [
      "etcd",
      {
        "data-dir": file("etcd"),
        "listen-client-urls": url(etcd),
        "advertise-client-urls": url(etcd),
        "listen-peer-urls": url(peer),
        "initial-advertise-peer-urls": url(peer),
        "initial-cluster": `default=${url(peer)}`,
      },
    ],
    [
      toolPath("kube-apiserver"),
      {
        "etcd-servers": url(etcd),
        "bind-address": "127.0.0.1",
        "secure-port": `${api}`,
        "endpoint-reconciler-type": "none",
        "client-ca-file": file("pki", "ca.crt"),
        "tls-cert-file": file("pki", "apiserver.crt"),
        "tls-private-key-file": file("pki", "apiserver.key"),
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": accounts,
        "service-account-signing-key-file": accounts,
        "service-cluster-ip-range": serviceNetwork,
        "authorization-mode": "RBAC",
        // Debian's etcd cannot serve lists as streams; kwok would ask for nothing else.
        "feature-gates": "WatchList=false",
      },
    ],
    [
      toolPath("kube-controller-manager"),
      {
        kubeconfig: await access("controller-manager"),
        "bind-address": "127.0.0.1",
        "secure-port": `${controllers}`,
        "leader-elect": "false",
        "root-ca-file": file("pki", "ca.crt"),
        "service-account-private-key-file": accounts,
        "use-service-account-credentials": "true",
        controllers: nodes ? "*" : "*,-node-lifecycle-controller,-pod-garbage-collector-controller",
      },
    ],
  ];
  const processes: ChildProcess[] = [];
  const stop = async () => {
    for (const child of processes.reverse()) {
      if (child.exitCode !== null || child.pid === undefined) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  };
  const start = async (command: string, options: Record<string, string>) => {
    const log = await fs.open(file(`${path.basename(command)}.log`), "w");
    // Ends with this process, however that ends.
    const args = ["--pdeathsig", "KILL", command, ...flags(options)];
    processes.push(spawn("setpriv", args, { stdio: ["ignore", log.fd, log.fd] }));
    await log.close();
  };
  try {
    for (const [command, options] of commands) await start(command, options);
    await ready(admin);
  } catch (cause) {
    await stop();
    throw cause;
  }
  return {
    kubeconfig: admin,
    context: "bench",
    start: async (command, as, options) => start(command, { kubeconfig: await access(as), ...options }),
    stop,
  };
}

/** Waits until namespaces get their service accounts: then both the API server and the controllers work. */
async function ready(config: string): Promise<void> {
  const ask = ["--kubeconfig", config, "get", "serviceaccount", "default", "--request-timeout=5s"];
  for (let tries = 0; tries < 120; tries++) {
    if ((await run(toolPath("kubectl"), ask)).code === 0) return;
    await sleep(500);
  }
  throw new Error("the API server does not answer after a minute");
}
