import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { checkout } from "../../local/paths";
import { ensureTools, toolPath } from "../../local/toolchain";

const folder = path.join(checkout, ".github");
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-workflows-"));
afterAll(() => {
  fs.rmSync(temporary, { recursive: true });
});

const job = z.looseObject({
  uses: z.string().optional(),
  permissions: z.record(z.string(), z.string()),
  "timeout-minutes": z.number().optional(),
  environment: z.string().optional(),
  concurrency: z.object({ group: z.string(), "cancel-in-progress": z.boolean() }).optional(),
  steps: z.array(z.looseObject({ uses: z.string().optional(), run: z.string().optional() })).default([]),
});
const workflow = z.looseObject({ permissions: z.unknown(), jobs: z.record(z.string(), job) });

const files = fs.readdirSync(path.join(folder, "workflows"));
const read = (file: string) => fs.readFileSync(path.join(folder, "workflows", file), "utf8");
const jobs = files.flatMap((file) =>
  Object.entries(workflow.parse(parse(read(file))).jobs).map(
    ([name, each]) => [`${file} ${name}`, each] as const,
  ),
);

describe("actionlint", () => {
  beforeAll(() => ensureTools(["actionlint"], () => undefined), 300_000);

  test("finds nothing in the workflows", () => {
    const ran = spawnSync(toolPath("actionlint"), ["-no-color"], { cwd: checkout, encoding: "utf8" });
    expect(ran.stdout + ran.stderr).toBe("");
    expect(ran.status).toBe(0);
  });

  test("finds an output that no job has", () => {
    const broken = read("pull-request.yml").replaceAll(
      "needs.touched.outputs.stacks",
      "needs.touched.outputs.stack",
    );
    const ran = spawnSync(toolPath("actionlint"), ["-no-color", "-"], { input: broken, encoding: "utf8" });
    expect(ran.stdout).toContain('property "stack" is not defined');
    expect(ran.status).not.toBe(0);
  });
});

