import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { checkout } from "../../local/paths";

const folder = path.join(checkout, ".github");
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-workflows-"));
afterAll(() => {
  fs.rmSync(temporary, { recursive: true });
});

const steps = z.array(
  z.looseObject({
    uses: z.string().optional(),
    run: z.string().optional(),
    with: z.record(z.string(), z.unknown()).default({}),
  }),
);
const read = (file: string): unknown => parse(fs.readFileSync(path.join(folder, file), "utf8"));
const pullRequest = z
  .object({ jobs: z.record(z.string(), z.object({ steps })) })
  .parse(read("workflows/pull-request.yml")).jobs;
const stepOf = (job: string, what: RegExp) => {
  const found = pullRequest[job]?.steps.filter(({ uses, run }) => what.test(`${uses} ${run}`)) ?? [];
  const [step] = found;
  if (step === undefined || found.length > 1) throw new Error(`${found.length} steps of ${job} are ${what}`);
  return step;
};

/** A folder with programs of the test's own, and what runs a script there as GitHub does. */
const workplace = (programs: Record<string, string>) => {
  const at = fs.mkdtempSync(path.join(temporary, "job-"));
  const bin = path.join(at, "bin");
  fs.mkdirSync(bin);
  for (const [name, text] of Object.entries(programs))
    fs.writeFileSync(path.join(bin, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  fs.symlinkSync(folder, path.join(at, ".github"));
  const run = (script: string, env: Record<string, string> = {}) => {
    const ran = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
      cwd: at,
      encoding: "utf8",
      // Bash reads its start-up files where its input is a socket, as Node's pipes are.
      stdio: ["ignore", "pipe", "pipe"],
      // Nothing of a `make` that runs these tests.
      env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, HOME: at, GITHUB_REPOSITORY: "acme/ide", ...env },
    });
    return { status: ran.status, said: ran.stdout + ran.stderr };
  };
  return { at, run, read: (file: string) => fs.readFileSync(path.join(at, file), "utf8") };
};

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
  const comment = (previews: Record<string, string>, stacks = Object.keys(previews)) => {
    const { at, run } = workplace({});
    for (const [stack, text] of Object.entries(previews))
      fs.writeFileSync(path.join(at, `preview-${stack}.txt`), text);
    return run(`.github/preview-comment.sh . '${JSON.stringify(stacks)}' https://example.com/run`).said;
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

  test("says so where nothing is touched, and only there", () => {
    expect(comment({})).toContain("No stack is touched.");
    expect(comment({ dev: "a" })).not.toContain("No stack");
  });

  test("names each touched stack whose preview is missing", () => {
    const said = comment({ dev: "Changes: none\n" }, ["dev", "staging"]);
    expect(said).toContain("<b>dev</b>: none;");
    expect(said).toContain("**staging: touched, but its preview is missing.**");
    const none = comment({}, ["dev"]);
    expect(none).toContain("**dev: touched, but its preview is missing.**");
    expect(none).not.toContain("No stack");
  });

  test("shows nothing that a link leads to", () => {
    const { at, run } = workplace({});
    fs.writeFileSync(path.join(at, "kept"), "token");
    fs.symlinkSync("kept", path.join(at, "preview-dev.txt"));
    const { said } = run(`.github/preview-comment.sh . '["dev"]' https://example.com/run`);
    expect(said).toContain("**dev: touched, but its preview is missing.**");
    expect(said).not.toContain("token");
  });

  test("is not written without a list of stacks", () => {
    const { status, said } = workplace({}).run(".github/preview-comment.sh . '' https://example.com/run");
    expect(said).toContain("not a list of stacks");
    expect(status).not.toBe(0);
  });

  // What these two actions do with files is theirs; this says it as their documentation does.
  const upload = (job: ReturnType<typeof workplace>, stack: string) => {
    const { name, path: file } = z
      .object({ name: z.string(), path: z.string() })
      .parse(stepOf("preview", /upload-artifact/).with);
    const named = (text: string) => text.replace("${{ matrix.stack }}", stack);
    // A single file stands at the artifact's root.
    return { name: named(name), file: path.basename(named(file)), text: job.read(named(file)) };
  };
  const download = (job: ReturnType<typeof workplace>, artifacts: ReturnType<typeof upload>[]) => {
    const given = z
      .object({ pattern: z.string(), path: z.string(), "merge-multiple": z.boolean().default(false) })
      .parse(stepOf("comment", /download-artifact/).with);
    const matching = artifacts.filter(({ name }) => path.matchesGlob(name, given.pattern));
    // Since v5 a single one is flat, too.
    const isFlat = given["merge-multiple"] || matching.length === 1;
    for (const { name, file, text } of matching) {
      const to = path.join(job.at, given.path, isFlat ? "" : name);
      fs.mkdirSync(to, { recursive: true });
      fs.writeFileSync(path.join(to, file), text);
    }
  };

  test.each([[["dev"]], [["dev", "production"]], [[]]])(
    "has the previews that the jobs of the stacks %j recorded",
    (stacks) => {
      const artifacts = stacks.map((stack) => {
        const job = workplace({ make: 'echo "of $*"; echo Changes: none' });
        job.run(stepOf("preview", /make preview/).run ?? "", { STACK: stack });
        return upload(job, stack);
      });
      const job = workplace({ gh: "true" });
      download(job, artifacts);
      const env = { STACKS: JSON.stringify(stacks), RUN: "https://example.com/run", PULL_REQUEST: "1" };
      expect(job.run(stepOf("comment", /preview-comment/).run ?? "", env)).toEqual({ status: 0, said: "" });
      const said = job.read("comment.md");
      for (const stack of stacks) {
        expect(said).toContain(`<b>${stack}</b>: none;`);
        expect(said).toContain(`\nof preview STACK=${stack} OFFLINE=1\n`);
      }
      expect(said.includes("No stack is touched.")).toBe(stacks.length === 0);
      expect(said).not.toContain("missing");
    },
  );
});

