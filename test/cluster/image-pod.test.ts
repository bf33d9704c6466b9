import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { z } from "zod";

import { lab, workspaceContainer, workspacePod, type Lab } from "./image/lab";

const policy = { permissions: { deny: ["WebFetch"] } };
const domain = "3000--alice.dev.example.com:8443";
let key: { private: string; public: string };
let servers: Lab;
let slow: Promise<unknown>;

jest.setTimeout(60_000);

/** A pod as a user's: `prepare` with this environment, then the editor, one set of volumes for both. */
async function pod(name: string, environment: Readonly<Record<string, string>>): Promise<object> {
  const container = await workspaceContainer();
  const env = Object.entries(environment).map(([key, value]) => ({ name: key, value }));
  const mounts = [
    { name: "home", mountPath: "/home/coder" },
    { name: "extensions", mountPath: "/extensions" },
    { name: "tmp", mountPath: "/tmp" },
  ];
  const policies = { name: "claude-code", mountPath: "/etc/claude-code" };
  const sshKey = { name: "ssh", mountPath: "/etc/workspace/ssh", readOnly: true };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      ...workspacePod,
      initContainers: [
        {
          ...container,
          name: "prepare",
          args: ["/opt/workspace/prepare"],
          env,
          volumeMounts: [...mounts, policies],
        },
      ],
      containers: [
        {
          ...container,
          name: "editor",
          args: [
            "--bind-addr=0.0.0.0:8080",
            "--auth=none",
            "--disable-telemetry",
            "--disable-update-check",
            "--extensions-dir=/extensions",
            "--user-data-dir=/home/coder/.local/share/code-server",
            "--proxy-domain={{port}}--alice.dev.example.com:8443",
            "/home/coder",
          ],
          env: [{ name: "VSCODE_PROXY_URI", value: "https://{{port}}--alice.dev.example.com:8443" }],
          readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 },
          volumeMounts: [...mounts, { ...policies, readOnly: true }, sshKey],
        },
      ],
      volumes: [
        ...["home", "extensions", "tmp", "claude-code"].map((volume) => ({ name: volume, emptyDir: {} })),
        { name: "ssh", secret: { secretName: "ssh", defaultMode: 0o440 } },
      ],
    },
  };
}

/** A key pair as a stack gives one. */
function sshKeys() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ssh-"));
  const file = path.join(folder, "id_ed25519");
  try {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "alice", "-f", file]);
    return { private: fs.readFileSync(file, "utf8"), public: fs.readFileSync(`${file}.pub`, "utf8") };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** What a shell command prints in the editor's container; its own failures are part of the answer. */
const inEditor = async (command: string): Promise<string> =>
  (
    await servers.kubectl("exec", "alice", "-c", "editor", "--", "sh", "-c", `{ ${command}\n} 2>&1 || true`)
  ).trim();

/** Twice, since one call of kubectl may take two minutes. */
async function untilReady(name: string): Promise<void> {
  const wait = () => servers.kubectl("wait", "--for=condition=Ready", `pod/${name}`, "--timeout=100s");
  await wait().catch(wait);
}

const terminated = z.object({
  exitCode: z.number(),
  message: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
});

/** How a pod's `prepare` ended, as `make status` reads it. */
const prepared = async (name: string) =>
  terminated.parse(
    JSON.parse(
      await servers.kubectl(
        "get",
        "pod",
        name,
        "-o",
        "jsonpath={.status.initContainerStatuses[0].state.terminated}",
      ),
    ),
  );

beforeAll(async () => {
  key = sshKeys();
  servers = await lab({ namespace: "image-pod" });
  // Dotfiles that leave a process behind, which writes a policy of its own as long as it lives; and a server that takes
  // connections and never answers.
  await servers.sh(`mkdir -p /tmp/work /tmp/served; cd /tmp/work; git init -q
    printf '#!/bin/sh\\nwhile echo {} > /etc/claude-code/managed-settings.json; do :; done > /dev/null 2>&1 &\\n' > install.sh
    chmod +x install.sh; git add -A; git -c user.name=x -c user.email=x@example.com commit -qm x
    git clone -q --bare . /tmp/served/d.git; git -C /tmp/served/d.git update-server-info
    setsid python3 -m http.server -d /tmp/served 9000 > /tmp/served.out 2>&1 &
    setsid python3 -c 'import socket, time; s = socket.create_server(("", 9001)); time.sleep(3600)' > /tmp/silent.out 2>&1 &`);
  await servers.apply(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "ssh" },
      stringData: { id_ed25519: key.private, "id_ed25519.pub": key.public },
    },
    await pod("alice", {
      WORKSPACE_USER: "alice",
      WORKSPACE_EXTENSIONS: "acme.missing",
      WORKSPACE_DOTFILES: `http://${servers.address}:9000/d.git`,
      CLAUDE_MANAGED_SETTINGS: JSON.stringify(policy),
    }),
    await pod("slow", {
      WORKSPACE_EXTENSIONS: "acme.one acme.two",
      EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: `http://${servers.address}:9001` }),
    }),
    await pod("stuck", { WORKSPACE_DOTFILES: `http://${servers.address}:9001/d.git` }),
  );
  slow = Promise.all(["slow", "stuck"].map(untilReady));
  slow.catch(() => undefined);
  await untilReady("alice");
}, 300_000);

