import { z } from "zod";

import { lab, type Lab } from "./image/lab";

const api = { ANTHROPIC_BASE_URL: "http://127.0.0.1:9000", ANTHROPIC_AUTH_TOKEN: "token-of-the-gateway" };
let workspace: Lab;

jest.setTimeout(120_000);

beforeAll(async () => {
  workspace = await lab({ namespace: "image-claude" });
  await workspace.sh(`setsid node /test/claude-api.ts 9000 /tmp/asked > /tmp/api.out 2>&1 &
    setsid node /test/proxy.ts 9001 /tmp/reached > /tmp/proxy.out 2>&1 &
    until curl -s 127.0.0.1:9000 && curl -s 127.0.0.1:9001; do sleep 0.1; done`);
}, 300_000);

afterAll(async () => {
  await workspace.remove();
}, 120_000);

beforeEach(async () => {
  await workspace.renew();
});

const request = z.object({
  authorization: z.string().optional(),
  key: z.string().optional(),
  model: z.string(),
  result: z.string().optional(),
});

interface Asked {
  /** What the person reads. */
  printed: string;
  /** What the API was asked, one after the other. */
  requests: z.infer<typeof request>[];
}

/** A `claude -p` in the example project, under this policy; `before` is run in the shell first. */
async function claude(
  policy: object | string,
  prompt: string,
  {
    before = ":",
    options = "",
    env = {},
  }: { before?: string; options?: string; env?: Record<string, string> } = {},
): Promise<Asked> {
  const text = typeof policy === "string" ? policy : JSON.stringify(policy);
  await workspace.prepare({ CLAUDE_MANAGED_SETTINGS: text });
  await workspace.sh("rm -f /tmp/asked /tmp/reached");
  const command = `cd ~/hello; ${before}; timeout 50 claude -p '${prompt}' ${options} < /dev/null; echo "ended with $?"`;
  const printed = await workspace.sh(command, { ...api, ...env });
  const log = await workspace.sh("cat /tmp/asked 2>/dev/null");
  const lines = log.split("\n").filter(Boolean);
  return { printed, requests: lines.map((line) => request.parse(JSON.parse(line))) };
}

test("a fresh `claude -p` needs no onboarding: it asks the API with our token and the policy's model", async () => {
  const { printed, requests } = await claude({ model: "claude-opus-4-5" }, "hello");
  expect(printed).toBe("hello\nended with 0");
  expect(requests).toEqual([{ authorization: "Bearer token-of-the-gateway", model: "claude-opus-4-5" }]);
});

test("in a terminal a first start asks whether the folder is trusted, for no theme and no sign-in", async () => {
  await workspace.prepare();
  const screen = await workspace.sh("cd ~/hello; timeout 8 script -qc claude /dev/null < /dev/null", api);
  expect(screen).toContain("trust");
  expect(screen).not.toMatch(/theme|login/i);
});

test("another model in the policy is another model in the request", async () => {
  const { requests } = await claude({ model: "claude-sonnet-4-5" }, "hello");
  expect(requests.map(({ model }) => model)).toEqual(["claude-sonnet-4-5"]);
});

