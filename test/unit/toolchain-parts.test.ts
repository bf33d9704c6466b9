import { removeTemporary, temporary } from "./host-stand-ins";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { buildFailure } from "../../local/toolchain/failure";
import { older } from "../../local/toolchain/go";
import { binaryName, parseGoMod } from "../../local/toolchain/gomod";
import { withLock } from "../../local/toolchain/lock";
import { readSource } from "../../local/toolchain/source";

afterAll(removeTemporary);

test("a go.mod's Go, tools and required versions are read from lines and blocks", () => {
  const text = `module a
go 1.26
tool example.com/one/cmd/one // why
tool (
	example.com/two/v3
)
replace example.com/x => example.com/y v9.9.9
require example.com/one v1.2.3
require (
	example.com/two/v3 v3.4.5 // indirect
)
`;
  expect(parseGoMod(text)).toEqual({
    go: "1.26",
    tools: ["example.com/one/cmd/one", "example.com/two/v3"],
    requires: new Map([
      ["example.com/one", "v1.2.3"],
      ["example.com/two/v3", "v3.4.5"],
    ]),
  });
});

test.each([
  ["k8s.io/kubernetes/cmd/kubectl", "kubectl"],
  ["example.com/two/v3", "two"],
  ["example.com/v1", "v1"],
])("the binary of %s is called %s", (packagePath, name) => {
  expect(binaryName(packagePath)).toBe(name);
});

test("the versions in the linker's flags are those of go.mod", () => {
  const { ldflags, goMod } = readSource("kubernetes");
  const version = goMod.requires.get("k8s.io/kubernetes") ?? "";
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const set = "-X k8s.io/component-base/version.git";
  expect(ldflags).toBe(`-s -w ${set}Version=${version} ${set}Major=${major} ${set}Minor=${minor}`);
});

test("a module's own programs are built beside its tools, each once", () => {
  expect(readSource("kubernetes").tools).toEqual(expect.arrayContaining(["kubelet", "storage"]));
  expect(readSource("supervise").tools).toEqual(["supervise"]);
  expect(readSource("pause")).toMatchObject({ tools: ["pause"], packages: ["."] });
});

test.each([
  ["1.26.8", "1.26", false],
  ["1.26", "1.26.0", false],
  ["1.25.9", "1.26", true],
  ["1.9", "1.26", true],
  ["2.0", "1.26", false],
])("%s against %s: too old is %s", (version, wanted, answer) => {
  expect(older(version, wanted)).toBe(answer);
});

test.each([
  ["write /tmp/x: no space left on device", "the disk is full"],
  ["link: signal: killed", "memory ran out"],
  ["verifying module: checksum mismatch", "a downloaded module is not the one that go.sum pins"],
  ["dial tcp 1.2.3.4:443: connect: connection refused", "Go's module registry is out of reach"],
  ["tls: failed to verify certificate: x509: unknown authority", "Go's module registry is out of reach"],
  ["reading https://registry.test/a/@v/list: 403 Forbidden", "Go's module registry is out of reach"],
])("%s: %s", (output, cause) => {
  expect(buildFailure("coredns", output, "/log").what).toBe(`coredns could not be built: ${cause}`);
});

test("a failure of another kind names the log", () => {
  expect(buildFailure("coredns", "main.go:3: undefined: x", "/log").message).toBe(
    "coredns could not be built; read /log",
  );
});

test("a lock whose holder was killed is free at once", async () => {
  const file = path.join(temporary, "lock");
  const holder = spawn("sh", ["-c", `exec 9>>"${file}"; flock 9; echo held; exec sleep 60`]);
  await once(holder.stdout, "data");
  fs.writeFileSync(file, "a build");
  const messages: string[] = [];
  const waiting = withLock(
    file,
    "ours",
    (message) => messages.push(message),
    () => Promise.resolve("done"),
  );
  while (messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  holder.kill("SIGKILL");
  await expect(waiting).resolves.toBe("done");
  expect(messages).toEqual(["waiting for a build"]);
});
