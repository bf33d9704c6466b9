import { lab, type Lab } from "./image/lab";

const alice = {
  WORKSPACE_USER: "alice",
  WORKSPACE_FULL_NAME: "Alice Liddell",
  WORKSPACE_EMAIL: "alice@example.com",
};
let workspace: Lab;

jest.setTimeout(120_000);

beforeAll(async () => {
  workspace = await lab({ namespace: "image-home" });
}, 300_000);

afterAll(async () => {
  await workspace.remove();
}, 120_000);

beforeEach(async () => {
  await workspace.renew();
});

/** Every file of the home that the template has. */
const template = () => workspace.sh("cd /opt/workspace/template && find . -type f | sort");
const fromTemplate = () =>
  workspace.sh("cd /opt/workspace/template && find . -type f | sort | (cd ~ && xargs ls 2>/dev/null)");

describe("a new home", () => {
  test("gets all of the template, and who its person is for git", async () => {
    expect(await workspace.prepare(alice)).toMatchObject({ code: 0, problems: [] });
    expect(await template()).toContain("./README.md");
    expect(await fromTemplate()).toBe(await template());
    expect(await workspace.sh("diff -r /opt/workspace/template ~ | grep -v '^Only in /home/coder'")).toBe("");
    expect(await workspace.sh("git config user.name; git config user.email")).toBe(
      "Alice Liddell\nalice@example.com",
    );
  });

  test("has the name of the user where nobody gave a full one", async () => {
    await workspace.prepare({ WORKSPACE_USER: "bob" });
    expect(await workspace.sh("git config user.name; git config user.email")).toBe("bob");
  });

  test("has an example whose tests pass and whose server answers, with what is in the image", async () => {
    await workspace.prepare(alice);
    expect(await workspace.sh("cd ~/hello && npm test; echo ended with $?")).toMatch(
      /pass 2[^]*ended with 0$/,
    );
    await workspace.sh(
      "cd ~/hello && { setsid npm start > /tmp/hello.out 2>&1 & echo $! > /tmp/hello.pid; }",
    );
    expect(
      await workspace.sh("curl -s --retry 20 --retry-connrefused --retry-delay 1 'localhost:3000/?name=Ada'"),
    ).toBe("Hello, Ada!");
    await workspace.sh("kill -- -$(cat /tmp/hello.pid)");
  });

  test("takes no time where there is nothing left to do", async () => {
    await workspace.prepare(alice);
    const times: number[] = [];
    for (let again = 0; again < 5; again++) times.push((await workspace.prepare(alice)).took);
    expect(Math.min(...times)).toBeLessThan(300);
  });
});

describe("a later start", () => {
  test("overwrites nothing and brings nothing back", async () => {
    await workspace.prepare(alice);
    await workspace.sh("echo mine > ~/README.md; rm -r ~/hello; git config --global user.name Ally");
    expect((await workspace.prepare({ ...alice, WORKSPACE_EMAIL: "new@example.com" })).problems).toEqual([]);
    expect(
      await workspace.sh("cat ~/README.md; ls -d ~/hello; git config user.name; git config user.email"),
    ).toBe("mine\nls: cannot access '/home/coder/hello': No such file or directory\nAlly\nalice@example.com");
  });

  test("of the editor alone, without `prepare`, seeds as well, once", async () => {
    const start = "timeout 5 /opt/workspace/start --version";
    expect(await workspace.sh(start)).toContain("4.139.1");
    expect(await fromTemplate()).toBe(await template());
    await workspace.sh("rm ~/README.md");
    await workspace.sh(start);
    expect(await workspace.sh("ls ~/README.md")).toContain("No such file");
  });

  test("of a home that was there before gets only what is missing", async () => {
    await workspace.sh("mkdir ~/hello; echo mine > ~/hello/server.js; git config --global user.name Ally");
    await workspace.prepare(alice);
    expect(await fromTemplate()).toBe(await template());
    expect(await workspace.sh("cat ~/hello/server.js; git config user.name; git config user.email")).toBe(
      "mine\nAlly\nalice@example.com",
    );
  });

  test("completes a home whose seeding was cut off, and takes no half of a file for the file", async () => {
    await workspace.prepare(alice);
    await workspace.sh(
      `cd ~; rm .local/state/workspace/seeded README.md hello/server.js .config/git/config
      printf '# Yo' > README.md.unfinished; touch .config/git/config.lock`,
    );
    expect((await workspace.prepare(alice)).problems).toEqual([]);
    expect(await workspace.sh("diff -r /opt/workspace/template ~ | grep -v '^Only in /home/coder'")).toBe("");
    expect(await workspace.sh("find ~ -name '*.unfinished' -o -name '*.lock'")).toBe("");
  });
});