test("every action of somebody else is named by its commit, with its version beside it", () => {
  const all = fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yml"))
    .flatMap((file) => fs.readFileSync(path.join(folder, file), "utf8").split("\n"));
  const used = all.filter((line) => /\buses:/.test(line) && !/uses: \.\//.test(line));
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter((line) => !/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
    [],
  );
  // One commit an action, so that none is left behind.
  const commits = new Set(used.map((line) => /uses: (\S+)/.exec(line)?.[1]));
  const actions = new Set([...commits].map((each) => each?.split("@")[0]));
  expect(commits.size).toBe(actions.size);
});

test("no workflow has a right by default", () => {
  for (const file of files) expect(workflow.parse(parse(read(file))).permissions).toEqual({});
});

test.each(jobs)("%s has the rights it needs, and ends", (name, { uses, permissions, ...rest }) => {
  const { contents, "id-token": token, "pull-requests": comments, ...others } = permissions;
  expect(others).toEqual({});
  expect(contents).toBe("read");
  expect(comments).toBe(name.endsWith(" comment") ? "write" : undefined);
  if (uses === undefined) expect(rest["timeout-minutes"]).toBeLessThanOrEqual(60);
  // Who may sign in to a cloud does so from an environment, which says who must approve and from which branch.
  if (token !== undefined && uses === undefined) expect(rest.environment).toMatch(/\$\{\{ \w+\.stack \}\}/);
});

test("what a pull request holds is run by no job that has a right to the cloud or to write", () => {
  const trusted = jobs.filter(
    ([name, { permissions }]) =>
      name.startsWith("pull-request.yml") &&
      (permissions["id-token"] !== undefined || permissions["pull-requests"] !== undefined),
  );
  expect(trusted.map(([name]) => name)).toEqual(["pull-request.yml state", "pull-request.yml comment"]);
  const checkouts = trusted.flatMap(([, { steps }]) =>
    steps.filter(({ uses }) => uses?.startsWith("actions/checkout") === true),
  );
  expect(checkouts).toHaveLength(2);
  for (const step of checkouts)
    expect(step["with"]).toMatchObject({ ref: "${{ github.event.pull_request.base.sha }}" });
});

test("two runs never meet one stack, and none is cut off", () => {
  const meeting = jobs.filter(([, { steps }]) =>
    steps.some(({ run }) => run !== undefined && /make (?:up|preview .*DRIFT)/.test(run)),
  );
  expect(meeting.map(([name]) => name).sort()).toEqual(["drift.yml drift", "up.yml up"]);
  for (const [, { concurrency }] of meeting) {
    expect(concurrency?.group).toMatch(/^stack-\$\{\{ (?:inputs|matrix)\.stack \}\}$/);
    expect(concurrency?.["cancel-in-progress"]).toBe(false);
  }
});

test("nothing asks for a secret: the cloud knows the repository by its identity", () => {
  for (const file of files) expect(read(file)).not.toMatch(/secrets\./);
});

describe("which stacks a change touches", () => {
  const repository = path.join(temporary, "repository");
  const git = (...words: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...words], {
      cwd: repository,
      encoding: "utf8",
    }).trim();
  const commit = (changes: Record<string, string | undefined>) => {
    for (const [file, text] of Object.entries(changes)) {
      const at = path.join(repository, file);
      fs.mkdirSync(path.dirname(at), { recursive: true });
      if (text === undefined) fs.rmSync(at);
      else fs.writeFileSync(at, text);
    }
    git("add", "--all");
    git("commit", "--quiet", "--allow-empty", "--message", "a");
    return git("rev-parse", "HEAD");
  };
  let base = "";

  beforeAll(() => {
    fs.mkdirSync(repository);
    git("init", "--quiet");
    base = commit({ "stacks/Pulumi.dev.yaml": "a", "stacks/Pulumi.production.yaml": "a", "docs/ci.md": "a" });
  });

  test.each<[string, Record<string, string | undefined>, string[]]>([
    ["its own file", { "stacks/Pulumi.dev.yaml": "b" }, ["dev"]],
    ["what its policy asks for", { "policy/config/production.json": "{}" }, ["production"]],
    ["the program", { "components/a.ts": "b" }, ["dev", "production"]],
    ["a file that comes", { "stacks/Pulumi.eu.yaml": "b" }, ["eu"]],
    ["a file that goes", { "stacks/Pulumi.dev.yaml": undefined }, []],
    ["the docs", { "docs/ci.md": "b" }, []],
  ])("%s", (_, changes, stacks) => {
    git("checkout", "--quiet", "--detach", base);
    const head = commit(changes);
    const said = execFileSync(path.join(folder, "touched-stacks.sh"), [base, head], {
      cwd: repository,
      encoding: "utf8",
    });
    expect(JSON.parse(said)).toEqual(stacks);
  });
});

describe("the comment of a pull request", () => {
  const comment = (previews: Record<string, string>) => {
    const at = fs.mkdtempSync(path.join(temporary, "previews-"));
    for (const [stack, text] of Object.entries(previews)) {
      fs.mkdirSync(path.join(at, `preview-${stack}`));
      fs.writeFileSync(path.join(at, `preview-${stack}`, "preview.txt"), text);
    }
    const words = [at, "https://example.com/run"];
    return execFileSync(path.join(folder, "preview-comment.sh"), words, { encoding: "utf8" });
  };

  test("has each stack's changes and the policy's verdict where it is folded up", () => {
    const said = comment({
      dev: "    ~ image: a\n\nChanges: 3 create, 90 same\nPolicy: kept\n",
      production: "error: no\n",
    });
    expect(said).toMatch(/^<!-- previews -->\n/);
    expect(said).toContain("<summary><b>dev</b>: 3 create, 90 same; policy kept</summary>");
    expect(said).toContain("<summary><b>production</b>: no preview; policy not asked</summary>");
    expect(said).toContain("\n!     image: a\n");
  });

  test("is no longer than a comment may be, and ends with what the preview ends with", () => {
    const text = `${"+ resource\n".repeat(20_000)}\nChanges: 20000 create\nPolicy: kept\n`;
    const said = comment({ a: text, b: text, c: text });
    expect(said.length).toBeLessThan(65_536);
    expect(said.match(/\nPolicy: kept\n/g)).toHaveLength(3);
  });

  test("holds no markup of the preview outside of its fence", () => {
    const said = comment({ dev: "Changes: <img src=x>\nPolicy: [a](http://b)\n" });
    expect(said).toContain("<b>dev</b>: img srcx; policy ahttp:b</summary>");
  });

  test("says so where nothing is touched", () => {
    expect(comment({})).toContain("No stack is touched.");
  });
});
