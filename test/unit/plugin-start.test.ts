import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { checkout } from "../../local/paths";

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-start-"));
  const node = '#!/bin/sh\necho "$@"\n';
  put("node_modules/.bin/node", node, 0o755);
  for (const file of ["node_modules/.package-lock.json", "local/plugins/x/main.ts", "local/errors.ts"])
    put(file, "");
});
afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

function put(file: string, text: string, mode = 0o644): void {
  fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  fs.writeFileSync(path.join(root, file), text, { mode });
}

const age = (file: string, seconds: number) => {
  const then = new Date(Date.now() - 1000 * seconds);
  fs.utimesSync(path.join(root, file), then, then);
};

/** What Node is given to start the plugin x with the engine's address. */
const started = (): string =>
  execFileSync("sh", ["-c", `. ${checkout}/local/plugins/start.sh; start plugins/x/main 127.0.0.1:1`], {
    env: { ...process.env, root },
    encoding: "utf8",
  }).trim();

const packed = () => `node_modules/.cache/vibecode${root}/plugins/x/main.cjs`;
const source = () =>
  `--require ${root}/node_modules/tsx/dist/cjs/index.cjs ${root}/local/plugins/x/main.ts 127.0.0.1:1`;

test("a plugin starts as it was packed, which needs none of its sources", () => {
  for (const file of ["node_modules/.package-lock.json", "local/plugins/x/main.ts", "local/errors.ts"])
    age(file, 60);
  put(packed(), "");
  expect(started()).toBe(`${root}/${packed()} 127.0.0.1:1`);
});

test("one that was never packed starts from its source", () => {
  expect(started()).toBe(source());
});

test.each(["local/plugins/x/main.ts", "local/errors.ts", "node_modules/.package-lock.json"])(
  "one whose %s is newer than the pack starts from its source",
  (file) => {
    put(packed(), "");
    age(packed(), 60);
    for (const other of ["node_modules/.package-lock.json", "local/plugins/x/main.ts", "local/errors.ts"])
      age(other, other === file ? 30 : 90);
    expect(started()).toBe(source());
  },
);
