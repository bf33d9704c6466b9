import { spawn } from "node:child_process";

import { run } from "../../local/host";

/** A neighbour of this machine, in a network of its own, that answers at these addresses and this port. */
export async function behind(
  addresses: readonly string[],
  port: number,
): Promise<{ remove(): Promise<void> }> {
  const name = `vctest${String(process.pid)}`;
  const ip = async (words: string): Promise<void> => {
    const ran = await run("ip", words.split(" "));
    if (ran.code !== 0) throw new Error(`ip ${words}: ${ran.stderr}`);
  };
  await ip(`netns add ${name}`);
  const listen = `require("node:net").createServer((caller) => caller.end()).listen(${String(port)}, "0.0.0.0")`;
  const server = spawn("ip", ["netns", "exec", name, process.execPath, "-e", listen], { stdio: "ignore" });
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
    return { remove };
  } catch (cause) {
    await remove();
    throw cause;
  }
}
