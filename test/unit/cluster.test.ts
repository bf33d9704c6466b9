import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { parse } from "yaml";

import { chooseCluster, type Cluster } from "../../local/cluster";
import { UserError } from "../../local/errors";
import { dataFolder } from "../../local/paths";
import { machineConfig } from "../../local/platform";

let folder: string;
const realPath = process.env["PATH"];

/** Puts a program on PATH which notes how it was called, then runs the script. */
function standIn(name: string, script: string, place = "bin"): void {
  const file = path.join(folder, place, name);
  fs.writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> "${folder}/calls"\n${script}\n`, { mode: 0o755 });
}
const calls = (): string[] => fs.readFileSync(path.join(folder, "calls"), "utf8").trim().split("\n");
const quiet = (): void => undefined;

const choose = (
  named?: Record<string, string>,
  ports?: { http: number; https: number },
  before?: "kind" | "embedded",
): Promise<Cluster> =>
  chooseCluster({
    stack: "team",
    named,
    before,
    ...(ports && { ports }),
    bin: (tool) => path.join(folder, "built", tool),
    images: () => Promise.reject(new Error("nothing is built to decide")),
  });

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-choice-"));
  for (const place of ["bin", "built"]) fs.mkdirSync(path.join(folder, place));
  for (const program of ["sh", "sleep"]) fs.symlinkSync(`/bin/${program}`, path.join(folder, "bin", program));
  process.env["PATH"] = path.join(folder, "bin");
});
afterEach(() => {
  process.env["PATH"] = realPath;
  fs.rmSync(folder, { recursive: true, force: true });
});

afterAll(() => {
  fs.rmSync(path.join(dataFolder, "clusters", "kind-team"), { recursive: true, force: true });
});

describe("the choice", () => {
  test("takes the cluster that the stack names, also where Docker answers", async () => {
    standIn("docker", "echo 29.0");
    standIn("kind", "");
    const cluster = await choose({ context: "production" });
    expect(cluster).toMatchObject({ kind: "existing", context: "production", kubeconfig: undefined });
    expect(cluster.why).toBe("stacks/Pulumi.team.yaml names production");
  });

  test("does not go to kubectl's current context where the stack only gives a name or a domain", async () => {
    standIn("kubectl", "echo '{}'");
    expect((await choose({ name: "team", domain: "example.com" })).kind).toBe("embedded");
  });

  test("stays where the stack was brought up before, whatever Docker does meanwhile", async () => {
    expect((await choose(undefined, undefined, "embedded")).kind).toBe("embedded");
    await expect(choose(undefined, undefined, "kind")).rejects.toThrow(
      "team is on a KIND cluster, and there is no Docker here; start Docker, with kind on PATH",
    );
    standIn("docker", "echo 29.0");
    standIn("kind", "");
    expect((await choose(undefined, undefined, "embedded")).kind).toBe("embedded");
    expect((await choose(undefined, undefined, "kind")).kind).toBe("kind");
  });

  test("takes KIND where an engine answers and kind is installed", async () => {
    standIn("docker", "echo 29.0");
    standIn("kind", "");
    expect(await choose()).toMatchObject({
      kind: "kind",
      why: "a Docker engine and kind are here",
      context: "kind-vibecode-team",
    });
    expect(calls()).toEqual(["docker info --format {{.ServerVersion}}"]);
  });

  test.each([
    ["there is no Docker here", undefined],
    ["no Docker engine answers here", "echo 'Cannot connect' >&2; exit 1"],
    ["no Docker engine answers here", "exit 0"],
    ["a Docker engine is here, but not kind", "echo 29.0"],
  ])("takes the embedded one since %s", async (why, docker) => {
    if (docker !== undefined) standIn("docker", docker);
    expect(await choose()).toMatchObject({ kind: "embedded", why, context: "vibecode-team" });
  });

  test("does not wait for a Docker engine that hangs", async () => {
    standIn("docker", "exec sleep 60");
    const began = Date.now();
    expect((await choose()).kind).toBe("embedded");
    expect(Date.now() - began).toBeLessThan(5000);
  }, 10_000);
});

describe("a cluster that the stack names", () => {
  test("is asked, with the file and the context that the stack names", async () => {
    standIn("kubectl", "echo '{}'");
    await (await choose({ kubeconfig: "/some/file", context: "production" })).start(quiet);
    expect(calls()).toEqual([
      "kubectl --kubeconfig /some/file --context production --request-timeout=10s get --raw /version",
    ]);
  });

  test("is asked with the built kubectl only where none is on PATH", async () => {
    standIn("kubectl", "echo built; exit 1", "built");
    const cluster = await choose({ context: "production" });
    expect((await cluster.status()).running).toBe(false);
    standIn("kubectl", "echo '{}'");
    expect((await cluster.status()).running).toBe(true);
  });

  test("that does not answer is an error which names it", async () => {
    standIn("kubectl", "echo 'connection refused' >&2; exit 1");
    const start = (await choose({ context: "production" })).start(quiet);
    await expect(start).rejects.toThrow(UserError);
    await expect(start).rejects.toThrow("cluster production does not answer: connection refused");
  });

  test("is never stopped or removed, and takes no images", async () => {
    standIn("kubectl", "");
    const cluster = await choose({ context: "production" });
    await cluster.stop(quiet);
    await cluster.destroy(quiet);
    expect(fs.existsSync(path.join(folder, "calls"))).toBe(false);
    await expect(cluster.loadImages([{ ref: "a", archive: "b" }], quiet)).rejects.toThrow(
      "push them to a registry",
    );
  });
});

describe("KIND", () => {
  const nodes = "vibecode-team-control-plane\\nvibecode-team-worker";
  const docker = (running: boolean): string =>
    `case "$1 $2" in
       "info --format") echo 29.0 ;;
       "inspect --format") echo ${String(running)} ;;
       "exec vibecode-team-control-plane"|"exec vibecode-team-worker") echo there:1 ;;
     esac`;
  const kind = (exists: boolean): string =>
    `case "$1 $2" in
       "get clusters") ${exists ? "echo vibecode-team" : ":"} ;;
       "get nodes") printf '${nodes}\\n' ;;
     esac`;

  test("is created in the shape of local/kind.yaml, at the stack's ports, when there is none", async () => {
    standIn("docker", docker(true));
    standIn("kind", kind(false));
    const cluster = await choose(undefined, { http: 8080, https: 8443 });
    await cluster.start(quiet);
    const create =
      /^kind create cluster --name vibecode-team --config (\S+) --kubeconfig \S+ --wait 180s$/.exec(
        calls().at(-1) ?? "",
      );
    const config: unknown = parse(fs.readFileSync(create?.[1] ?? "", "utf8"));
    expect(config).toMatchObject({
      nodes: [
        {
          role: "control-plane",
          extraPortMappings: [
            { hostPort: 8080, containerPort: 30080, listenAddress: "127.0.0.1" },
            { hostPort: 8443, containerPort: 30443, listenAddress: "127.0.0.1" },
          ],
        },
        { role: "worker" },
        { role: "worker" },
      ],
    });
  });

  test("that was stopped has its nodes started, and is not created again", async () => {
    standIn("docker", docker(false));
    standIn("kind", kind(true));
    await (await choose()).start(quiet);
    expect(calls()).toContain("docker start vibecode-team-control-plane vibecode-team-worker");
    expect(calls().filter((call) => call.startsWith("kind create"))).toEqual([]);
  });

  test("gets the images that not all its nodes have", async () => {
    standIn("docker", docker(true));
    standIn("kind", kind(true));
    const images = ["there:1", "missing:1"].map((ref) => ({ ref, archive: `/${ref}.tar` }));
    await (await choose()).loadImages(images, quiet);
    expect(calls().filter((call) => call.startsWith("kind load"))).toEqual([
      "kind load image-archive /missing:1.tar --name vibecode-team",
    ]);
  });

  test("stops by its nodes, so that its data stays, and is removed only by destroy", async () => {
    standIn("docker", docker(true));
    standIn("kind", kind(true));
    const cluster = await choose();
    await cluster.stop(quiet);
    expect(calls().at(-1)).toBe("docker stop vibecode-team-control-plane vibecode-team-worker");
    await cluster.destroy(quiet);
    expect(calls().at(-1)).toMatch(/^kind delete cluster --name vibecode-team --kubeconfig /);
  });

  test("says which command failed and its last words", async () => {
    standIn("docker", docker(true));
    standIn("kind", 'case "$1" in get) ;; *) echo "ERROR: port is already allocated" >&2; exit 1 ;; esac');
    await expect((await choose()).start(quiet)).rejects.toThrow(
      /^`kind create .*` failed: ERROR: port is already/,
    );
  });
});

describe("what a stack is told of its local cluster", () => {
  const told = async (config: Record<string, unknown>, before: "kind" | "embedded" = "embedded") => {
    standIn("docker", "echo 29.0");
    standIn("kind", "");
    const cluster = await choose(undefined, undefined, before);
    const ports = { http: 80, https: 443 };
    const stack = {
      name: "team",
      path: "",
      cluster: undefined,
      clusters: new Map<string, never>(),
      ports,
      config: { "vibecode:cluster": config },
    };
    return machineConfig({ stack, cluster }, { workspace: "w:1", traefik: "t:1" })["vibecode:cluster"];
  };

  test("is where it is and which addresses are its own", async () => {
    const pods = ["10.244.0.0/16"];
    const services = ["10.96.0.0/16"];
    const nodes = { embedded: ["10.201.0.0/16"], kind: ["172.16.0.0/12"] };
    for (const kind of ["embedded", "kind"] as const) {
      expect(await told({}, kind)).toMatchObject({
        name: "team",
        context: kind === "kind" ? "kind-vibecode-team" : "vibecode-team",
        userNamespaces: false,
        network: { pods, services, nodes: nodes[kind], apiServer: nodes[kind] },
      });
    }
  });

  test("leaves what the stack's file says besides, and is overruled by it in all but where the cluster is", async () => {
    const dns = ["169.254.20.10/32"];
    const services = ["10.97.0.0/16"];
    const said = { domain: "team.local", context: "other", userNamespaces: true, network: { dns, services } };
    expect(await told(said)).toMatchObject({
      domain: "team.local",
      context: "vibecode-team",
      userNamespaces: true,
      network: { pods: ["10.244.0.0/16"], services, nodes: ["10.201.0.0/16"], dns },
    });
  });
});
