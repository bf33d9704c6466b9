import { called, onlyOnPath, realPath, removeTemporary, temporary } from "./host-stand-ins";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { chooseBuilder, ensureImages, type Builder } from "../../local/images";
import { imageFailure } from "../../local/images/failure";
import { folderKey } from "../../local/images/key";
import { stepReader } from "../../local/images/steps";
import { imagesFolder } from "../../local/images/store";

const quiet = () => undefined;
const folder = () => fs.mkdtempSync(path.join(temporary, "images-"));

beforeEach(() => {
  process.env["PATH"] = realPath;
  fs.rmSync(imagesFolder, { recursive: true, force: true });
});
afterAll(removeTemporary);

describe("the key of a folder", () => {
  const keyAfter = (change: string) => {
    const made = folder();
    const script = `mkdir in; echo 1 > in/script; echo read me > README.md; ${change}`;
    execFileSync("sh", ["-euc", script], { cwd: made });
    return folderKey(made, "base");
  };
  const plain = () => keyAfter(":");

  test("is twelve digits and the same for the same content elsewhere", () => {
    expect(plain()).toMatch(/^[0-9a-f]{12}$/);
    expect(plain()).toBe(plain());
  });

  test.each([
    ["a file's content", "echo 2 > in/script"],
    ["a file's name", "mv in/script in/other"],
    ["whether a file can be run", "chmod +x in/script"],
    ["a new file", "touch new"],
  ])("changes with %s", (_, change) => {
    expect(keyAfter(change)).not.toBe(plain());
  });

  test("does not change with a page for people", () => {
    expect(keyAfter("echo read this > README.md")).toBe(plain());
  });
});

describe("a program's image", () => {
  const binary = path.join(temporary, "pause");
  const toolPath = () => binary;
  const reports: string[] = [];
  const build = () => ensureImages(["pause"], (message) => reports.push(message), { toolPath });

  beforeEach(() => {
    reports.length = 0;
    fs.writeFileSync(binary, "not really a program", { mode: 0o700 });
  });

  test("is an archive of nothing but the program, run by a user without rights", async () => {
    const { pause } = await build();
    expect(pause.ref).toMatch(/^localhost\/vibecode\/pause:[0-9a-f]{12}$/);

    const layout = folder();
    execFileSync("tar", ["-xf", pause.archive, "-C", layout]);
    const read = (file: string): unknown => JSON.parse(fs.readFileSync(path.join(layout, file), "utf8"));
    expect(read("index.json")).toMatchObject({
      manifests: [{ digest: pause.digest, annotations: { "org.opencontainers.image.ref.name": pause.ref } }],
    });
    expect(read(`blobs/${pause.digest.replace(":", "/")}`)).toMatchObject({
      layers: [{ size: pause.bytes }],
    });
    const blobs = fs.readdirSync(path.join(layout, "blobs/sha256")).map((name) => {
      const file = path.join(layout, "blobs/sha256", name);
      expect(execFileSync("sha256sum", [file], { encoding: "utf8" })).toContain(`${name} `);
      return { file, text: fs.readFileSync(file, "latin1") };
    });
    const config = blobs.find(({ text }) => text.includes("diff_ids"));
    expect(JSON.parse(config?.text ?? "")).toMatchObject({
      config: { User: "65535:65535", Entrypoint: ["/pause"] },
    });
    const layer = blobs.find(({ text }) => text.includes("not really a program"));
    const listed = execFileSync("tar", ["-tvf", layer?.file ?? "", "--numeric-owner"], { encoding: "utf8" });
    expect(
      listed
        .trim()
        .split("\n")
        .map((line) => line.replace(/ +\d+ 1970-\S+ \S+/, "")),
    ).toEqual(["drwxr-xr-x 0/0 ./", "-rwxr-xr-x 0/0 ./pause", "drwxrwxrwt 0/0 ./tmp/"]);
  });

  test("is built once, and has the same digest where it is built again", async () => {
    const first = await build();
    expect(await build()).toEqual(first);
    expect(reports).toEqual(["pause image"]);
    fs.rmSync(imagesFolder, { recursive: true });
    expect(await build()).toEqual(first);
  });

  test("of another content has another name", async () => {
    const { pause } = await build();
    fs.writeFileSync(binary, "another program");
    expect((await build()).pause.ref).not.toBe(pause.ref);
  });

  test("is built once by two that want it at the same time", async () => {
    const [one, other] = await Promise.all([build(), build()]);
    expect(one).toEqual(other);
    expect(reports.filter((message) => message === "pause image")).toHaveLength(1);
  });

  test("that finds the disk full says so and leaves nothing that would be taken for an image", async () => {
    onlyOnPath({ tar: "echo 'tar: write error: No space left on device' >&2; exit 2" });
    await expect(build()).rejects.toMatchObject({
      name: "UserError",
      what: "the image pause could not be built: the disk is full",
    });
    expect(fs.readdirSync(imagesFolder).sort()).toEqual(["lock", "pause.log"]);

    process.env["PATH"] = realPath;
    expect(fs.existsSync((await build()).pause.archive)).toBe(true);
  });

  test("takes nothing of what a killed build left", async () => {
    fs.mkdirSync(path.join(imagesFolder, "work/root"), { recursive: true });
    fs.writeFileSync(path.join(imagesFolder, "work/root/half"), "half");
    const { pause } = await build();
    expect(execFileSync("tar", ["-xOf", pause.archive], { encoding: "latin1" })).not.toContain("half");
    expect(fs.existsSync(path.join(imagesFolder, "work"))).toBe(false);
  });

  test("that nobody asked for in a week goes when its next one is built", async () => {
    const { pause: old } = await build();
    const weeks = new Date(Date.now() - 8 * 86_400_000);
    fs.utimesSync(old.archive, weeks, weeks);
    fs.writeFileSync(binary, "another program");
    await build();
    expect(fs.existsSync(old.archive)).toBe(false);
  });
});