afterAll(async () => {
  await servers.remove();
}, 120_000);

test("what failed is in the termination message of `prepare`, which ends well, and the editor runs", async () => {
  expect(await prepared("alice")).toMatchObject({
    exitCode: 0,
    message: "extension acme.missing: it is not among the image's extensions, and there is no gallery\n",
  });
  expect(await inEditor("curl -sf localhost:8080/healthz")).toContain('"status":');
});

test("Claude's policy is the stack's, whatever a person's dotfiles left running, and the editor cannot write it", async () => {
  expect(await inEditor("ls ~/.dotfiles")).toBe("install.sh");
  const file = "/etc/claude-code/managed-settings.json";
  expect(JSON.parse(await inEditor(`cat ${file}`))).toEqual(policy);
  expect(await inEditor(`ls -A /etc/claude-code; rm ${file}; echo {} > ${file}`)).toMatch(
    /^managed-settings\.json\nrm: .*Read-only file system\n.*Read-only file system$/,
  );
});

describe("ssh", () => {
  const identities = () => inEditor("ssh -G example.com 2>/dev/null | grep ^identityfile | cut -d' ' -f2");

  test("can read the workspace's key and offers it beside the person's own", async () => {
    expect(await inEditor("ssh-keygen -y -f /etc/workspace/ssh/id_ed25519")).toBe(key.public.trim());
    expect((await identities()).split("\n")).toEqual([
      "/etc/workspace/ssh/id_ed25519",
      "~/.ssh/id_ed25519",
      "~/.ssh/id_ecdsa",
      "~/.ssh/id_rsa",
    ]);
  });

  test("offers what a person's own settings name first", async () => {
    await inEditor("mkdir -p ~/.ssh; echo 'IdentityFile ~/.ssh/mine' > ~/.ssh/config");
    expect((await identities()).split("\n").slice(0, 2)).toEqual([
      "~/.ssh/mine",
      "/etc/workspace/ssh/id_ed25519",
    ]);
  });

  test("keeps its own defaults where the workspace has no key", async () => {
    const found = await servers.sh("ssh -G example.com | grep ^identityfile");
    expect(found).toContain("~/.ssh/id_ed25519");
    expect(found).not.toContain("/etc/workspace");
  });
});

describe("a forwarded port", () => {
  const socket =
    "-N -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='";
  const ask = (host: string, options = "") =>
    inEditor(
      `curl -s -m 5 -o /tmp/answer -w '%{http_code}\\n' -H 'Host: ${host}' ${options} 'localhost:8080/a?b=c'; cat /tmp/answer | tr -d '\\r'`,
    );

  beforeAll(async () => {
    await servers.kubectl("cp", path.join(__dirname, "image/app.ts"), "alice:/tmp/app.ts", "-c", "editor");
    await inEditor(`setsid node /tmp/app.ts 3000 127.0.0.1 > /tmp/app.out 2>&1 &
      setsid node /tmp/app.ts 3001 localhost > /tmp/app.out 2>&1 &
      until curl -s localhost:3000 > /dev/null && curl -s localhost:3001 > /dev/null; do sleep 0.1; done`);
  });

  test("is found by its host, the public port included, and gets path and host as they were", async () => {
    expect(await ask(domain)).toBe(`200\n/a?b=c at ${domain}`);
    // The editor's own page, or rather none of this name.
    expect(await ask("alice.dev.example.com:8443")).toMatch(/^404\n/);
    expect(await ask("3000--alice.dev.example.com")).toMatch(/^404\n/);
  });

  test("is found where the server listens on localhost", async () => {
    expect(await ask(domain.replace("3000", "3001"))).toMatch(/^200\n/);
  });

  test("passes WebSockets of its own pages, and refuses those of other pages", async () => {
    expect(await ask(domain, `${socket} -H 'Origin: https://${domain}'`)).toMatch(/^101\n.*hello$/);
    expect(await ask(domain, `${socket} -H 'Origin: https://alice.dev.example.com:8443'`)).toMatch(/^403\b/);
  });

  test("on which nothing listens is an error that says so", async () => {
    expect(await ask(domain.replace("3000", "3999"))).toBe("500\nconnect ECONNREFUSED 0.0.0.0:3999");
  });

  test("is what the editor's Ports view opens", async () => {
    expect(await inEditor("curl -sL localhost:8080 | grep -o 'proxyEndpointTemplate[^,]*'")).toContain(
      "https://{{port}}--alice.dev.example.com:8443",
    );
  });
});

test("a gallery or a repository that never answers costs a minute and is named, and the editor starts", async () => {
  await slow;
  const [gallery, repository] = await Promise.all(["slow", "stuck"].map(prepared));
  expect(gallery?.message.trim().split("\n")).toEqual([
    "extension acme.one: not done after 60 seconds",
    "extension acme.two: not tried, the gallery does not answer",
  ]);
  expect(repository?.message.trim()).toBe(
    `dotfiles: http://${servers.address}:9001/d.git could not be cloned: not done after 60 seconds`,
  );
  for (const { exitCode, startedAt, finishedAt } of [gallery, repository].filter(
    (each) => each !== undefined,
  )) {
    expect(exitCode).toBe(0);
    const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
    expect(seconds).toBeGreaterThan(58);
    expect(seconds).toBeLessThan(75);
  }
}, 240_000);
