import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { parseDocument } from "yaml";

import { UserError } from "../errors";
import { run } from "../host/run";
import { checkout, dataFolder } from "../paths";
import type { Cluster } from "./cluster";

/**
 * A KIND cluster, shaped by local/kind.yaml. Its commands and decisions are tested with stand-ins for docker and
 * kind; it has not been run with a real engine by those who wrote it.
 */
export function kind(stack: string, why: string, ports: { http: number; https: number }): Cluster {
  const name = `vibecode-${stack}`;
  const folder = path.join(dataFolder, "clusters", `kind-${stack}`);
  const kubeconfig = path.join(folder, "kubeconfig");

  const exists = async (): Promise<boolean> => lines(await must("kind", "get", "clusters")).includes(name);
  const nodes = async (): Promise<string[]> => lines(await must("kind", "get", "nodes", "--name", name));
  const states = async () =>
    Promise.all(
      (await nodes()).map(async (node) => ({
        node,
        running: (await must("docker", "inspect", "--format", "{{.State.Running}}", node)).trim() === "true",
      })),
    );

  return {
    kind: "kind",
    why,
    kubeconfig,
    context: `kind-${name}`,
    async start(report) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      if (!(await exists())) {
        report(`creating KIND cluster ${name}`);
        const config = path.join(folder, "kind.yaml");
        await writeFile(config, await shape(ports));
        await must(
          "kind",
          "create",
          "cluster",
          "--name",
          name,
          "--config",
          config,
          "--kubeconfig",
          kubeconfig,
          "--wait",
          "180s",
        );
        return;
      }
      const stopped = (await states()).filter((state) => !state.running).map((state) => state.node);
      if (stopped.length > 0) {
        report(`starting KIND cluster ${name}`);
        await must("docker", "start", ...stopped);
      }
      // Written at each start: the port of its API may be another one.
      await must("kind", "export", "kubeconfig", "--name", name, "--kubeconfig", kubeconfig);
      await ready(name);
    },
    async loadImages(images, report) {
      const everywhere = await Promise.all(
        (await nodes()).map(async (node) =>
          lines(await must("docker", "exec", node, "ctr", "-n", "k8s.io", "images", "ls", "-q")),
        ),
      );
      for (const { ref, archive } of images) {
        if (everywhere.length > 0 && everywhere.every((there) => there.includes(ref))) continue;
        report(`loading ${ref}`);
        await must("kind", "load", "image-archive", archive, "--name", name);
      }
    },
    async stop(report) {
      if (!(await exists())) return;
      report(`stopping KIND cluster ${name}`);
      await must("docker", "stop", ...(await nodes()));
    },
    async destroy(report) {
      report(`removing KIND cluster ${name}`);
      await must("kind", "delete", "cluster", "--name", name, "--kubeconfig", kubeconfig);
      await rm(folder, { recursive: true, force: true });
    },
    async status() {
      if (!(await exists())) return { running: false, detail: "does not exist", components: [] };
      const all = await states();
      const running = all.every((state) => state.running);
      return {
        running,
        detail: running ? `runs as ${name}` : "is stopped",
        components: all.map((state) => ({
          name: state.node,
          running: state.running,
          uptime: 0,
          memory: 0,
          restarts: 0,
          ended: "",
        })),
      };
    },
    async nodeAddress() {
      if (!(await exists())) return undefined;
      const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
      const addresses = await must("docker", "inspect", "--format", format, `${name}-control-plane`);
      return addresses.trim().split(" ")[0] || undefined;
    },
  };
}

/** local/kind.yaml with other ports of this machine. */
async function shape(ports: { http: number; https: number }): Promise<string> {
  const config = parseDocument(await readFile(path.join(checkout, "local", "kind.yaml"), "utf8"));
  for (const [index, port] of [ports.http, ports.https].entries())
    config.setIn(["nodes", 0, "extraPortMappings", index, "hostPort"], port);
  return config.toString();
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** What the program prints; its last words make the error when it fails. */
async function must(program: string, ...args: string[]): Promise<string> {
  const ran = await run(program, args);
  if (ran.code === 0) return ran.stdout;
  const said = ran.stderr.trim().split("\n").at(-1) ?? "";
  throw new UserError(
    `\`${[program, ...args].join(" ")}\` failed: ${said}`,
    "run it by hand to see all it says",
  );
}

/** Waits until the API server of a cluster that was stopped answers again, for at most two minutes. */
async function ready(name: string): Promise<void> {
  const ask = ["exec", `${name}-control-plane`, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"];
  for (let attempts = 120; attempts > 0; attempts--) {
    const answer = await run("docker", [...ask, "get", "--raw", "/readyz"]);
    if (answer.code === 0) return;
    await sleep(1000);
  }
  throw new UserError(`KIND cluster ${name} does not answer`, `read \`docker logs ${name}-control-plane\``);
}
