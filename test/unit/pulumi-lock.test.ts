import { removeTemporary, temporary } from "./host-stand-ins";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stackFolder } from "../../local/pulumi/stack-folder";
import { clearStaleLocks } from "../../local/pulumi/stack-lock";

afterAll(removeTemporary);

test("a lock whose Pulumi still runs stays, and the error says who holds it", async () => {
  fs.writeFileSync(path.join(temporary, "Pulumi.yaml"), "name: vibecode\n");
  // Its name is what tells it from another program that got the number.
  const program = path.join(temporary, "pulumi");
  fs.copyFileSync(fs.realpathSync("/bin/sleep"), program);
  fs.chmodSync(program, 0o755);
  const running = spawn(program, ["60"]);
  const files = stackFolder("test", "local", temporary);
  const folder = path.join(files.backend, ".pulumi", "locks", "organization", "vibecode", "local");
  fs.mkdirSync(folder, { recursive: true });
  const lock = path.join(folder, "1.json");
  const held = {
    pid: running.pid,
    hostname: os.hostname(),
    username: "ann",
    timestamp: "2026-11-21T06:00:00Z",
  };
  fs.writeFileSync(lock, JSON.stringify(held));
  await expect(clearStaleLocks(files, () => undefined, 300)).rejects.toThrow(
    `another Pulumi works on the stack: ann@${os.hostname()} (pid ${running.pid}) since`,
  );
  expect(fs.existsSync(lock)).toBe(true);

  // One that ends while it is waited for.
  const cleared = clearStaleLocks(files, () => undefined);
  running.kill();
  await cleared;
  expect(fs.existsSync(lock)).toBe(false);
});
