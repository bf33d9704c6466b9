import { execFileSync } from "node:child_process";

import { z } from "zod";

import { containerSecurity, podSecurity, restrictedNamespace } from "../../components/security";
import { ensureImages, type BuiltImage } from "../../local/images";
import { testCluster } from "./instance";
import { kubectlOf } from "./kubectl";

const namespace = "workspace-image";
const quiet = () => undefined;
const kubectl = kubectlOf(process.env["VIBECODE_TEST_KUBECONFIG"] ?? "");
let image: BuiltImage;

jest.setTimeout(60_000);

/** What a shell command prints in the container; its own failures are part of the answer. */
const inside = async (command: string): Promise<string> =>
  (
    await kubectl(["-n", namespace, "exec", "editor", "--", "sh", "-c", `{ ${command}; } 2>&1 || true`])
  ).trim();

// The image's own command, as the Deployment runs it: nothing writable but three folders, no rights at all.
beforeAll(async () => {
  ({ workspace: image } = await ensureImages(["workspace"], quiet));
  await testCluster("test").loadImages([image], quiet);
  const folders = { home: "/home/coder", extensions: "/extensions", tmp: "/tmp" };
  const pod = {
    metadata: { name: "editor", namespace },
    spec: {
      serviceAccountName: "editor",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurity(1000),
      containers: [
        {
          name: "editor",
          image: image.ref,
          ports: [{ name: "http", containerPort: 8080 }],
          readinessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 1 },
          securityContext: containerSecurity,
          volumeMounts: Object.entries(folders).map(([name, mountPath]) => ({ name, mountPath })),
        },
      ],
      volumes: Object.keys(folders).map((name) => ({ name, emptyDir: {} })),
    },
  };
  const items = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: restrictedNamespace } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "editor", namespace } },
    { apiVersion: "v1", kind: "Pod", ...pod },
  ];
  await kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  await kubectl(["-n", namespace, "wait", "--for=condition=Ready", "pod/editor", "--timeout=110s"]);
}, 300_000);

afterAll(async () => {
  await kubectl(["delete", "namespace", namespace, "--ignore-not-found"]);
}, 120_000);

