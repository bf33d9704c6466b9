import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { UserError, type Report } from "./errors";
import { checkout } from "./paths";
import type { LocalStack } from "./pulumi";

/** What the rules about a whole stack depend on, besides its config and its state. */
const sources = ["infra", "components", "policy", "Pulumi.yaml", "package-lock.json"];

/**
 * Holds what `up` would make against the policy pack, before anything is made: the rules about the whole stack speak at the
 * end of an `up`, when all is done. What was judged before, with the same program, config and volumes, is not judged anew.
 *
 * @param stack opened with the offline plugins, since its cluster may still be starting
 * @param pack the arguments that {@link policyArgs} gives
 * @throws {UserError} with every mandatory rule that is broken
 */
export async function mustKeepPolicy(
  stack: LocalStack,
  pack: readonly string[],
  report: Report,
): Promise<string> {
  const file = path.join(stack.folder, "policy.kept");
  const judged = fingerprint([stack.writtenConfig(), ...pack.filter((word) => word.endsWith(".json"))]);
  if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === judged)
    return "Policy: kept, as it was judged before";
  report("asking the policy pack");
  const said: string[] = [];
  const { violations } = await stack
    .preview(pack, (line) => said.push(line))
    .catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`what \`up\` would do cannot be said:\n${said.join("\n")}`, "mend that", {
        cause: error,
      });
    });
  const broken = violations.filter(({ mandatory }) => mandatory);
  if (broken.length > 0)
    throw new UserError(
      `the policy is broken, so nothing was touched:\n${broken.map(({ rule, message }) => `${rule}: ${message}`).join("\n")}`,
      "change what it says; docs/policy.md tells why it is a rule, and how to except a resource",
    );
  fs.writeFileSync(file, judged, { mode: 0o600 });
  return "Policy: kept";
}

/** One text for the content of these files and of the program. */
function fingerprint(files: readonly string[]): string {
  const hash = createHash("sha256");
  const add = (file: string): void => {
    if (!fs.statSync(file).isDirectory()) {
      hash.update(`\0${file}\0`).update(fs.readFileSync(file));
      return;
    }
    for (const name of fs.readdirSync(file).sort()) add(path.join(file, name));
  };
  for (const file of [...files, ...sources.map((source) => path.join(checkout, source))]) add(file);
  return hash.digest("hex");
}
