import { removeTemporary, temporary } from "./host-stand-ins";
import * as fs from "node:fs";
import * as path from "node:path";
import { settlePending } from "../../local/pulumi/pending";
import { clearRemnants } from "../../local/pulumi/remnants";
import { stackFolder, stateFile, type StackFolder } from "../../local/pulumi/stack-folder";

let files: StackFolder;
let state: string;
let said: string[];
const clear = () => {
  clearRemnants(files, (message) => said.push(message));
};

beforeEach(() => {
  fs.writeFileSync(path.join(temporary, "Pulumi.yaml"), "name: vibecode\n");
  files = stackFolder("test", "local", temporary);
  state = stateFile(files);
  fs.rmSync(files.backend, { recursive: true });
  fs.mkdirSync(path.dirname(state), { recursive: true });
  said = [];
});
afterAll(removeTemporary);

test("halves of files that a killed engine left are removed, wherever they lie, and nothing else is", () => {
  const locks = path.join(files.backend, ".pulumi", "locks", "organization", "vibecode", "local");
  fs.mkdirSync(locks, { recursive: true });
  const whole = [state, `${state}.bak`, `${state}.bak.attrs`];
  const halves = [`${state}.attrs`, `${state}.18ea12f2.tmp`, path.join(locks, "1.json.18ea12f2.tmp")];
  for (const file of whole) fs.writeFileSync(file, "{}");
  for (const file of halves) fs.writeFileSync(file, "");
  clear();
  expect(halves.filter((file) => fs.existsSync(file))).toEqual([]);
  expect(whole.filter((file) => !fs.existsSync(file))).toEqual([]);
  expect(said).toHaveLength(3);
});

test("a state that was cut short is put aside for the one of the step before", () => {
  fs.writeFileSync(state, '{"checkpoint":{"latest":{"resour');
  fs.writeFileSync(`${state}.bak`, '{"checkpoint":{}}');
  clear();
  expect(fs.readFileSync(state, "utf8")).toBe('{"checkpoint":{}}');
  expect(fs.readFileSync(`${state}.damaged`, "utf8")).toContain("resour");
});

test("where the copy is damaged too, both stay, and the error names the file", () => {
  fs.writeFileSync(state, "");
  fs.writeFileSync(`${state}.bak`, "{");
  expect(clear).toThrow(`the stack's state is damaged, and so is the copy beside it: ${state}`);
  expect([state, `${state}.bak`].map((file) => fs.readFileSync(file, "utf8"))).toEqual(["", "{"]);
});

test("an object is taken over from a creation that was cut off, but not where a hook had to run before it", () => {
  const pending = (name: string, hooks: object) => ({
    type: "creating",
    resource: {
      urn: `urn:${name}`,
      type: "kubernetes:core/v1:Namespace",
      inputs: { metadata: { name } },
      ...hooks,
    },
  });
  const text = JSON.stringify({
    version: 3,
    deployment: {
      pending_operations: [
        pending("ws-alice", { resourceHooks: { BeforeCreate: ["user-returns"] } }),
        pending("ws-bob", { resourceHooks: { BeforeDelete: ["user-leaves"] } }),
      ],
    },
  });
  expect(settlePending(text)).toMatchObject({ adopted: ["urn:ws-bob"], dropped: ["urn:ws-alice"] });
});
