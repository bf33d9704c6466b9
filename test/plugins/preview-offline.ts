import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { stringify } from "yaml";

import { checkout } from "../../local/paths";

export interface Previewed {
  code: number | null;
  text: string;
  /** What stays of it where temporary files are. */
  left: string[];
}

export const stackFile = (stack: string): string => path.join(checkout, "stacks", `Pulumi.${stack}.yaml`);

/** Writes a stack's file whose secrets a key in a cloud encrypted. */
export function writeStack(stack: string, config: object): void {
  const text = stringify({ secretsprovider: "awskms://alias/a", encryptedkey: "AQIC", config });
  fs.writeFileSync(stackFile(stack), text);
}

/** The habit, on a machine without any network but loopback, and without a kubeconfig. */
export function previewOffline(stack: string, ...words: string[]): Previewed {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-home-"));
  const command = ["make", "preview", `STACK=${stack}`, ...words].map((word) => `'${word}'`).join(" ");
  const ran = spawnSync("unshare", ["--net", "sh", "-c", `ip link set lo up; exec ${command}`], {
    cwd: checkout,
    encoding: "utf8",
    maxBuffer: 1e8,
    env: {
      ...process.env,
      VIBECODE_DATA: home,
      TMPDIR: home,
      KUBECONFIG: path.join(home, "none"),
      NODE_OPTIONS: "",
      PULUMI_CONFIG_PASSPHRASE: undefined,
    },
  });
  const left = fs.readdirSync(home).filter((name) => name.startsWith("vibecode-"));
  fs.rmSync(home, { recursive: true });
  return { code: ran.status, text: ran.stdout + ran.stderr, left };
}
