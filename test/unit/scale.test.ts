import fc from "fast-check";
import * as fs from "node:fs";
import * as path from "node:path";
import { userObject } from "../../infra/schema";
import { userName } from "../../infra/values";
import { everything, secretEnv, workspace } from "../bench/everything";
import { roleOf } from "../bench/processes";
import { at, minimal, runProgram, type Registered, type Run } from "./mocks";

/** A user of the config, and the secrets that the config keeps apart. */
interface Person {
  user: { name: string; state?: string; email?: string };
  secretEnv?: Record<string, string>;
}

const fullest = (name: string): Person => ({ user: everything(name), secretEnv });

/** The program's run for these people. */
function runFor(people: readonly Person[], stack: Record<string, unknown> = {}): Promise<Run> {
  return runProgram({
    ...minimal,
    cluster: { ...minimal.cluster, network: { apiServer: ["10.9.9.9/32"] } },
    workspace,
    ...stack,
    users: people.map(({ user }) => (Object.keys(user).length === 1 ? user.name : user)),
    secretEnv: Object.fromEntries(people.map(({ user, secretEnv = {} }) => [user.name, secretEnv])),
  });
}

/** Whether a resource is there for this user alone: the workspace, what lies in it, the password. */
const belongsTo = (user: string, { type, name, parent }: Registered): boolean =>
  parent === `vibecode:workspace:Workspace ${user}` ||
  (type === "vibecode:workspace:Workspace" && name === user) ||
  (type === "random:index/randomPassword:RandomPassword" && name === `sign-in-${user}`);

const keyOf = ({ type, name }: Registered): string => `${type} ${name}`;

/** Every resource whose registration differs between two runs, or that only one of them has. */
function differences(before: Run, after: Run): Registered[] {
  const [old, now] = [before, after].map(
    (run) => new Map(run.resources.map((resource) => [keyOf(resource), JSON.stringify(resource)])),
  );
  const all = new Map([...before.resources, ...after.resources].map((each) => [keyOf(each), each]));
  return [...all].filter(([key]) => old?.get(key) !== now?.get(key)).map(([, resource]) => resource);
}

/** Every kind of sign-in, with all that it makes for itself. */
const signIns = {
  basic: { auth: { kind: "basic" } },
  authelia: {
    auth: { kind: "authelia", replicas: 2, versions: { encryption: 12 } },
    // Whoever measures it has passwords too.
    monitoring: { prometheus: { kind: "own" } },
  },
  "oauth2-proxy": {
    auth: {
      kind: "oauth2-proxy",
      provider: { type: "oidc", clientId: "id", issuer: "https://id.example.com", allow: "users" },
    },
    authSecrets: { clientSecret: "secret" },
  },
};

/** Names that are as the platform's own resources are called, or that with a user's beginning end as they do. */
let dangerous: string[];
/** Those besides that are refused. */
let refused: string[];
let names: fc.Arbitrary<string>;
/** How many resources a stack without users has. */
let shared: number;

beforeAll(async () => {
  const [none, one] = [await runFor([]), await runFor([fullest("x")])];
  shared = none.resources.length;
  const own: string[] = [];
  for (const stack of Object.values(signIns))
    own.push(...(await runFor([], stack)).resources.map(({ name }) => name));
  // Of `x-ssh-key` both `-ssh` and `-ssh-key`.
  const endings = one.resources.flatMap(({ name }) =>
    name.startsWith("x-")
      ? [...name.matchAll(/-/g), { index: name.length }].map(({ index }) => name.slice(1, index))
      : [],
  );
  // People's passwords begin as what sign-in has for itself.
  const others = own.flatMap((name) => [name, name.replace(/^sign-in-/, "")]);
  const all = new Set(["a", ...endings.map((ending) => `a${ending}`), ...others]);
  dangerous = [...all].filter((name) => userName.safeParse(name).success);
  refused = [...all].filter((name) => !dangerous.includes(name));
  names = fc
    .oneof(fc.constantFrom(...dangerous), fc.stringMatching(/^[a-z](-?[a-z0-9]){0,31}$/))
    .filter((name) => userName.safeParse(name).success);
});

const settings = fc.record(
  {
    fullName: fc.constantFrom("Ada", "Ada Lovelace"),
    email: fc.constantFrom("ada@example.com", "ada@example.org"),
    size: fc.constantFrom("small", "medium", "large"),
    home: fc.constantFrom("20Gi", "30Gi"),
    state: fc.constantFrom("running", "stopped"),
    groups: fc.subarray(["developers", "admins"]),
    extensions: fc.subarray(["golang.go", "rust-lang.rust@1.2.3"]),
    sshKey: fc.boolean(),
    dotfiles: fc.constantFrom("https://git.example.com/a/dotfiles", "https://git.example.com/b/dotfiles"),
    kubernetesAccess: fc.constantFrom("view", "edit"),
  },
  { requiredKeys: [] },
);
const secrets = fc.dictionary(fc.constantFrom("TOKEN", "KEY"), fc.constantFrom("one", "two"));
const people = (minLength: number) =>
  fc.uniqueArray(
    fc
      .tuple(names, settings, secrets)
      .map(([name, settings, secretEnv]): Person => ({ user: { ...settings, name }, secretEnv })),
    { selector: ({ user }) => user.name, minLength, maxLength: 4 },
  );
