import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { instance } from "../../local/cluster/embedded/instance";
import { forwardedPorts, freeLink, resolvConf } from "../../local/cluster/embedded/network";

let parent: string;

/** An instance's folder, with the link it had. */
function folder(name: string, index?: number): string {
  const made = path.join(parent, name);
  fs.mkdirSync(made, { recursive: true });
  if (index !== undefined) fs.writeFileSync(path.join(made, "link.json"), JSON.stringify({ index }));
  return made;
}
const index = async (of: string, inUse: string[] = []): Promise<number> =>
  (await freeLink(of, () => inUse, 0)).index;

beforeEach(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-network-"));
});
afterEach(() => {
  fs.rmSync(parent, { recursive: true, force: true });
});

describe("the link", () => {
  test("of a new instance is the first that no instance beside it has", async () => {
    folder("local", 0);
    folder("other", 2);
    expect(await index(folder("test"))).toBe(1);
  });

  test("stays the same from start to start", async () => {
    expect(await index(folder("test", 7), ["10.201.70.1"])).toBe(7);
  });

  test("is another one where the host has an interface in its network", async () => {
    expect(await index(folder("test", 7), ["192.0.2.2", "10.201.0.9", "10.201.7.1"])).toBe(1);
  });

  test("survives a file that says nothing", async () => {
    fs.writeFileSync(path.join(folder("test"), "link.json"), "{");
    expect(await index(folder("test"))).toBe(0);
  });
});

describe("pods' name servers", () => {
  const file = (text: string): string => {
    const made = path.join(parent, "resolv.conf");
    fs.writeFileSync(made, text);
    return made;
  };

  test("are the host's, less those on its loopback", async () => {
    const host = file("search example.com\nnameserver 127.0.0.53\nnameserver 192.0.2.53\noptions edns0\n");
    expect(await resolvConf([host])).toBe("nameserver 192.0.2.53\n");
  });

  test("come from the next file where the first has loopback ones only", async () => {
    const next = path.join(parent, "next");
    fs.writeFileSync(next, "nameserver 192.0.2.54\n");
    expect(await resolvConf([file("nameserver ::1\n"), "/does/not/exist", next])).toBe(
      "nameserver 192.0.2.54\n",
    );
  });

  test("are none where there is none", async () => {
    expect(await resolvConf([file("")])).toBe("");
  });
});

test("the ports that a cluster listens on are read from its configuration", () => {
  const forwards = [
    { listen: ["127.0.0.1:80", "[::1]:80"], to: "10.201.0.2:30080" },
    { listen: ["127.0.0.1:8443", "[::1]:8443"], to: "10.201.0.2:30443" },
  ];
  expect(forwardedPorts(JSON.stringify({ name: "local", forwards }))).toEqual([80, 8443]);
  expect(forwardedPorts("")).toEqual([]);
});

test.each(["", "Local", "1st", "a--b", "a-", "../x", "a".repeat(21)])("%j is no cluster's name", (name) => {
  expect(() => instance(name, "/x")).toThrow(`cluster name "${name}" is not valid`);
});
