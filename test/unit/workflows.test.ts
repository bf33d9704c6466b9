import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { checkout } from "../../local/paths";
import { ensureTools, toolPath } from "../../local/toolchain";

const folder = path.join(checkout, ".github");

const concurrency = z.object({ group: z.string(), "cancel-in-progress": z.boolean() });
const job = z.looseObject({
  uses: z.string().optional(),
  permissions: z.record(z.string(), z.string()),
  "timeout-minutes": z.number().optional(),
  environment: z.string().optional(),
  concurrency: concurrency.optional(),
  steps: z.array(z.looseObject({ uses: z.string().optional(), run: z.string().optional() })).default([]),
});
const workflow = z.looseObject({
  permissions: z.unknown(),
  concurrency: concurrency.optional(),
  jobs: z.record(z.string(), job),
});

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
  const { contents, "id-token": token, "pull-requests": comments, actions, ...others } = permissions;
  expect(others).toEqual({});
  expect(contents).toBe("read");
  expect(comments).toBe(name.endsWith(" comment") ? "write" : undefined);
  expect(actions).toBe(name === "drift.yml drift" ? "read" : undefined);
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

test("`up`s of one stack take turns, none is cut off, and nothing else takes the place of one that waits", () => {
  const running = (what: RegExp) =>
    jobs.filter(([, { steps }]) => steps.some(({ run }) => run !== undefined && what.test(run)));
  expect(running(/make up/).map(([name]) => name)).toEqual(["up.yml up"]);
  expect(running(/drift|DRIFT/).map(([name]) => name)).toEqual(["drift.yml drift"]);
  const inGroups = jobs.filter(([, { concurrency }]) => concurrency !== undefined);
  expect(inGroups.map(([name, { concurrency }]) => [name, concurrency])).toEqual([
    ["up.yml up", { group: "stack-${{ inputs.stack }}", "cancel-in-progress": false }],
  ]);
  // A whole workflow may be in a group, too.
  const groups = files.map((file) => workflow.parse(parse(read(file))).concurrency?.group);
  expect(groups.filter((group) => group !== undefined)).toEqual([
    "pull-request-${{ github.event.pull_request.number }}",
  ]);
});

test("nothing asks for a secret: the cloud knows the repository by its identity", () => {
  for (const file of files) expect(read(file)).not.toMatch(/secrets\./);
});
