import { Stack } from "../engine";

jest.setTimeout(60_000);

const program = (query: string) => `
const datadog = require("@pulumi/datadog");
const provider = new datadog.Provider("datadog", { apiKey: "0".repeat(32), appKey: "1".repeat(40), validate: "false" });
const monitor = new datadog.Monitor("pods", {
  name: "Pods", type: "metric alert", message: "too few", query: "${query}",
}, { provider });
const key = new datadog.ApiKey("key", { name: "agents" }, { provider });
new datadog.Dashboard("all", {
  title: "All", layoutType: "ordered",
  widgets: [{ alertGraphDefinition: { alertId: monitor.id, vizType: "timeseries" } }],
}, { provider });
return { key: key.key };`;

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.create({ program: program("avg(last_5m):sum:pods{*} < 1") });
});
afterAll(() => stack.remove());

test("a preview shows what would be created", async () => {
  const run = await stack.preview();
  expect(run).toMatchObject({ exitCode: 0, errors: [], changes: { create: 5 } });
  expect(run.steps.map(({ op, name }) => `${op} ${name}`).sort()).toEqual([
    "create all",
    "create key",
    "create pods",
  ]);
});

test("an up fails with one clear error and creates nothing", async () => {
  const run = await stack.up();
  expect(run.exitCode).not.toBe(0);
  expect(run.errors.join("\n")).toContain(
    "the offline datadog plugin can preview, but not create datadog:index/monitor:Monitor",
  );
  expect(run.errors.join("\n")).toContain("pulumi plugin install resource datadog");
  expect(await stack.resources()).toEqual([]);
});