describe("a shell", () => {
  const killed = (command: string) =>
    workspace.sh(`mkfifo /tmp/keys; bash -i < /tmp/keys > /dev/null 2>&1 & shell=$!; exec 3> /tmp/keys
      echo '${command}' >&3; sleep 1; kill -KILL $shell; rm /tmp/keys`);

  test("keeps its history though it is killed, as at a pod's end", async () => {
    await killed("echo remember me");
    expect(await workspace.sh("cat ~/.bash_history")).toBe("echo remember me");
    await killed("echo and me");
    expect(await workspace.sh("cat ~/.bash_history")).toBe("echo remember me\necho and me");
  });

  test("reads a ~/.bashrc that a person makes, in the editor's terminal and in tmux, after the image's own", async () => {
    await workspace.sh("echo 'alias ll=mine; echo $((6 * 7)) > ~/read' > ~/.bashrc");
    expect(await workspace.sh("bash -ic 'alias ll' 2>/dev/null; cat ~/read; rm ~/read")).toBe(
      "alias ll='mine'\n42",
    );
    await workspace.sh("tmux new-session -d; sleep 2; tmux kill-server");
    expect(await workspace.sh("cat ~/read")).toBe("42");
  });
});

describe("a dotfiles repository", () => {
  const url = (name: string) => `http://127.0.0.1:9000/${name}.git`;
  const prepare = (name: string) => workspace.prepare({ ...alice, WORKSPACE_DOTFILES: url(name) });

  /** Makes a repository whose content these commands make, behind a plain file server. */
  const repository = (name: string, content: string) =>
    workspace.sh(`rm -rf /tmp/work /tmp/served/${name}.git; mkdir -p /tmp/work /tmp/served; cd /tmp/work; git init -q
      ${content}
      git add -A; git -c user.name=x -c user.email=x@example.com commit -qm x
      git clone -q --bare . /tmp/served/${name}.git; git -C /tmp/served/${name}.git update-server-info`);

  beforeAll(async () => {
    await workspace.sh(`mkdir -p /tmp/served
      setsid python3 -m http.server -d /tmp/served 9000 > /tmp/served.out 2>&1 &
      until curl -s 127.0.0.1:9000 > /dev/null; do sleep 0.1; done`);
  });

  test("without a script is linked into the home, over nothing that is there", async () => {
    await repository(
      "links",
      `mkdir -p .config/tool .local/share/code-server/User; echo set > .vimrc; echo x > .config/tool/x; echo '[alias]' > .gitconfig
      echo '{}' > .local/share/code-server/User/settings.json; echo y > .gitignore; echo z > README.md`,
    );
    expect(await prepare("links")).toMatchObject({ code: 0, problems: [] });
    expect(await workspace.sh("cd ~; readlink .vimrc .config/tool .gitconfig .gitignore README.md")).toBe(
      "/home/coder/.dotfiles/.vimrc\n/home/coder/.dotfiles/.config/tool\n/home/coder/.dotfiles/.gitconfig",
    );
    expect(await workspace.sh("cat ~/.local/share/code-server/User/settings.json")).toContain(
      "chat.disableAIFeatures",
    );
    // Its own .gitconfig names nobody, so the seeded identity is git's.
    expect(await workspace.sh("git config user.email")).toBe("alice@example.com");
  });

  test("is applied once: what a person removes stays away", async () => {
    await repository("once", "echo set > .vimrc");
    await prepare("once");
    await workspace.sh("rm -rf ~/.vimrc ~/.dotfiles");
    expect((await prepare("once")).problems).toEqual([]);
    expect(await workspace.sh("ls -A ~ | grep -e vimrc -e dotfiles")).toBe("");
  });

  test("is installed by its own script, which is tried again at the next start where it fails", async () => {
    await repository(
      "script",
      `printf '#!/bin/sh\\necho ran in $PWD >> ~/ran\\n[ -e ~/ready ]\\n' > install.sh; chmod +x install.sh; echo set > .vimrc`,
    );
    expect((await prepare("script")).problems).toEqual(["dotfiles: install.sh ended with 1"]);
    await workspace.sh("touch ~/ready");
    expect((await prepare("script")).problems).toEqual([]);
    expect((await prepare("script")).problems).toEqual([]);
    expect(await workspace.sh("cat ~/ran; ls -A ~ | grep vimrc")).toBe(
      "ran in /home/coder/.dotfiles\nran in /home/coder/.dotfiles",
    );
  });

  test("that cannot be had is named, leaves nothing, and is tried again", async () => {
    await workspace.sh("rm -rf /tmp/served/later.git");
    expect((await prepare("later")).problems).toEqual([
      `dotfiles: ${url("later")} could not be cloned: fatal: repository '${url("later")}/' not found`,
    ]);
    expect(await workspace.sh("ls -A ~ | grep dotfiles")).toBe("");
    await repository("later", "echo set > .vimrc");
    expect((await prepare("later")).problems).toEqual([]);
    expect(await workspace.sh("cat ~/.vimrc")).toBe("set");
  });

  test("is not replaced by another one: that is said", async () => {
    await repository("first", "echo set > .vimrc");
    await prepare("first");
    expect((await prepare("second")).problems).toEqual([
      `dotfiles: ~/.dotfiles is not a clone of ${url("second")}; remove it and start again`,
    ]);
  });

  test.each(["ext::sh -c touch% /tmp/owned", "--upload-pack=touch /tmp/owned", "/opt", "file:///opt"])(
    "%s is no address, and nothing is run with it",
    async (address) => {
      expect((await workspace.prepare({ WORKSPACE_DOTFILES: address })).problems).toEqual([
        expect.stringMatching(/^dotfiles: .* could not be cloned: fatal: /),
      ]);
      expect(await workspace.sh("ls /tmp/owned; ls -A ~ | grep dotfiles")).toContain("No such file");
    },
  );
});
