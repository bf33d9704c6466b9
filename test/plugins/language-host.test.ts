import { Stack } from "./engine";

jest.setTimeout(120_000);

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.create({ program: "", config: { plain: "1", list: '["a"]' } });
  await stack.pulumi("config", "set", "--secret", "hidden", "hush");
});
afterAll(() => stack.remove());

test("a program gets its config, knows which values are secret, and is told what it is run for", async () => {
  await stack.program(`
    console.log("a line of the program");
    return {
      plain: config.requireNumber("plain"), list: config.requireObject("list"), hidden: config.require("hidden"),
      secrets: ["plain", "hidden"].filter((key) => pulumi.runtime.isConfigSecret("plugins:" + key)), where: process.cwd(), project: pulumi.getProject(),
      stack: pulumi.getStack(), organization: pulumi.getOrganization(), dry: pulumi.runtime.isDryRun(),
    };`);
  expect(await stack.preview()).toMatchObject({ exitCode: 0, errors: [] });
  const run = await stack.up();
  expect(run).toMatchObject({ exitCode: 0, errors: [] });
  expect(run.text).toContain("a line of the program");
  expect(await stack.outputs()).toEqual({
    plain: 1,
    list: ["a"],
    hidden: "hush",
    secrets: ["hidden"],
    where: stack.folder,
    project: "plugins",
    stack: "test",
    organization: "organization",
    dry: false,
  });
});

test.each([
  ["throws", 'throw new Error("no such colour")', /no such colour/],
  ["rejects", 'Promise.reject(new Error("no such shape"))', /no such shape/],
])("a program that %s fails the run, and is not talked over", async (_, program, message) => {
  await stack.program(program);
  const run = await stack.up();
  expect(run.exitCode).not.toBe(0);
  expect(run.errors.join("\n")).toMatch(message);
  expect(run.errors.join("\n")).not.toContain("the program ended");
});

test.each([
  ["exits", "process.exit(3)", "the program ended with status 3"],
  ["is killed", 'process.kill(process.pid, "SIGKILL")', "the program was ended by SIGKILL"],
])("a program that %s fails the run with how it ended", async (_, program, message) => {
  await stack.program(program);
  const run = await stack.up();
  expect(run.exitCode).not.toBe(0);
  expect(run.errors.join("\n")).toContain(message);
});

test("resource hooks of the program run, also for a resource that has left it", async () => {
  const program = (names: string[]) => `
    const random = require("@pulumi/random");
    const leave = new pulumi.ResourceHook("leave", ({ name }) => console.log("farewell " + name));
    for (const name of ${JSON.stringify(names)})
      new random.RandomId(name, { byteLength: 4 }, { hooks: { beforeDelete: [leave] } });`;
  await stack.program(program(["one", "two"]));
  expect((await stack.up()).text).not.toContain("farewell");
  await stack.program(program(["two"]));
  const run = await stack.up();
  expect(run).toMatchObject({ exitCode: 0, errors: [] });
  expect(run.text).toContain("farewell one");
  expect(run.text).not.toContain("farewell two");
});