const stacks = fc.record({ claudeToken: fc.constant("token") }, { requiredKeys: [] });
/** People of one address could not sign in at an issuer. */
const addressed = ({ user, ...rest }: Person): Person => ({
  ...rest,
  user: { ...user, email: `${user.name}@example.com` },
});

function expectApart({ resources, keys }: Run): void {
  expect(keys).toHaveLength(resources.length);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  const objects = resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ type, inputs }) =>
      [type, at(inputs, "metadata", "namespace"), at(inputs, "metadata", "name")].join(" "),
    );
  expect(objects).toHaveLength(new Set(objects).size);
}

test("whatever users are called and ask for, no two resources or objects share a name, and nobody costs more than 16", async () => {
  await fc.assert(
    fc.asyncProperty(people(0), stacks, async (list, stack) => {
      const run = await runFor(list, stack);
      expectApart(run);
      expect(run.resources.length - shared).toBeLessThanOrEqual(16 * list.length);
    }),
    { numRuns: 25 },
  );
});

test.each(Object.entries(signIns))(
  "with %s, users who are called as the platform's own resources are, or end as they do, never meet them or each other",
  async (_, stack) => {
    expect(dangerous).toEqual(
      expect.arrayContaining(["a-route", "a-ssh", "a-ssh-key", "certificates", "namespace"]),
    );
    expectApart(await runFor(dangerous.map(fullest).map(addressed), stack));
  },
);

test("no user can be called as a secret of sign-in's own, with whatever kind it is", async () => {
  const secrets = ["session-secret", "reset-password-secret", "cookie-secret", "encryption-key-1"];
  expect(refused).toEqual(expect.arrayContaining([...secrets, "encryption-key-12"]));
  await expect(runFor([{ user: { name: "encryption-key-1" } }])).rejects.toThrow(
    `vibecode:users[0]: "encryption-key-1" is what a secret of sign-in's own is called`,
  );
});

test("a user who comes, goes or changes touches no other's resources, and of the shared ones at most who may sign in", async () => {
  let touched = 0;
  await fc.assert(
    fc.asyncProperty(
      people(1),
      fc.option(fc.tuple(settings, secrets)),
      stacks,
      async ([one, ...others], change, stack) => {
        if (one === undefined) return;
        const { name, state = "running" } = one.user;
        const after: Person[] =
          change === null ? [] : [{ user: { ...change[0], name }, secretEnv: change[1] }];
        const found = differences(
          await runFor([one, ...others], stack),
          await runFor([...after, ...others], stack),
        );
        touched += found.length;
        const beyond = found.filter((resource) => !belongsTo(name, resource)).map(keyOf);
        // Sign-in knows who there is, and whose workspace is stopped.
        const known = after[0] !== undefined && (after[0].user.state ?? "running") === state;
        expect(beyond).toEqual(known ? [] : ["kubernetes:core/v1:Secret ingress-sign-in"]);
      },
    ),
    { numRuns: 20 },
  );
  expect(touched).toBeGreaterThan(0);
});

const bench = fs.readFileSync(path.join(__dirname, "../../docs/bench.md"), "utf8");

test("a user with defaults costs as many resources as docs/bench.md says", async () => {
  const documented = /A user costs (\d+) resources/.exec(bench)?.[1];
  const run = await runFor([{ user: { name: "x" } }]);
  expect(`${run.resources.length - shared}`).toBe(documented);
});

test("a user with everything on costs as many as it says", async () => {
  // In which cluster a user is changes where the resources go, and not how many there are.
  const settings = Object.keys(userObject.shape).filter((key) => !["cluster", "movedFrom"].includes(key));
  expect(Object.keys(everything("x")).sort()).toEqual(settings.sort());
  const documented = /(\d+) with everything on/.exec(bench)?.[1];
  const run = await runFor([fullest("x")], { claudeToken: "token" });
  expect(`${run.resources.length - shared}`).toBe(documented);
});

test.each([
  ["engine", "/tools/pulumi/pulumi up --yes"],
  ["program", "/m/.bin/node /m/@pulumi/pulumi/cmd/run --monitor 127.0.0.1:1 ."],
  ["language host", "/m/.bin/node --require tsx.cjs /c/local/pulumi/language-host.ts 127.0.0.1:1"],
  ["language host", "/home/a/.pulumi/bin/pulumi-language-nodejs 127.0.0.1:1"],
  ["tls", "/m/.bin/node /c/node_modules/.cache/vibecode/plugins/tls/main.cjs 127.0.0.1:1"],
  [
    "kubernetes",
    "/home/a/.pulumi/plugins/resource-kubernetes-v4.34.2/pulumi-resource-kubernetes 127.0.0.1:1",
  ],
  [undefined, "/usr/bin/kubectl proxy --port=0"],
])("the bench takes for the %s what runs as %s", (role, commandLine) => {
  expect(roleOf(commandLine.replaceAll(" ", "\0"))).toBe(role);
});
