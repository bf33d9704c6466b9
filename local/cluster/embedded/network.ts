import { readFile, readdir } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

import { UserError } from "../../errors";

/** Every node's address; each has a /30 of it. */
export const nodeNetwork = "10.201.0.0/16";

/** The pods' and Services' addresses. They are seen inside only, so every instance has the same. */
export const podNetwork = "10.244.0.0/16";
export const serviceNetwork = "10.96.0.0/16";
export const apiService = "10.96.0.1";
export const dnsService = "10.96.0.10";

/** What workspaces are kept from, as the stack's config says it for other clusters. Each node is an API server too. */
export const clusterNetwork = {
  pods: [podNetwork],
  services: [serviceNetwork],
  nodes: [nodeNetwork],
  apiServer: [nodeNetwork],
};

/** The cable between the host and the node: one /30 an instance, out of 10.201.0.0/16. */
export interface Link {
  /** Number of the /30's third byte, 0 to 255; kept with the instance, so that its address stays. */
  index: number;
  /** Name of the host's interface. */
  name: string;
  host: string;
  node: string;
  bits: 30;
}

export function link(index: number): Link {
  const net = `10.201.${String(index)}`;
  return { index, name: `vibecode${String(index)}`, host: `${net}.1`, node: `${net}.2`, bits: 30 };
}

/** Where the API server answers, seen from the host. */
export const server = (l: Link): string => `https://${l.node}:6443`;

const kept = z.object({ index: z.number().int().min(0).max(255) });

/** The link which the instance in `folder` had at its last start. */
export async function keptLink(folder: string): Promise<Link | undefined> {
  try {
    return link(kept.parse(JSON.parse(await readFile(path.join(folder, "link.json"), "utf8"))).index);
  } catch {
    return undefined;
  }
}

/**
 * A link nobody else has: the one it had, if no interface of the host is in that network now, else the first
 * free one which no instance beside it has been given.
 * @param patience milliseconds in which its own link of a run that was just killed may still go away
 */
export async function freeLink(folder: string, inUse = hostAddresses, patience = 5000): Promise<Link> {
  const free = (l: Link): boolean =>
    !inUse().some((address) => address.startsWith(`10.201.${String(l.index)}.`));
  const own = await keptLink(folder);
  const limit = Date.now() + patience;
  while (own) {
    if (free(own)) return own;
    if (Date.now() > limit) break;
    await sleep(100);
  }
  const parent = path.dirname(folder);
  const names = (await readdir(parent)).filter((name) => name !== path.basename(folder));
  const others = await Promise.all(names.map((name) => keptLink(path.join(parent, name))));
  const given = new Set(others.map((l) => l?.index));
  for (let index = 0; index < 256; index++) {
    if (!given.has(index) && free(link(index))) return link(index);
  }
  throw new UserError(
    "no network of 10.201.0.0/16 is free for the cluster",
    `remove clusters below ${parent}`,
  );
}

function hostAddresses(): string[] {
  return Object.values(os.networkInterfaces()).flatMap((list) => (list ?? []).map((i) => i.address));
}

const forwarding = z.object({ forwards: z.array(z.object({ listen: z.array(z.string()) })) });

/** Ports of this machine which a supervisor with this configuration listens on; none where it is empty. */
export function forwardedPorts(config: string): number[] {
  const read = forwarding.safeParse(JSON.parse(config || "{}"));
  const listen = read.success ? read.data.forwards.flatMap((forward) => forward.listen) : [];
  return [...new Set(listen.map((address) => Number(address.split(":").at(-1))))];
}

/**
 * The name servers pods are sent to: the host's, less those on its loopback, which pods cannot reach.
 * @param files in order of preference; the first that holds a usable server is taken
 */
export async function resolvConf(
  files: string[] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"],
): Promise<string> {
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    const lines = text.split("\n").filter((line) => /^nameserver\s+(?!127\.|::1)\S+/.test(line));
    if (lines.length > 0) return lines.join("\n") + "\n";
  }
  return "";
}
