import { createInterface } from "node:readline/promises";

import { UserError } from "./errors";

/**
 * Asks a person to type a name before something is removed for good.
 *
 * @param what what is removed, as a clause: `This removes alice's work`
 * @throws {UserError} when another name is typed, or nobody is there to type one
 */
export async function confirmRemoval(what: string, name: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UserError(
      "nobody is there to ask, and nothing was removed",
      "say FORCE=1 to remove without a question",
    );
  }
  const dialog = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await dialog.question(`${what}. Type ${name} to go on: `);
  dialog.close();
  if (answer.trim() !== name) throw new UserError("nothing was removed", `type ${name} to remove it`);
}
