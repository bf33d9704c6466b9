import { spawn } from "node:child_process";

import { podNetwork } from "../../local/cluster/embedded/network";
import { run } from "../../local/host";
import { listening } from "./listening";

/**
 * A neighbour in a network of its own that answers at these addresses and this port, by TCP and UDP.
 *
 * @param node first process of a node: the neighbour is the node's, and hears pods by their own addresses. This
 *   machine's by default.
 */
export async function behind(
  addresses: readonly string[],
  port: number,
  node?: number,
): Promise<{ remove(): Promise<void> }> {
  const name = `vctest${String(process.pid)}${node === undefined ? "" : "n"}`;
  const here = node === undefined ? [] : ["nsenter", "-t", String(node), "-n"];
  const ip = async (words: string): Promise<void> => {
    const [program = "", ...rest] = [...here, "ip", ...words.split(" ")];
    const ran = await run(program, rest);
    if (ran.code !== 0) throw new Error(`ip ${words}: ${ran.stderr}`);
  };
  await ip(`netns add ${name}`);
  const server = spawn("ip", ["netns", "exec", name, process.execPath, "-e", listening([port])], {
    stdio: "ignore",
  });
  const remove = async (): Promise<void> => {
    server.kill();
    await run("ip", ["netns", "delete", name]);
  };
  try {
    await ip(`link add ${name} type veth peer name eth0 netns ${name}`);
    await ip(`link set ${name} up`);
    await ip(`-n ${name} link set eth0 up`);
    for (const address of addresses) {
      await ip(`-n ${name} address add ${address}/24 dev eth0`);
      await ip(`address add ${address.replace(/\d+$/, "1")}/24 dev ${name}`);
    }
    if (node !== undefined)
      await ip(`-n ${name} route add ${podNetwork} via ${(addresses[0] ?? "").replace(/\d+$/, "1")}`);
    return { remove };
  } catch (cause) {
    await remove();
    throw cause;
  }
}