describe("the workspace's builder", () => {
  test.each<[string, string, Builder]>([
    ["docker where its engine answers", "echo 29.1.0", "docker"],
    ["buildah where the engine is off", "echo; echo 'Cannot connect' >&2; exit 1", "buildah"],
    ["buildah where the engine does not answer in time", "exec sleep 5", "buildah"],
  ])("is %s", async (_, docker, builder) => {
    onlyOnPath({ docker });
    expect(await chooseBuilder(500)).toBe(builder);
  });

  test("is buildah where there is no docker", async () => {
    onlyOnPath({});
    expect(await chooseBuilder()).toBe("buildah");
  });

  test("docker builds the folder from its public base and saves the image", async () => {
    onlyOnPath({
      docker: `case "$1" in
        build) echo '#7 [code-server 3/6] RUN npm ci' ;;
        save) echo archive > "$3" ;;
        image) echo '[{"Id": "sha256:1", "Size": 7}]' ;;
      esac`,
      npm: "echo https://npm.example.com/",
    });
    const reports: string[] = [];
    const { workspace } = await ensureImages(["workspace"], (message) => reports.push(message), {
      builder: "docker",
    });
    expect(workspace).toMatchObject({ digest: "sha256:1", bytes: 7 });
    expect(fs.readFileSync(workspace.archive, "utf8")).toBe("archive\n");
    expect(reports).toContain("workspace image: code-server (3/6)");

    const build = called().find((call) => call.startsWith("docker build")) ?? "";
    expect(build).toContain(`--tag ${workspace.ref} --build-arg npm_config_registry `);
    expect(build).not.toContain("npm.example.com");
    expect(build).toMatch(/ --file \S+\/workspace-image\/Containerfile \S+\/workspace-image$/);
    expect(build).not.toContain("BASE=");
  });

  test("the registry's address reaches the build by its environment", async () => {
    onlyOnPath({
      docker: '[ "$npm_config_registry" = https://npm.example.com/ ] || echo ENOSPC >&2; exit 1',
      npm: "echo https://npm.example.com/",
    });
    await expect(ensureImages(["workspace"], quiet, { builder: "docker" })).rejects.toMatchObject({
      what: "the image workspace could not be built",
    });
  });

  test("a registry's address with a sign-in is refused, and not told", async () => {
    onlyOnPath({ docker: "exit 1", npm: "echo https://user:hidden@npm.example.com/" });
    const refused = await ensureImages(["workspace"], quiet, { builder: "docker" }).catch(String);
    expect(refused).toContain("the address of npm's registry npm.example.com holds a sign-in");
    expect(refused).not.toContain("hidden");
    expect(called().filter((call) => call.startsWith("docker"))).toEqual([]);
  });

  test("docker's failure is told with its cause", async () => {
    onlyOnPath({ docker: "echo 'npm error code ENOTFOUND' >&2; exit 1" });
    await expect(ensureImages(["workspace"], quiet, { builder: "docker" })).rejects.toMatchObject({
      name: "UserError",
      what: "the image workspace could not be built: a package registry is out of reach",
    });
    expect(fs.readFileSync(path.join(imagesFolder, "workspace.log"), "utf8")).toContain("ENOTFOUND");
  });
});

describe("the steps of a build", () => {
  test("are read from buildah, which names a stage once", () => {
    const read = stepReader();
    const lines = [
      "[2/4] STEP 1/6: FROM localhost/vibecode/base:1 AS code-server",
      "[2/4] STEP 2/6: RUN apt-get install -y g++",
      "npm warn STEP 1/6: no step",
      "[3/4] STEP 1/2: FROM 0f3a",
    ];
    expect(lines.map(read)).toEqual(["code-server (1/6)", "code-server (2/6)", undefined, "stage 3 (1/2)"]);
  });

  test("are read from docker", () => {
    const read = stepReader();
    expect(["#12 [claude-code 3/5] COPY a b", "#12 0.3 text", "#1 [internal] load"].map(read)).toEqual([
      "claude-code (3/5)",
      undefined,
      undefined,
    ]);
  });
});

test.each([
  ["write /blob: no space left on device", "the disk is full"],
  ["npm error code ENOTFOUND", "a package registry is out of reach"],
  ["E: Failure: Temporary failure resolving 'mirror'", "a package registry is out of reach"],
  [
    "npm error code SELF_SIGNED_CERT_IN_CHAIN self-signed certificate",
    "a package registry's certificate is not trusted",
  ],
  ["npm error code E403", "a package registry refuses us"],
])("a build that prints %p ends because %s", (output, what) => {
  expect(imageFailure("workspace", output, "build.log").message).toMatch(
    new RegExp(`^the image workspace could not be built: ${what}; .*build.log`),
  );
});
