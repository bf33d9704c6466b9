import { called, onlyOnPath, removeTemporary, temporary } from "./host-stand-ins";
import * as fs from "node:fs";
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
const online = { curl: "exit 0" };
const offline = { curl: "exit 28" };
const go = {
  go: `case "$1" in
env) echo '{"GOVERSION":"go1.26.8","GOOS":"linux","GOARCH":"amd64"}' ;;
build)
  for argument; do case "$previous" in -o) out="$argument" ;; esac; previous="$argument"; done
  mkdir -p "$out"; touch "$out/pulumi" "$out/pulumi-language-nodejs" ;;
esac`,
};

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
    { ...pulumi("3.250.0", official), ...offline },
    "official",
    /on PATH with its official plugins$/,
  ],
  [
    "without plugins gets them where their site answers",
    { ...pulumi("3.251.0"), ...online },
    "official",
    /^Pulumi 3.251.0 on PATH with its official plugins$/,
  ],
  [
    "without plugins takes the offline ones where it does not",
    { ...pulumi("3.250.0"), ...offline },
    "offline",
    /offline plugins \(it has no datadog .*does not answer\)$/,
  ],
])("a Pulumi on PATH %s", async (_, scripts, plugins, why) => {
  onlyOnPath(scripts);
  const choice = await choosePulumi();
  expect(choice).toMatchObject({
    from: "path",
    plugins,
    needsLanguageHost: false,
  });
  expect(choice.why).toMatch(why);
});

test("one too old gives way to the installer where its site answers", async () => {
  onlyOnPath({ ...pulumi("3.100.0", official), ...online });
  const choice = await choosePulumi();
  expect(choice).toMatchObject({ from: "installer", plugins: "official" });
  expect(choice.why).toMatch(/is 3.100.0, not >=3.200.0/);
  expect(called().at(-1)).toMatch(/^curl .*--max-time 3 /);
});

test("where nothing answers it is built from source, and the next time that is found without the network", async () => {
  onlyOnPath({ ...offline, ...go });
  const made = await preparePulumi(() => undefined);
  expect(made).toMatchObject({
    plugins: "offline",
    env: {
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_HOME: path.join(cache, "pulumi", "home"),
    },
  });
  expect(made.why).toMatch(/built from source \(no Pulumi on PATH, .* does not answer\)/);
  expect(fs.existsSync(made.command)).toBe(true);
  expect(made.env["PATH"]?.split(":")[0]).toBe(path.join(checkout, "local", "plugins", "bin"));

  onlyOnPath({ curl: "exit 0", ...go });
  expect((await choosePulumi()).why).toMatch(/built from source earlier/);
  expect(called().filter((call) => call.startsWith("curl"))).toEqual([]);
});

test("the installer puts the SDK's version into our cache, where it is found the next time", async () => {
  const root = path.join(cache, "pulumi", pins.pulumi);
  const script = `[ "$*" = "--version ${pins.pulumi} --install-root ${root} --no-edit-path" ] || exit 9
mkdir -p ${root}/bin
echo "#!/bin/sh" > ${root}/bin/pulumi; echo "echo v${pins.pulumi}" >> ${root}/bin/pulumi
chmod +x ${root}/bin/pulumi; touch ${root}/bin/pulumi-language-nodejs`;
  onlyOnPath({ curl: `case "$*" in *--head*) ;; *) cat <<'END'\n${script}\nEND\n;; esac` });
  const made = await preparePulumi(() => undefined);
  expect(made).toMatchObject({ command: path.join(root, "bin", "pulumi"), plugins: "official" });
  expect(made.env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"]).toBeUndefined();
  fs.writeFileSync(
    made.command,
    `#!/bin/sh\ncase "$1" in version) echo v${pins.pulumi} ;; *) echo '${official}' ;; esac`,
  );
  onlyOnPath(offline);
  expect(await choosePulumi()).toMatchObject({
    from: "installed",
    command: made.command,
    plugins: "official",
  });
});

test("an installer that fails leaves nothing, and the source is built", async () => {
  onlyOnPath({
    ...go,
    curl: `case "$*" in *--head*) ;; *) echo 'echo "no such version" >&2; exit 1' ;; esac`,
  });
  const made = await preparePulumi(() => undefined);
  expect(made.plugins).toBe("offline");
  expect(made.why).toMatch(/its installer failed: no such version/);
  expect(fs.existsSync(path.join(cache, "pulumi", pins.pulumi))).toBe(false);
});
