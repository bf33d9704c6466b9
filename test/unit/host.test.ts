import { called, onlyOnPath, realPath, removeTemporary, temporary } from "./host-stand-ins";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { diskProblem, ensurePackages, missingPackages, portProblem, preflight, run } from "../../local/host";
import { withoutServices } from "../../local/host/policy";
import { nodeProblem } from "../../local/host/preflight";

const quiet = () => undefined;
const installed = path.join(temporary, "installed");
const dpkg = `[ -f ${installed} ] && echo "conntrack installed"; echo "runc installed"; echo "buildah config-files"; exit 1`;

beforeEach(() => {
  fs.rmSync(installed, { force: true });
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(removeTemporary);

test("a package that was removed but left its configuration is missing", async () => {
  onlyOnPath({ "dpkg-query": dpkg });
  expect(await missingPackages(["runc", "buildah", "conntrack"])).toEqual(["buildah", "conntrack"]);
});

test("what is installed already needs no apt-get", async () => {
  onlyOnPath({ "dpkg-query": dpkg });
  await ensurePackages(["runc"], quiet);
  expect(called()).toEqual([expect.stringMatching(/^dpkg-query /)]);
});

test("missing packages are installed without recommendations, with apt's progress and waits", async () => {
  jest.spyOn(process, "getuid").mockReturnValue(0);
  onlyOnPath({
    "dpkg-query": dpkg,
    "apt-get": `case "$*" in *install*)
echo "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 12 (apt)..."
echo "pmstatus:conntrack:42.4:Unpacking conntrack (amd64)"; touch ${installed} ;; esac`,
  });
  const messages: string[] = [];
  await ensurePackages(["runc", "conntrack"], (message) => messages.push(message));
  expect(called().filter((call) => call.includes("install"))).toEqual([
    expect.stringMatching(/^apt-get .* install --yes --no-remove --no-install-recommends conntrack$/),
  ]);
  expect(messages.slice(-2)).toEqual([
    "Debian packages: waiting for process 12 (apt)",
    "Debian packages: 42 % Unpacking conntrack (amd64)",
  ]);
});

test.each([
  [
    "E: Failed to fetch mirror Temporary failure resolving",
    "Debian's mirror is out of reach or has no such package",
  ],
  ["E: You don't have enough free space in /var/cache", "the disk is full"],
])("apt-get's %s: %s", async (output, cause) => {
  jest.spyOn(process, "getuid").mockReturnValue(0);
  onlyOnPath({ "dpkg-query": dpkg, "apt-get": `echo "${output}" >&2; exit 100` });
  await expect(ensurePackages(["conntrack"], quiet)).rejects.toThrow(
    `Debian packages could not be installed (conntrack): ${cause}`,
  );
});

test("who is not root gets the exact command", async () => {
  jest.spyOn(process, "getuid").mockReturnValue(1000);
  onlyOnPath({ "dpkg-query": dpkg, "apt-get": "exit 1" });
  await expect(ensurePackages(["conntrack", "buildah"], quiet)).rejects.toThrow(
    "Debian packages are missing: conntrack (kube-proxy drops stale connections with it), buildah (builds images from a Containerfile); run `sudo apt-get install --no-install-recommends conntrack buildah`",
  );
});

test("what would remove another package is not installed, and that package is named", async () => {
  jest.spyOn(process, "getuid").mockReturnValue(0);
  const refusal = `case "$*" in *install*)
echo "The following packages will be REMOVED:"; echo "  containerd.io docker-ce"
echo "The following NEW packages will be installed:"; echo "  conntrack"
echo "E: Packages need to be removed but remove is disabled." >&2; exit 100 ;; esac`;
  onlyOnPath({ "dpkg-query": dpkg, "apt-get": refusal });
  await expect(ensurePackages(["conntrack"], quiet)).rejects.toThrow(
    "Debian packages were not installed (conntrack): that would have removed containerd.io, docker-ce; install them by hand",
  );
});

test("a program that another package brought will do", async () => {
  onlyOnPath({ "dpkg-query": dpkg, buildah: "" });
  expect(await missingPackages(["buildah", "conntrack"])).toEqual(["conntrack"]);
});

test("where there is no Debian, what the packages would bring is looked for", async () => {
  onlyOnPath({ conntrack: "" });
  await expect(ensurePackages(["conntrack", "runc"], quiet)).rejects.toThrow(
    "missing on this machine, which is no Debian: runc (starts a container for containerd and buildah)",
  );
});

test("services are forbidden only while packages are installed, and only by us", async () => {
  onlyOnPath({});
  const policy = path.join(temporary, "policy-rc.d");
  const ask = async () => (await run("sh", [policy])).code;
  await withoutServices(
    ["etcd"],
    async () => {
      expect(await ask()).toBe(101);
    },
    policy,
  );
  expect(fs.existsSync(policy)).toBe(false);
  await expect(withoutServices(["etcd"], () => Promise.reject(new Error("apt")), policy)).rejects.toThrow(
    "apt",
  );
  expect(fs.existsSync(policy)).toBe(false);

  fs.writeFileSync(policy, "exit 7");
  await withoutServices(
    ["etcd"],
    async () => {
      expect(await ask()).toBe(7);
    },
    policy,
  );
  expect(fs.readFileSync(policy, "utf8")).toBe("exit 7");
});

test("everything that is not ready is named in one error", async () => {
  jest.spyOn(process, "getuid").mockReturnValue(1000);
  onlyOnPath({ "dpkg-query": dpkg, "apt-get": "" });
  const disk = [{ folder: path.join(temporary, "not", "there"), bytes: 1e18, purpose: "the toolchain" }];
  const message = await preflight({ node: "99", go: true, root: true, packages: ["conntrack"], disk }).catch(
    String,
  );
  expect(message).toMatch(/5 things are not ready on this machine; mend them and try again:/);
  for (const part of [
    "is too old",
    "Go is not installed",
    "needs root",
    "conntrack (",
    "the toolchain needs 1000000000.0 GB",
  ])
    expect(message).toContain(part);
});

test("nothing is said of a machine that has it all", async () => {
  onlyOnPath({ "dpkg-query": dpkg });
  await preflight({
    node: "20",
    packages: ["runc"],
    disk: [{ folder: temporary, bytes: 1, purpose: "a test" }],
  });
  expect(nodeProblem("24", "24.1.0")).toBeUndefined();
  expect(diskProblem(temporary, 1, "a test")).toBeUndefined();
});

test("a taken port names the process that listens", async () => {
  process.env["PATH"] = realPath;
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect((await portProblem(port))?.message).toMatch(
    new RegExp(
      `^port ${port} is taken by .*\\(pid ${process.pid}\\); stop it, or set vibecode:ingress.httpPort and httpsPort in the stack.s file to free ports$`,
    ),
  );
  server.close();
  await once(server, "close");
  expect(await portProblem(port)).toBeUndefined();
});

test("a program that is not there, fails or hangs is an answer", async () => {
  onlyOnPath({ fails: "echo out; echo err >&2; exit 3" });
  expect((await run("nonesuch", [])).code).toBe(127);
  expect(await run("fails", [])).toEqual({ code: 3, stdout: "out", stderr: "err", interrupted: false });
  expect((await run("sleep", ["60"], { timeout: 50 })).code).toBe(143);
  expect((await run("cat", [], { input: "a\nb" })).stdout).toBe("a\nb");
});
