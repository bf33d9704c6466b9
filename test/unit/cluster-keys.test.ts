import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import * as https from "node:https";
import * as os from "node:os";
import * as path from "node:path";

import { api } from "../../local/cluster/embedded/api";
import { pki } from "../../local/cluster/embedded/pki";

// Any address of the loopback will do; the port is always the API server's.
const address = "127.77.7.7";
let folder: string;

const keys = () => pki(folder, "node", address, "10.96.0.1");
const file = (name: string): string => path.join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "vibecode-keys-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const lasting = ["ca.key", "ca.crt", "etcd-ca.key", "etcd-ca.crt", "service-accounts.key", "encryption.key"];

test("what a cluster's data hangs on stays the same, and nothing unfinished is left", async () => {
  const first = await keys();
  const read = () => Promise.all(lasting.map((name) => readFile(file(name), "utf8")));
  const before = await read();
  const second = await keys();
  expect(await read()).toEqual(before);
  expect(second.encryption).toBe(first.encryption);
  expect((await readdir(folder)).filter((name) => name.endsWith(".new"))).toEqual([]);
});

test.each(lasting)("%s is not made anew when it is there and empty", async (name) => {
  await keys();
  await writeFile(file(name), "");
  await expect(keys()).rejects.toThrow(`${file(name)} is empty; bring it back from a copy`);
  expect(await readFile(file(name), "utf8")).toBe("");
});

test("a key that cannot be read is not made anew", async () => {
  await keys();
  await rm(file("encryption.key"));
  await mkdir(file("encryption.key"));
  await expect(keys()).rejects.toThrow(/encryption\.key cannot be read: .*EISDIR/);
});

test("a certificate is renewed for its key, but never a key for its certificate", async () => {
  await keys();
  await rm(file("ca.crt"));
  await keys();
  await rm(file("ca.key"));
  await expect(keys()).rejects.toThrow("ca.key is gone");
  await writeFile(file("ca.key"), await readFile(file("etcd-ca.key")));
  await expect(keys()).rejects.toThrow("does not belong to its certificate");
});

test("the API is asked until it has answered, refused or hung up", async () => {
  const issued = await keys();
  const server = https.createServer(issued.pair("apiserver"), (request, answer) => {
    if (request.url === "/whole") answer.end("all of it");
    else if (request.url === "/refused") answer.writeHead(403).end("no");
    else answer.write("the first h", () => request.socket.destroy());
  });
  await once(server.listen(6443, address), "listening");
  try {
    const asked = api(address, issued.ca, issued.pair("admin"));
    expect(await asked.get("/whole")).toBe("all of it");
    expect(await asked.get("/refused")).toBeUndefined();
    expect(await asked.get("/half")).toBeUndefined();
  } finally {
    server.close();
  }
  expect(await api(address, issued.ca, issued.pair("admin")).get("/whole")).toBeUndefined();
});
