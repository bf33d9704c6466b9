import { lab, type Lab } from "./image/lab";
import { vsix } from "./image/vsix";

let workspace: Lab;

jest.setTimeout(120_000);

// A file system of its own, as in a user's pod: where it is full, not even an empty file can be made.
beforeAll(async () => {
  const claim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "home" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "320Mi" } } },
  };
  workspace = await lab({
    namespace: "image-full",
    files: { "acme.one-1.0.0.vsix": vsix({ id: "acme.one", version: "1.0.0" }) },
    objects: [claim],
    volumes: {
      home: { persistentVolumeClaim: { claimName: "home" } },
      extensions: { emptyDir: { medium: "Memory", sizeLimit: "4Mi" } },
    },
  });
}, 300_000);

afterAll(async () => {
  await workspace.remove();
}, 120_000);

/** Fills the home until not even an empty file fits. */
const fill = () =>
  workspace.sh(`cd ~; dd if=/dev/zero of=full-1 bs=1M; dd if=/dev/zero of=full-2 bs=512
    i=0; while sh -c ": > empty-$i"; do i=$((i + 1)); done`);

/** Starts the editor as the pod does, on another port, and gives what its page and its health check answer. */
const editor = () =>
  workspace.sh(`/opt/workspace/start --bind-addr=127.0.0.1:8081 --auth=none --disable-telemetry --disable-update-check \\
      --extensions-dir=/extensions --user-data-dir=/home/coder/.local/share/code-server /home/coder > /tmp/editor.log 2>&1 &
    curl -sf --retry 60 --retry-connrefused --retry-delay 1 localhost:8081/healthz | cut -d, -f1; echo
    curl -sfL localhost:8081 | grep -o 'id=.vscode-workbench-web-configuration'
    sleep 3; curl -sf localhost:8081/healthz | cut -d, -f1; kill $!`);
const alive = /^\{"status":"(alive|expired)"\s+id=.vscode-workbench-web-configuration\s+\{"status":"alive"$/;

describe("on a home without any space left", () => {
  afterEach(async () => {
    await workspace.renew();
  });

  test("a first start says so, and the editor starts", async () => {
    await fill();
    expect(await workspace.sh("touch ~/new")).toContain("No space left");
    expect(await workspace.prepare({ WORKSPACE_USER: "alice" })).toMatchObject({
      code: 0,
      problems: [
        expect.stringMatching(/^home: not all of the template is there, .*No space left on device$/),
      ],
    });
    expect(await editor()).toMatch(alive);

    // With space again, what is missing is added.
    await workspace.sh("rm ~/full-* ~/empty-*");
    expect((await workspace.prepare({ WORKSPACE_USER: "alice" })).problems).toEqual([]);
    expect(await workspace.sh("ls ~; git config user.name")).toBe("README.md\nhello\nalice");
  });

  test("a later start has nothing to say, and the editor starts", async () => {
    await workspace.prepare({ WORKSPACE_USER: "alice" });
    await fill();
    expect(await workspace.prepare({ WORKSPACE_USER: "alice" })).toMatchObject({ code: 0, problems: [] });
    expect(await editor()).toMatch(alive);
  });

  test("dotfiles cannot be cloned: that is said, and nothing is left of them", async () => {
    await workspace.prepare({ WORKSPACE_USER: "alice" });
    await workspace.sh(`cd /tmp; rm -rf work served; mkdir work served; cd work; git init -q; echo set > .vimrc; git add -A
      git -c user.name=x -c user.email=x@example.com commit -qm x
      git clone -q --bare . /tmp/served/d.git; git -C /tmp/served/d.git update-server-info
      setsid python3 -m http.server -d /tmp/served 9000 > /tmp/served.out 2>&1 &
      until curl -s 127.0.0.1:9000 > /dev/null; do sleep 0.1; done`);
    await fill();
    const dotfiles = { WORKSPACE_USER: "alice", WORKSPACE_DOTFILES: "http://127.0.0.1:9000/d.git" };
    expect(await workspace.prepare(dotfiles)).toMatchObject({
      code: 0,
      problems: [expect.stringMatching(/^dotfiles: .* could not be cloned: .*No space left on device$/)],
    });
    await workspace.sh("rm ~/full-* ~/empty-*");
    expect(await workspace.prepare(dotfiles)).toMatchObject({ problems: [] });
    expect(await workspace.sh("cat ~/.vimrc")).toBe("set");
  });
});

test("on a full volume of extensions an install fails by name, and the next start with space does it", async () => {
  const WORKSPACE_EXTENSIONS = "acme.one";
  await workspace.sh(
    "cp /test/acme.one-1.0.0.vsix /opt/workspace/extensions/; dd if=/dev/zero of=/extensions/full bs=1M count=64",
  );
  expect(await workspace.prepare({ WORKSPACE_EXTENSIONS })).toMatchObject({
    code: 0,
    problems: [expect.stringMatching(/^extension acme\.one: .*no space left/i)],
  });
  await workspace.sh("rm /extensions/full");
  expect((await workspace.prepare({ WORKSPACE_EXTENSIONS })).problems).toEqual([]);
  expect(await workspace.sh("ls /extensions")).toContain("acme.one-1.0.0");
});
