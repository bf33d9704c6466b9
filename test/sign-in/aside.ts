import { run } from "../../local/host";

/** A network beside this machine's, where a process of a test is what the internet is to others. */
export interface Aside {
  /** Of the one process there. */
  address: string;
  /** Words before a command that run it there. */
  within: readonly string[];
  remove: () => Promise<void>;
}

// One of the 64 networks of two below 198.51.100.0/24: other tests on this machine have theirs.
const first = (process.pid % 64) * 4;
const here = `198.51.100.${first + 1}`;
const address = `198.51.100.${first + 2}`;

/** Makes it: pods of an embedded cluster reach it, and no address of this machine. */
export async function aside(): Promise<Aside> {
  const name = `vcaside${process.pid}`;
  const ip = async (words: string): Promise<void> => {
    const { code, stderr } = await run("ip", words.split(" "));
    if (code !== 0) throw new Error(`ip ${words}: ${stderr}`);
  };
  const remove = async () => {
    await run("ip", ["netns", "delete", name]);
  };
  await ip(`netns add ${name}`);
  try {
    await ip(`link add ${name} type veth peer name eth0 netns ${name}`);
    await ip(`link set ${name} up`);
    await ip(`address add ${here}/30 dev ${name}`);
    await ip(`-n ${name} link set lo up`);
    await ip(`-n ${name} link set eth0 up`);
    await ip(`-n ${name} address add ${address}/30 dev eth0`);
  } catch (error) {
    await remove();
    throw error;
  }
  return { address, within: ["ip", "netns", "exec", name], remove };
}
