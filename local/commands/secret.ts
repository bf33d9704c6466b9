import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";

import { judgeSecret, secretPatterns } from "../../infra/secret-place";
import { UserError } from "../errors";
import { habit } from "../habit";
import { findPlatform } from "../platform";
import { openStack, preparePulumi } from "../pulumi";

/** Keeps a secret for a local stack, takes one away, or lists their names; values are never shown. */
export async function secret(stackName: string, name: string, remove: boolean): Promise<void> {
  if (name !== "") check(judgeSecret(name));
  const { cluster } = await findPlatform(stackName);
  if (cluster.kind === "existing") {
    throw new UserError(
      `the secrets of ${stackName} are in its own file`,
      `run \`pulumi config set --secret --path vibecode:${name || "<name>"} --stack ${stackName}\``,
    );
  }
  const pulumi = await preparePulumi(() => undefined);
  const stack = await openStack({ cluster: stackName, stack: stackName, pulumi }, () => undefined);
  const names = stack.secretNames();
  if (name === "") {
    console.log(names.length === 0 ? `${stackName} has no secrets` : names.join("\n"));
  } else if (remove) {
    if (!names.includes(name))
      throw new UserError(`${stackName} has no secret ${name}`, `its names: ${names.join(", ") || "none"}`);
    await stack.removeSecret(name);
    console.log(`${name} is gone with the next \`${habit("up", stackName)}\``);
  } else {
    const value = await ask(name);
    if (value === "") throw new UserError("the value is empty; nothing was kept", "type it, or pipe it in");
    check(judgeSecret(name, value));
    await stack.setSecret(name, value);
    console.log(`${name} is kept; \`${habit("up", stackName)}\` brings it to where it is used`);
  }
}

function check(mistakes: readonly string[]): void {
  if (mistakes.length > 0)
    throw new UserError(mistakes.join("; "), `say NAME=${secretPatterns.join(", or ")}`);
}

/** What a person types, unseen, or what is piped in; without the end of its last line. */
async function ask(name: string): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).replace(/\r?\n$/, "");
  process.stdout.write(`${name} (not shown): `);
  const output = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const dialog = createInterface({ input: process.stdin, output, terminal: true });
  const answer = await dialog.question("");
  dialog.close();
  process.stdout.write("\n");
  return answer;
}
