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
 */
export async function startControlPlane(folder: string): Promise<ControlPlane> {
  const file = (...parts: string[]) => path.join(folder, ...parts);
  const keys = await pki(file("pki"), "bench", "127.0.0.1", apiService);
  const [etcd, peer, api, controllers] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const url = (port: number) => `http://127.0.0.1:${port}`;
  const server = `https://127.0.0.1:${api}`;
  await fs.writeFile(file("admin"), kubeconfig("bench", server, keys.ca, keys.pair("admin")));
  await fs.writeFile(
    file("controllers"),
    kubeconfig("controllers", server, keys.ca, keys.pair("controller-manager")),
  );

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
      },
    ],
    [
      toolPath("kube-controller-manager"),
      {
        kubeconfig: file("controllers"),
        "bind-address": "127.0.0.1",
        "secure-port": `${controllers}`,
        "leader-elect": "false",
        "root-ca-file": file("pki", "ca.crt"),
        "service-account-private-key-file": accounts,
        "use-service-account-credentials": "true",
        // There is no node, so nobody may miss it.
        controllers: "*,-node-lifecycle-controller,-pod-garbage-collector-controller",
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
  process.once("exit", () => {
    for (const child of processes) child.kill("SIGKILL");
  });
  try {
    for (const [command, options] of commands) {
      const log = await fs.open(file(`${path.basename(command)}.log`), "w");
      processes.push(spawn(command, flags(options), { stdio: ["ignore", log.fd, log.fd] }));
      await log.close();
    }
    await ready(file("admin"));
  } catch (cause) {
    await stop();
    throw cause;
  }
  return { kubeconfig: file("admin"), context: "bench", stop };
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