test.each([
  ["claude --version", /^2\.\d+\.\d+ \(Claude Code\)$/],
  ["code-server --version", /^4\.139\.1 /m],
  ["node --version", /^v24\./],
  ["npm --version", /^11\./],
  ["git --version", /^git version 2\./],
  ["python --version", /^Python 3\./],
  ["python3 -m venv /tmp/venv && /tmp/venv/bin/pip --version", /^pip .*\/tmp\/venv\//],
  [
    "for tool in curl jq less make nano rg ssh tmux unzip vi; do command -v $tool >/dev/null || echo $tool; done",
    /^$/,
  ],
])("%s works as a user without rights", async (command, answer) => {
  expect(await inside(command)).toMatch(answer);
});

test("runs as uid 1000, reaped by tini, on a file system that nothing can write to", async () => {
  expect(await inside("id -u; tr '\\0' ' ' </proc/1/cmdline; echo; touch /usr/x /opt/workspace/x")).toMatch(
    /^1000\ntini -- .*\ntouch: cannot touch '\/usr\/x': Read-only file system\ntouch: .*Read-only/,
  );
});

test("the health check says alive or expired, and the editor's page is served", async () => {
  expect(await inside("curl -sf localhost:8080/healthz")).toMatch(/^\{"status":"(alive|expired)"/);
  const page = "curl -sfL localhost:8080/ | grep -o 'id=.vscode-workbench-web-configuration'";
  expect(await inside(page)).toContain("vscode-workbench");
});

test("a new home has the first settings, and what a person installs goes there", async () => {
  expect(await inside("cat ~/.local/share/code-server/User/settings.json")).toContain(
    "chat.disableAIFeatures",
  );
  expect(await inside("npm prefix -g; echo $PATH")).toBe(
    "/home/coder/.local\n/home/coder/.local/bin:/usr/local/bin:/usr/bin:/bin",
  );
});

test("no program's settings can be written by another than root", async () => {
  expect(
    await inside("find /etc /opt/workspace ! -type l \\( -perm /022 -o ! -user root \\) 2>/dev/null"),
  ).toBe("");
});

test("a login shell finds what a person installed, and git-lfs's filters are git's", async () => {
  expect(await inside("bash -lc 'echo $PATH'")).toMatch(/^\/home\/coder\/\.local\/bin:.*\/usr\/local\/bin:/);
  expect(await inside("git config --system filter.lfs.smudge; git config --system init.defaultBranch")).toBe(
    "git-lfs smudge -- %f\nmain",
  );
});

test.each([
  ["program that gives rights", "find / -xdev -type f -perm /6000 2>/dev/null"],
  ["compiler that only the build needed", "command -v cc gcc g++ ld pkg-config node-gyp"],
  ["package lists and caches", "ls -A /var/lib/apt/lists /var/cache /var/log | grep -v -e : -e '^$'"],
  ["address of a registry", "env | grep -i npm_config_registry"],
  ["binaries of other systems", "find /opt -name '*win32*.node' -o -name '*darwin*.node' -o -name '*.exe'"],
  ["source maps", "find /opt -name '*.map'"],
  [
    "native module that misses a library",
    "find /opt -path '*/build/Release/*.node' -exec ldd {} + | grep 'not found'",
  ],
])("holds no %s", async (_, find) => {
  expect(await inside(find)).toBe("");
});

test("trusts whom Debian trusts, and nobody else", async () => {
  const certificates = async (files: string): Promise<string[]> =>
    (await inside(`cat ${files}`)).match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g)?.sort() ?? [];
  const bundle = await certificates("/etc/ssl/certs/ca-certificates.crt");
  expect(bundle.length).toBeGreaterThan(100);
  expect(bundle).toEqual(await certificates("/usr/share/ca-certificates/mozilla/*.crt"));
  // Pages are left out of the image; all else is as the package brought it.
  expect(await inside("dpkg --verify ca-certificates | grep -v -e /doc/ -e /man/")).toBe("");
});

test("no layer holds what belongs to the machine that built it, not even hidden by a later one", () => {
  const said = (command: string): string =>
    execFileSync("sh", ["-c", command], { maxBuffer: 1e8, encoding: "utf8" });
  const quoted = `'${image.archive}'`;
  const manifest = said(`tar -xOf ${quoted} blobs/${image.digest.replace(":", "/")}`);
  const { layers } = z
    .object({ layers: z.array(z.object({ digest: z.string() })) })
    .parse(JSON.parse(manifest));
  const names = layers.flatMap(({ digest }) =>
    said(`tar -xOf ${quoted} blobs/${digest.replace(":", "/")} | tar -t`)
      .split("\n")
      .map((name) => name.replace(/^\.?\//, "")),
  );
  expect(names).toContain("etc/ssl/certs/ca-certificates.crt");
  const own =
    /^(root\/\.npm|root\/\.(cache|config|docker)|run\/secrets\/.|usr\/local\/share\/ca-certificates\/.)/;
  expect(names.filter((name) => own.test(name))).toEqual([]);
});

test("is smaller than 1.2 GB and says what it is", () => {
  expect(image.bytes).toBeLessThan(1.2e9);
  const read = (file: string): string =>
    execFileSync("tar", ["-xOf", image.archive, file], { encoding: "utf8" });
  const config = /"config":\{[^}]*"digest":"sha256:([0-9a-f]{64})"/.exec(
    read(`blobs/${image.digest.replace(":", "/")}`),
  );
  expect(JSON.parse(read(`blobs/sha256/${config?.[1] ?? ""}`))).toMatchObject({
    config: {
      User: "1000:1000",
      Labels: {
        "org.opencontainers.image.title": "VibeCode workspace",
        "org.opencontainers.image.licenses": "Apache-2.0",
      },
    },
  });
});
