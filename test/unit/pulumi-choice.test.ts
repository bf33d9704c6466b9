import { onlyOnPath, removeTemporary, temporary } from "./host-stand-ins";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { choosePulumi, preparePulumi } from "../../local/pulumi";
import { readPins, satisfies } from "../../local/pulumi/pins";
import { checkout } from "../../local/paths";

const pins = readPins();
const cache = path.join(temporary, "cache");
const official = JSON.stringify(
  [...pins.plugins].map(([name, version]) => ({ name, kind: "resource", version })),
);

const pulumi = (version: string, plugins = "[]") => ({
  pulumi: `case "$1" in version) echo v${version} ;; plugin) echo '${plugins}' ;; esac`,
  "pulumi-language-nodejs": "",
});
const go = {
  go: `case "$1" in
env) echo '{"GOVERSION":"go1.26.8","GOOS":"linux","GOARCH":"amd64"}' ;;
build)
  for argument; do case "$previous" in -o) out="$argument" ;; esac; previous="$argument"; done
  mkdir -p "$out"; touch "$out/pulumi" ;;
esac`,
};

/** A stand-in for Pulumi's site, which gives `script`, or fails without one; `asked` says how it was asked. */
const site: { url: string; script: string | undefined; asked: string[] } = {
  url: "",
  script: undefined,
  asked: [],
};
const server = http.createServer((request, response) => {
  site.asked.push(request.method ?? "");
  response.writeHead(site.script === undefined ? 503 : 200).end(site.script);
});

beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  site.url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
beforeEach(() => {
  site.script = undefined;
  site.asked = [];
});
afterAll(() => {
  server.close();
});

afterEach(() => {
  fs.rmSync(cache, { recursive: true, force: true });
});
afterAll(removeTemporary);

test.each([
  ["v3.250.0", ">=3.200.0", true],
  ["3.199.9", ">=3.200.0", false],
  ["4.0.0", ">=3.200.0 <4.0.0", false],
  ["3.300.1-alpha.2", ">3.300.0", true],
  ["3.2.0", "3.2.0", true],
])("%s meets %s: %s", (version, range, answer) => {
  expect(satisfies(version, range)).toBe(answer);
});

test("the pins are those of package.json and Pulumi.yaml, with a plugin for each provider only", () => {
  expect([...pins.plugins.keys()].sort()).toEqual(["datadog", "kubernetes", "random", "tls"]);
  expect(satisfies(pins.pulumi, pins.required)).toBe(true);
});

test.each([
  [
    "with all its plugins is taken without asking the network",
    pulumi("3.250.0", official),
    undefined,
    [],
    "official",
    /on PATH with its official plugins$/,
  ],
  [
    "without plugins gets them where their site answers",
    pulumi("3.251.0"),
    "exit 0",
    ["HEAD"],
    "official",
    /^Pulumi 3.251.0 on PATH with its official plugins$/,
  ],
  [
    "without plugins takes the offline ones where it does not",
    pulumi("3.250.0"),
    undefined,
    ["HEAD"],
    "offline",
    /offline plugins \(it has no datadog .*does not answer\)$/,
  ],
])("a Pulumi on PATH %s", async (_, scripts, answer, asked, plugins, why) => {
  onlyOnPath(scripts);
  site.script = answer;
  const choice = await choosePulumi(site.url);
  expect(choice).toMatchObject({
    from: "path",
    plugins,
    needsLanguageHost: false,
  });
  expect(choice.why).toMatch(why);
  expect(site.asked).toEqual(asked);
});

test("one too old gives way to the installer where its site answers", async () => {
  onlyOnPath(pulumi("3.100.0", official));
  site.script = "exit 0";
  const choice = await choosePulumi(site.url);
  expect(choice).toMatchObject({ from: "installer", plugins: "official" });
  expect(choice.why).toMatch(/is 3.100.0, not >=3.200.0/);
  expect(site.asked).toEqual(["HEAD"]);
});

test("where nothing answers it is built from source, and the next time that is found without the network", async () => {
  onlyOnPath(go);
  const made = await preparePulumi(() => undefined, site.url);
  expect(made).toMatchObject({
    plugins: "offline",
    env: {
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_HOME: path.join(cache, "pulumi", "home"),
    },
  });
  expect(made.why).toMatch(/built from source \(no Pulumi on PATH, .* does not answer\)/);
  expect(fs.existsSync(made.command)).toBe(true);
  expect(made.env["PATH"]?.split(":").slice(0, 2)).toEqual([
    path.join(checkout, "local", "plugins", "bin"),
    path.join(checkout, "local", "pulumi", "bin"),
  ]);

  site.asked = [];
  expect((await choosePulumi(site.url)).why).toMatch(/built from source earlier/);
  expect(site.asked).toEqual([]);
});

test("the engine finds no room for a log of its steps in the home that we give it, and what it kept there is gone", async () => {
  onlyOnPath(go);
  const logs = path.join(cache, "pulumi", "home", "logs");
  fs.mkdirSync(logs, { recursive: true });
  fs.writeFileSync(path.join(logs, "pulumi-1.log"), "old");
  for (let time = 0; time < 2; time++) {
    await preparePulumi(() => undefined, site.url);
    expect(() => fs.mkdirSync(logs, { recursive: true })).toThrow("EEXIST");
  }
});

test("the installer puts the SDK's version into our cache, where it is found the next time", async () => {
  const root = path.join(cache, "pulumi", pins.pulumi);
  site.script = `[ "$*" = "--version ${pins.pulumi} --install-root ${root} --no-edit-path" ] || exit 9
mkdir -p ${root}/bin
echo "#!/bin/sh" > ${root}/bin/pulumi; echo "echo v${pins.pulumi}" >> ${root}/bin/pulumi
chmod +x ${root}/bin/pulumi; touch ${root}/bin/pulumi-language-nodejs`;
  onlyOnPath({});
  const made = await preparePulumi(() => undefined, site.url);
  expect(made).toMatchObject({ command: path.join(root, "bin", "pulumi"), plugins: "official" });
  expect(made.env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"]).toBeUndefined();
  expect(made.env["PATH"]).not.toContain(path.join("local", "pulumi", "bin"));
  fs.writeFileSync(
    made.command,
    `#!/bin/sh\ncase "$1" in version) echo v${pins.pulumi} ;; *) echo '${official}' ;; esac`,
  );
  expect(await choosePulumi(site.url)).toMatchObject({
    from: "installed",
    command: made.command,
    plugins: "official",
  });
});

test("an installer that fails leaves nothing, and the source is built", async () => {
  onlyOnPath(go);
  site.script = 'echo "no such version" >&2; exit 1';
  const made = await preparePulumi(() => undefined, site.url);
  expect(made.plugins).toBe("offline");
  expect(made.why).toMatch(/its installer failed: no such version/);
  expect(fs.existsSync(path.join(cache, "pulumi", pins.pulumi))).toBe(false);
});
