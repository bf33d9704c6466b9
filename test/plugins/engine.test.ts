import { Stack } from "./engine";

test("a stack without resources comes up, with its outputs", async () => {
  const stack = await Stack.create({
    program: 'return { greeting: `hello ${config.require("who")}`, hidden: pulumi.secret("x") };',
    config: { who: "alice" },
  });
  const run = await stack.up();
  expect(run).toMatchObject({ exitCode: 0, steps: [], errors: [] });
  await expect(stack.outputs()).resolves.toEqual({ greeting: "hello alice", hidden: "x" });
  await stack.remove();
}, 60_000);

test("an error of the program is reported, not thrown", async () => {
  const stack = await Stack.create({ program: 'throw new Error("no such user");' });
  const run = await stack.preview();
  expect(run.exitCode).not.toBe(0);
  expect(run.errors.join()).toContain("no such user");
  await stack.remove();
}, 60_000);