describe("what the policy denies is denied", () => {
  const policy = { permissions: { deny: ["Bash(touch:*)"], allow: ["Bash(mkdir:*)"] } };

  test("and what it allows is done", async () => {
    const { requests } = await claude(policy, "Execute <<mkdir made>>");
    expect(requests.at(-1)?.result).toContain("Bash completed");
    expect(await workspace.sh("ls -d ~/hello/made")).toBe("/home/coder/hello/made");
  });

  test.each([
    {
      how: "in the person's own settings",
      before: `mkdir -p ~/.claude; echo '{"permissions":{"allow":["Bash"]}}' > ~/.claude/settings.json`,
      options: "",
    },
    { how: "on the command line", before: ":", options: "--allowedTools Bash" },
    { how: "by asking for no permissions", before: ":", options: "--dangerously-skip-permissions" },
    {
      how: "beside a policy of the person's own",
      before:
        "mkdir -p /tmp/own; echo '{}' > /tmp/own/managed-settings.json; export CLAUDE_CODE_MANAGED_SETTINGS_PATH=/tmp/own",
      options: "--allowedTools Bash",
    },
  ])("though it is allowed $how, which without the policy is enough", async ({ before, options }) => {
    const result = async (under: object) => {
      const { requests } = await claude(under, "Execute <<touch made>>", { before, options });
      return requests.at(-1)?.result;
    };
    expect(await result({})).toContain("Bash completed");
    await workspace.sh("rm ~/hello/made");
    expect(await result(policy)).toContain("Permission to use Bash with command touch made has been denied.");
    expect(await workspace.sh("ls ~/hello/made")).toContain("No such file");
  });

  test("even where files of a person's own lie in the place of the policy", async () => {
    await workspace.sh(`echo '{}' > /etc/claude-code/managed-settings.json
      mkdir /etc/claude-code/managed-settings.d; echo '{}' > /etc/claude-code/managed-settings.d/mine.json`);
    await workspace.prepare({ CLAUDE_MANAGED_SETTINGS: JSON.stringify(policy) });
    expect(await workspace.sh("ls -A /etc/claude-code")).toBe("managed-settings.json");
    expect(JSON.parse(await workspace.sh("cat /etc/claude-code/managed-settings.json"))).toEqual(policy);
  });

  test("even where programs in the home would change how it is written", async () => {
    await workspace.sh(`mkdir -p ~/.local/bin; printf '#!/bin/sh\\necho {}\\n' > ~/.local/bin/jq; chmod +x ~/.local/bin/jq
      echo 'def length: 7; def error(x): {};' > ~/.jq`);
    await workspace.prepare({ CLAUDE_MANAGED_SETTINGS: JSON.stringify(policy) });
    expect(JSON.parse(await workspace.sh("cat /etc/claude-code/managed-settings.json"))).toEqual(policy);
  });
});

describe("without a policy that can be read Claude Code does not start", () => {
  test.each(['{"model":', "[]", "{} {}", "no JSON"])("as with %s", async (text) => {
    const { code, problems } = await workspace.prepare({ CLAUDE_MANAGED_SETTINGS: text });
    expect(code).toBe(0);
    expect(problems).toEqual([
      expect.stringMatching(/^claude: does not start, its policy could not be written: /),
    ]);
    const { printed, requests } = await claude(text, "hello");
    expect(printed).toMatch(/could not be parsed as a JSON object[^]*ended with 1$/);
    expect(requests).toEqual([]);
  });

  test.each([
    ["is missing", "rm /etc/claude-code/managed-settings.json"],
    ["is empty", ": > /etc/claude-code/managed-settings.json"],
  ])("as where the file %s", async (_, spoil) => {
    await workspace.prepare();
    await workspace.sh(`rm -f /tmp/asked; ${spoil}`);
    expect(await workspace.sh("timeout 50 claude -p hello < /dev/null; echo ended with $?", api)).toMatch(
      /^claude: the policy of this workspace could not be written\.[^]*ended with 1$/,
    );
    expect(await workspace.sh("cat /tmp/asked")).toContain("No such file");
  });
});

test("a workspace without settings of its stack has an empty policy, and Claude Code starts", async () => {
  expect((await workspace.prepare()).problems).toEqual([]);
  expect(await workspace.sh("cat /etc/claude-code/managed-settings.json")).toBe("{}");
  expect(await workspace.sh("timeout 50 claude -p hello < /dev/null", api)).toBe("hello");
});

describe("telemetry", () => {
  const env = { HTTPS_PROXY: "http://127.0.0.1:9001", NO_PROXY: "127.0.0.1" };
  const quiet = {
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: "1",
  };
  const reached = () => workspace.sh("cat /tmp/reached 2>/dev/null");

  test("is sent by default", async () => {
    await claude({}, "hello", { env });
    expect(await reached()).toContain("CONNECT api.anthropic.com:443");
  });

  test("is off by the policy: nobody but the API is asked, and Claude Code does not update itself", async () => {
    const { printed } = await claude({ env: quiet }, "hello", { env });
    expect(printed).toBe("hello\nended with 0");
    expect(await reached()).toBe("");
    expect(await workspace.sh("claude doctor < /dev/null", { ...api, ...env })).toContain(
      "Auto-updates: disabled",
    );
  });
});

test("what Claude Code remembers lies in the home", async () => {
  await claude({}, "hello");
  expect(await workspace.sh("ls ~/.claude/projects")).toBe("-home-coder-hello");
});