test("what is recorded of a preview holds nothing of the installation before it", () => {
  // An npm that says what it does, and installs a program which says what a preview says.
  const {
    at,
    run,
    read: written,
  } = workplace({
    npm: `echo "added 1 package"
mkdir -p node_modules/.bin
printf '#!/bin/bash\\necho "Policy: kept"\\n' > node_modules/.bin/tsx
chmod +x node_modules/.bin/tsx`,
  });
  for (const file of ["Makefile", "package.json", "package-lock.json"])
    fs.copyFileSync(path.join(checkout, file), path.join(at, file));
  const ready = z.object({ runs: z.object({ steps }) }).parse(read("actions/ready/action.yml")).runs.steps;
  const said = ready.map((step) => (step.run === undefined ? "" : run(step.run).said)).join("");
  expect(said).toContain("added 1 package");
  expect(run(stepOf("preview", /make preview/).run ?? "", { STACK: "dev" }).status).toBe(0);
  expect(written("preview-dev.txt")).toBe("Policy: kept\n");
});

describe("the nightly check for drift", () => {
  const deployment = (status: string, updated = 1) => ({
    status,
    id: 1,
    run_attempt: 1,
    updated_at: `2026-01-0${updated}T00:00:00Z`,
  });
  type Deployment = ReturnType<typeof deployment>;
  /** What is said of a preview that ends with `status`, where GitHub tells `before`, then `after`, of deployments. */
  const drift = (status: number, before: Deployment[], after: Deployment[] = before) => {
    const job = workplace({
      make: `echo "make $*"; exit ${status}`,
      gh: `echo "$*" >> asked; jq --raw-output "\${@: -1}" "$(wc -l < asked)"`,
    });
    fs.writeFileSync(path.join(job.at, "1"), JSON.stringify({ workflow_runs: before }));
    fs.writeFileSync(path.join(job.at, "2"), JSON.stringify({ workflow_runs: after }));
    const ran = job.run(".github/drift.sh dev");
    expect(job.read("asked")).toMatch(/^api repos\/acme\/ide\/actions\/workflows\/deploy\.yml\/runs\?/);
    return ran;
  };
  const done = [deployment("completed")];
  const asked = "make preview STACK=dev DRIFT=1";

  test.each<[string, Deployment[]]>([
    ["all deployments are done", done],
    ["there was none yet", []],
    ["one waits for its reviewers", [deployment("waiting"), ...done]],
  ])("says what the preview says where %s", (_, before) => {
    expect(drift(0, before)).toEqual({ status: 0, said: `${asked}\n` });
    expect(drift(2, before)).toEqual({ status: 2, said: `${asked}\n` });
  });

  test.each(["queued", "requested", "pending", "in_progress"])(
    "is left out beside one that is %s",
    (state) => {
      const { status, said } = drift(2, [...done, deployment(state)]);
      expect(said).toContain("::notice::dev is not checked for drift, since a deployment is under way.");
      expect(said).not.toContain(asked);
      expect(status).toBe(0);
    },
  );

  test.each<[string, Deployment[], Deployment[]]>([
    ["began", done, [deployment("in_progress", 2), ...done]],
    ["began and ended", done, [deployment("completed", 2), ...done]],
    ["was approved", [deployment("waiting")], [deployment("in_progress")]],
    ["was approved, and waits for the next reviewers", [deployment("waiting")], [deployment("waiting", 2)]],
  ])("raises no alarm where a deployment %s beside it", (_, before, after) => {
    const { status, said } = drift(2, before, after);
    expect(said).toContain(asked);
    expect(said).toContain(
      "::notice::dev is not checked for drift, since a deployment ran beside the check.",
    );
    expect(status).toBe(0);
  });

  test("fails where GitHub does not say what is deployed", () => {
    const { status, said } = workplace({ make: "echo asked", gh: "exit 1" }).run(".github/drift.sh dev");
    expect(said).toBe("");
    expect(status).not.toBe(0);
  });
});
